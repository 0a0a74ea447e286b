// The options of a server definition.
import type { FastifyInstance } from 'fastify'
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { isImplementation } from '../protocol/client-identity.ts'
import { MCP_ERR_INVALID_DEFINITION } from '../errors.ts'
import { duration, flag, func, kind, string, whole } from '../options/checks.ts'
import { complete, type ResolvedOf, type TableOf } from '../options/table.ts'
import { checkValues } from './features/config-check.ts'
import type { AuthorizeSubscription } from './features/subscriptions.ts'
import type { Entered } from './definition.ts'
import type { CreateRegExp } from './schema/pattern-engine.ts'
import { requestStateOption, type RequestStateOptions } from './call/request-state.ts'
import { findCacheProblem, type CacheHint } from './call/cache-hint.ts'
import type { RequestContext } from './call/request-context.ts'

/** How a server behaves. */
export interface McpServerOptions<Lifespan> {
  /** Instructions for models: how to use the server well. */
  readonly instructions?: string
  /**
   * Opens what the handlers need, once per mount, before its first request. If it throws, `listen()` and `ready()`
   * fail.
   * @example
   * new McpServer({ name: 'Notes', version: '1.0.0' }, {
   *   lifespan: async () => {
   *     const file = await open('notes.txt')
   *     return { value: { file }, close: () => file.close() }
   *   }
   * })
   */
  readonly lifespan?: (app: FastifyInstance) => Entered<Lifespan> | Promise<Entered<Lifespan>>
  /**
   * Milliseconds after which a handler's call ends with an error and `ctx.signal` is aborted; 0 for never. The
   * middlewares together have as long before the method and again after it. @default 300000
   */
  readonly timeout?: number
  /**
   * Milliseconds that a legacy client has to answer a question; 0 for no limit. The `timeout` does not count them.
   * @default 300000
   */
  readonly questionTimeout?: number
  /**
   * How the state of a call that waits for its client's answers is sealed. Several processes need common `keys`.
   * @default { ttl: 600000 } and a key that is made when the process starts
   */
  readonly requestState?: RequestStateOptions
  /** Items on a page of a list. @default 1000 */
  readonly pageSize?: number
  /** How long and by whom lists and contents may be cached by modern clients. */
  readonly cache?: CacheHint
  /**
   * Creates the matcher of a pattern of JSON Schema or TypeBox, for example with an engine that takes linear time. It
   * is called with each `pattern` and each key of `patternProperties` of arguments, results and forms, and the flag
   * `u`. If it throws, the registration fails with MCP_ERR_INVALID_SCHEMA. The libraries of Standard Schemas (zod,
   * valibot, arktype) run the patterns of their schemas themselves; those of results run in both.
   * @default RegExp, and a warning in the log for each pattern with which one request could block the event loop
   * @example
   * // npm install re2
   * new McpServer({ name: 'Notes', version: '1.0.0' }, { regExp: (pattern) => new RE2(pattern, 'u') })
   */
  readonly regExp?: CreateRegExp
  /** Sends the messages of unexpected errors to the client; for development. @default false */
  readonly exposeErrors?: boolean
  /**
   * Decides whether a caller may be notified when a resource changes. Runs once for each URI of a
   * `subscriptions/listen` or `resources/subscribe`, 1,000 at most, all at once. URIs that it denies are left out; a
   * legacy client gets the error of an unknown resource.
   * `uri` is the canonical form, the same for all spellings: percent-encoded, with escapes in upper case.
   * @default everybody may watch everything
   */
  // Declared as a method for bivariance: the options of servers with different lifespans stay assignable.
  authorizeSubscription? (uri: string, ctx: RequestContext<Lifespan>): boolean | Promise<boolean>
}

type Lifespan = NonNullable<McpServerOptions<unknown>['lifespan']>

const SERVER = {
  instructions: string(),
  lifespan: func<Lifespan>('must be a function (app) => ({ value, close })'),
  timeout: duration(300_000),
  questionTimeout: duration(300_000),
  requestState: requestStateOption,
  pageSize: whole(1000),
  cache: kind<CacheHint>(findCacheProblem)(),
  regExp: func<CreateRegExp>('must be a function (pattern, flags) => ({ test (text) { … } })'),
  exposeErrors: flag(false),
  authorizeSubscription: func<AuthorizeSubscription>('must be a function (uri, ctx) => boolean')
} satisfies TableOf<McpServerOptions<unknown>>

/** The options of a server, checked and completed. */
export type ResolvedServerOptions = ResolvedOf<typeof SERVER>

/** Checks and completes the options of a server. @throws MCP_ERR_INVALID_DEFINITION */
export function resolveServerOptions (info: Implementation, options: McpServerOptions<unknown>): ResolvedServerOptions {
  const server = 'a server'
  if (!isImplementation(info) || info.name === '' || info.version === '') {
    const problem = "needs a name and a version: new McpServer({ name: 'Notes', version: '1.0.0' })"
    throw new MCP_ERR_INVALID_DEFINITION(server, problem)
  }
  const known = Object.keys(SERVER)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const problem = `has an option '${unknown}', which does not exist; the options are ${known.join(', ')}`
    throw new MCP_ERR_INVALID_DEFINITION(server, problem)
  }
  checkValues(server, options, SERVER)
  return complete(SERVER, options)
}
