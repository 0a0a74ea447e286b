// Repeats calls of tools that failed unexpectedly.
import { setTimeout as wait } from 'node:timers/promises'
import { doNothing } from '../do-nothing.ts'
import { duration, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { KnownTool, RequestContext } from '../server/call/request-context.ts'
import type { Hooks } from '../server/hooks.ts'
import { toolNames } from './options.ts'

/** Options of {@link retry}. */
export interface RetryOptions {
  /**
   * The tools whose calls are repeated: those that do no harm if they run twice.
   * @default those annotated with `readOnlyHint` or `idempotentHint`
   */
  readonly tools?: readonly string[]
  /** How often a call is repeated at most. @default 2 */
  readonly times?: number
  /** Milliseconds before the first repetition. The time doubles with each further one. @default 100 */
  readonly delay?: number
}

const RETRY = {
  tools: toolNames(),
  times: whole(2),
  delay: duration(100)
} satisfies TableOf<RetryOptions>

/**
 * Repeats calls of tools whose handlers threw an unexpected error, such as that of a connection. A `ToolError` and an
 * `RpcError` are the answer of the tool, so they are not repeated; nor are calls with invalid arguments, calls that
 * timed out or were cancelled, and calls that have asked the user. All repetitions together may take as long as the
 * `timeout` of the server.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example server.use(retry({ tools: ['find_order'], times: 3 }))
 */
export function retry (options: RetryOptions = {}): Hooks {
  const { tools, times, delay } = resolve(RETRY, options, 'retry.')
  const named = tools && new Set(tools)
  const isRepeatable = (name: string, tool: KnownTool | undefined): boolean =>
    named === undefined ? isHarmless(tool) : named.has(name)

  return {
    async callTool (ctx, next) {
      const { call, params: { name } } = ctx
      let result = await next()
      if (!isRepeatable(name, call.tool)) return result
      for (let repetition = 1; repetition <= times && hasCrashed(ctx, result); repetition++) {
        // The wait ends early, with an error, if the client leaves.
        await wait(delay * 2 ** (repetition - 1), undefined, { signal: ctx.signal }).catch(doNothing)
        if (ctx.signal.aborted) break
        call.channel.log.info({ tool: name, repetition }, `tool ${name} is repeated`)
        result = await next.again()
      }
      return result
    }
  }
}

function isHarmless (tool: KnownTool | undefined): boolean {
  return tool?.annotations?.readOnlyHint === true || tool?.annotations?.idempotentHint === true
}

// The answer of a user must not be asked for again.
function hasCrashed ({ call, outcome }: RequestContext, result: object): boolean {
  return outcome === 'crash' && 'isError' in result && result.isError === true && call.asker === undefined
}
