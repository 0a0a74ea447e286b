// The `expose` option of a mount.
import { func, kind, kindOf, nested, switchable, text, WHICH, whole } from '../options/checks.ts'
import type { ResolvedOf, TableOf } from '../options/table.ts'
import { requestStateOption, type RequestStateOptions } from '../server/call/request-state.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import type { RouteToolConfig } from './route-config.ts'

/** A route as `include` sees it: one for each of its methods. */
export interface ExposableRoute {
  /** The method, in upper case. */
  readonly method: string
  /** The URL with all prefixes, as it was registered: `/orders/:id`. */
  readonly url: string
  /** The tags of its schema; an empty array if it has none. */
  readonly tags: readonly string[]
  /** Its schema; an empty object if it has none. */
  readonly schema: { readonly [part: string]: unknown }
  /** Its `config`; an empty object if it has none. */
  readonly config: { readonly [key: string]: unknown }
}

/** Changes to the request of a route tool. */
export interface RouteRequest {
  /** Headers that are added, or replace those that are passed on. */
  readonly headers?: { readonly [name: string]: string }
}

/** Which routes of the app are tools, and how their requests are made. */
export interface ExposeOptions {
  /**
   * Chooses routes in addition to those with `config.mcp`. `'safe'` chooses GET routes whose schema has a summary or a
   * description. A function returns whether a route is a tool, or returns the tool's configuration, which the route's
   * own `config.mcp` completes and overrides. A route with `config: { mcp: false }` is never chosen.
   * @default none
   */
  readonly include?: 'safe' | ((route: ExposableRoute) => boolean | RouteToolConfig)
  /**
   * Headers of the client's request that are passed on to the routes, by their names. `accept-language`, `traceparent`
   * and `tracestate` always are. **Pass on `authorization` or `cookie` only where the routes trust the same
   * credentials as the mount**: a token that was issued for the MCP endpoint is not one for the API.
   * @default none
   */
  readonly forward?: readonly string[]
  /**
   * Decides on the headers of the request to a route, for instance to sign it. What it throws fails the call.
   * @example
   * app.register(mcpPlugin, {
   *   server,
   *   expose: { request: ({ auth }) => ({ headers: { 'x-user': auth?.subject ?? 'nobody' } }) }
   * })
   */
  readonly request?: (ctx: RequestContext) => RouteRequest | Promise<RouteRequest>
  /** Bytes that the reply of a route may have; a longer one becomes an error. @default 1048576 (1 MiB) */
  readonly maxResponseBytes?: number
  /**
   * How the state of calls of routes that ask the user is sealed, where the mount's `server` is no `McpServer`, which
   * has this option itself. A mount with `cluster` needs `keys`.
   * @default { ttl: 600000 } and a key that is made when the process starts
   */
  readonly requestState?: RequestStateOptions
  /** The name of the server, where the mount has no other `server`. */
  readonly name?: string
  /** The version of the server, where the mount has no other `server`. */
  readonly version?: string
}

const include = kindOf<NonNullable<ExposeOptions['include']>>(
  "must be 'safe' or a function (route) => boolean", (value) => value === 'safe' || typeof value === 'function')
const forward = kindOf<readonly string[]>("must be an array of names of headers, such as ['authorization']",
  (value) => Array.isArray(value) && value.every((name) => /^[\w!#$%&'*+\-.^`|~]+$/.test(String(name))))

const EXPOSE = {
  include: include(),
  forward: forward([]),
  request: func<NonNullable<ExposeOptions['request']>>('must be a function (ctx) => ({ headers })'),
  maxResponseBytes: whole(1024 * 1024),
  requestState: kind<RequestStateOptions>(requestStateOption.check)(),
  name: text(),
  version: text()
} satisfies TableOf<ExposeOptions>

/** Options that were checked and completed. */
export type ResolvedExpose = ResolvedOf<typeof EXPOSE>

/** The `expose` option. */
export const exposeOption = switchable(
  nested(EXPOSE, "must be true, false or an object, such as { include: 'safe' }", WHICH))
