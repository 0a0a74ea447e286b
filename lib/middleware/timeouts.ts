// Limits how long calls of tools take.
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { duration, isDuration, isObject, kindOf } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import { TimeoutError } from '../server/call/deadlines.ts'
import { errorResult } from '../server/features/tool-result.ts'
import type { Hooks } from '../server/hooks.ts'

/** Options of {@link timeouts}. All times are milliseconds; 0 sets no limit. */
export interface TimeoutOptions {
  /** The limit of each of these tools, by its name. */
  readonly tools?: { readonly [name: string]: number }
  /** The limit of all other tools. @default none */
  readonly default?: number
}

const TIMEOUTS = {
  tools: kindOf<{ readonly [name: string]: number }>(
    'must be an object that has whole milliseconds for each tool, such as { create_report: 60_000 }',
    (value) => isObject(value) && Object.values(value).every(isDuration))(),
  default: duration()
} satisfies TableOf<TimeoutOptions>

/**
 * Limits how long calls of tools take: those of routes and of other definitions as well, which have no `timeout` of
 * their own. A call that takes longer ends as with the `timeout` of a tool: the model gets a result with `isError`, and
 * `ctx.signal` is aborted. The time that a legacy client takes for its answers does not count. It cannot make the
 * `timeout` of a tool or of the server longer.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example server.use(timeouts({ default: 10_000, tools: { create_report: 60_000 } }))
 */
export function timeouts (options: TimeoutOptions): Hooks {
  const { tools = {}, default: others } = resolve(TIMEOUTS, options, 'timeouts.')
  if (others === undefined && Object.keys(tools).length === 0) {
    const problem = 'is missing: pass { tools: { create_report: 60_000 } } or { default: 10_000 }'
    throw new MCP_ERR_INVALID_OPTION('timeouts.tools', problem)
  }
  const limits = new Map(Object.entries(tools))

  return {
    async callTool ({ call, params: { name } }, next) {
      const limit = limits.get(name) ?? others
      if (limit === undefined || limit === 0) return await next()
      try {
        return await call.inTime(next(), limit)
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error
        call.failure = error
        call.channel.log.warn({ tool: name }, `tool ${name} ${error.message}`)
        return errorResult(`Tool ${name} ${error.message}`)
      }
    }
  }
}
