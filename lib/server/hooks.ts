// Hooks: middlewares around the requests of one method, with the types of its parameters and its result.
import type {
  CallToolResult, CompleteResult, GetPromptResult, ListPromptsResult, ListResourcesResult, ListResourceTemplatesResult,
  ListToolsResult, ReadResourceResult
} from '@modelcontextprotocol/sdk/types.js'
import { MCP_ERR_INVALID_DEFINITION } from '../errors.ts'
import type { ChangeEvent } from '../protocol/change.ts'
import { isWireObject, type Params, type WireObject } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { InputRequiredResult } from './call/input-required.ts'
import type { RequestContext } from './call/request-context.ts'
import type { ListedTool } from './features/tool.ts'

/** Runs the rest of the chain: the next middleware, and at last the method. */
export interface Next<Result> {
  /** Resolves to the result, or rejects with the error of the method. It may be called once. */
  (): Promise<Result>
  /** Runs the same once more, for hooks that repeat a request. */
  again (): Promise<Result>
}

/**
 * Runs around the requests of one method. It returns what `next()` resolved to, a changed copy of it, or a result of
 * its own; or it throws. A `ToolError` thrown around `tools/call` reaches the model.
 *
 * `ctx.params` has the type of the method's parameters. A request whose parameters are malformed runs no hooks: it is
 * refused.
 */
export type Hook<Parameters, Result, Lifespan = unknown> = (
  ctx: RequestContext<Lifespan> & { readonly params: Parameters }, next: Next<Result>
) => Result | Promise<Result>

/** What to call, and with what. The arguments are as the client sent them: the tool has not checked them yet. */
export interface ToolCallParams {
  /** The name of the tool. */
  readonly name: string
  /** The arguments; absent if the client sent none. */
  readonly arguments?: WireObject
}

/** Which prompt to render. */
export interface PromptParams {
  /** The name of the prompt. */
  readonly name: string
  /** The arguments; absent if the client sent none. */
  readonly arguments?: { readonly [name: string]: string }
}

/** What to complete: an argument of a prompt, or a variable of a resource template. */
export interface CompletionParams {
  /** The prompt or the template: `{ type: 'ref/prompt', name }` or `{ type: 'ref/resource', uri }`. */
  readonly ref: WireObject
  /** The argument or variable, and what the user has typed so far. */
  readonly argument: Completed
}

/** An argument or a variable, and what the user has typed so far. */
export interface Completed {
  /** Its name. */
  readonly name: string
  /** What the user has typed. */
  readonly value: string
}

/** Which resource to read. */
export interface ReadParams {
  /** The URI, as the client wrote it. */
  readonly uri: string
}

/** Which page of a list. */
export interface ListParams {
  /** The `nextCursor` of the page before; absent for the first page. */
  readonly cursor?: string
}

/**
 * Hooks of a server, for `server.use()`. Methods without a hook pay nothing for the others.
 *
 * @example
 * server.use({
 *   async callTool (ctx, next) {
 *     const isSunday = new Date().getDay() === 0
 *     if (ctx.params.name === 'refund' && isSunday) throw new ToolError('No refunds on Sundays; try again tomorrow')
 *     return await next()
 *   }
 * })
 */
export interface Hooks<Lifespan = unknown> {
  /** Runs around `tools/call`. The result of a call that asks its client has `inputRequests` instead of `content`. */
  readonly callTool?: Hook<ToolCallParams, CallToolResult | InputRequiredResult, Lifespan>
  /** Runs around `resources/read`. */
  readonly readResource?: Hook<ReadParams, ReadResourceResult | InputRequiredResult, Lifespan>
  /** Runs around `prompts/get`. */
  readonly getPrompt?: Hook<PromptParams, GetPromptResult | InputRequiredResult, Lifespan>
  /** Runs around `completion/complete`. */
  readonly complete?: Hook<CompletionParams, CompleteResult, Lifespan>
  /** Runs around `tools/list`. Results of lists are frozen, because all requests share them. */
  readonly listTools?: Hook<ListParams, ListToolsResult, Lifespan>
  /** Runs around `resources/list`. */
  readonly listResources?: Hook<ListParams, ListResourcesResult, Lifespan>
  /** Runs around `resources/templates/list`. */
  readonly listResourceTemplates?: Hook<ListParams, ListResourceTemplatesResult, Lifespan>
  /** Runs around `prompts/list`. */
  readonly listPrompts?: Hook<ListParams, ListPromptsResult, Lifespan>
  /**
   * Returns how a tool is listed for all callers. Runs when the list is made, and not for each request; it must not
   * change the given object.
   */
  readonly describeTool?: (tool: ListedTool) => ListedTool
  /**
   * Called when a list or the contents of a resource have changed: with the changes of this server, and with those that
   * `app.mcp.get(name).notify` and the other nodes of a cluster report.
   */
  readonly onChange?: (event: ChangeEvent) => void
}

type AroundName = Exclude<keyof Hooks, 'describeTool' | 'onChange'>

/** The method that a hook runs around, and whether parameters have the types that the hook relies on. */
export interface Around {
  readonly method: string
  isWellFormed (params: Params): boolean
}

const isPaged = ({ cursor }: Params): boolean => cursor === undefined || typeof cursor === 'string'
const isObjectOrAbsent = (value: unknown): boolean => value === undefined || isWireObject(value)

/** What each hook runs around. */
export const AROUND: Readonly<Record<AroundName, Around>> = Object.freeze({
  callTool: {
    method: Method.ToolsCall,
    isWellFormed: ({ name, arguments: args }) => typeof name === 'string' && isObjectOrAbsent(args)
  },
  readResource: { method: Method.ResourcesRead, isWellFormed: ({ uri }) => typeof uri === 'string' },
  getPrompt: {
    method: Method.PromptsGet,
    isWellFormed: ({ name, arguments: args }) => typeof name === 'string' && isObjectOrAbsent(args) &&
      Object.values(args ?? {}).every((value) => typeof value === 'string')
  },
  complete: {
    method: Method.CompletionComplete,
    isWellFormed: ({ ref, argument }) => isWireObject(ref) && isWireObject(argument) &&
      typeof argument.name === 'string' && typeof argument.value === 'string'
  },
  listTools: { method: Method.ToolsList, isWellFormed: isPaged },
  listResources: { method: Method.ResourcesList, isWellFormed: isPaged },
  listResourceTemplates: { method: Method.ResourceTemplatesList, isWellFormed: isPaged },
  listPrompts: { method: Method.PromptsList, isWellFormed: isPaged }
})

const NAMES: ReadonlySet<string> = new Set([...Object.keys(AROUND), 'describeTool', 'onChange'])

/** Refuses hooks that do not exist or are no functions. @throws MCP_ERR_INVALID_DEFINITION */
export function checkHooks (hooks: object): void {
  for (const [name, hook] of Object.entries(hooks)) {
    if (hook === undefined) continue
    if (!NAMES.has(name)) {
      const problem = `does not exist; the hooks are ${[...NAMES].join(', ')}`
      throw new MCP_ERR_INVALID_DEFINITION(`the hook '${name}'`, problem)
    }
    if (typeof hook !== 'function') throw new MCP_ERR_INVALID_DEFINITION(`the hook '${name}'`, 'must be a function')
  }
}
