// The `config.mcp` of a route, which describes its tool or resource.
import type { Icon, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import { duration, kindOf, object, oneOf, string, text, texts } from '../options/checks.ts'
import type { TableOf } from '../options/table.ts'
import { icons } from '../server/features/config-check.ts'
import { ACCESS, type AccessConfig } from '../server/lists/access.ts'

/** The tool that a route is, where its schema does not say it all. */
export interface RouteToolConfig extends AccessConfig {
  /**
   * The name of the tool.
   * @default the `operationId` of the schema in snake case, or else method and URL: `get_orders_id`
   */
  readonly name?: string
  /** A name for people. @default the `summary` of the schema */
  readonly title?: string
  /** What the tool does, for the model. @default the `description` of the schema, or else its `summary` */
  readonly description?: string
  /**
   * Hints on the tool's behaviour, in addition to those of the method.
   * @default GET: readOnlyHint; PUT: idempotentHint; DELETE: destructiveHint and idempotentHint
   */
  readonly annotations?: ToolAnnotations
  /** Pictures for people, in several sizes. */
  readonly icons?: readonly Icon[]
  /** The names of the mounts that serve the tool. @default all that expose routes, in the scopes around the route */
  readonly mount?: string | readonly string[]
  /**
   * How arguments become the parts of a request. `flat`: the parameters of the path, the query and the body are
   * one object. `grouped`: the arguments are `params`, `query`, `body` and `headers`, each with its own.
   * @default 'flat'
   */
  readonly input?: 'flat' | 'grouped'
  /** Headers that a model may send, by their names. The `headers` of the schema describe them. @default none */
  readonly headers?: readonly string[]
  /**
   * Makes a GET route a resource in place of a tool: a URI, or a template whose variables are arguments of the route.
   * @example app.get('/orders/:id', { config: { mcp: { resource: 'orders://{id}' } } }, async ({ params }) => params)
   */
  readonly resource?: string
  /**
   * Asks the user before the route runs. `{name}` stands for an argument: `Refund order {id}?`. Unless the user agrees,
   * the call ends with an error, as it does where the client cannot ask. The app's own calls are not asked about.
   */
  readonly confirm?: string
  /**
   * Milliseconds after which a call ends with an error and `ctx.signal` is aborted; 0 waits for ever.
   * @default the server's `timeout`
   */
  readonly timeout?: number
  /** What else clients are shown, beside the tags of the schema, which are an array at `fastify-mcp-mount/tags`. */
  readonly _meta?: { readonly [key: string]: unknown }
}

// The app decides on these, or they say how the request is transported.
const RESERVED: ReadonlySet<string> = new Set([
  'host', 'connection', 'content-length', 'content-type', 'transfer-encoding', 'upgrade', 'te', 'expect', 'trailer',
  'authorization', 'proxy-authorization', 'cookie', 'forwarded'
])

const headers = kindOf<readonly string[]>(
  "must be an array of names of headers, such as ['x-tenant'], without those that say who the caller is " +
    'or how the request is transported',
  (value) => Array.isArray(value) && value.every(isOwnHeader))

function isOwnHeader (name: unknown): boolean {
  if (typeof name !== 'string' || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return false
  const lower = name.toLowerCase()
  return !RESERVED.has(lower) && !lower.startsWith('x-forwarded-')
}

/** The keys of `config.mcp`. */
export const ROUTE_TOOL = {
  name: text(),
  title: string(),
  description: string(),
  annotations: object<ToolAnnotations>(),
  icons: icons(),
  mount: texts(),
  input: oneOf('flat', 'grouped'),
  headers: headers(),
  resource: text(),
  confirm: text(),
  timeout: duration(),
  _meta: object<{ readonly [key: string]: unknown }>(),
  ...ACCESS
} satisfies TableOf<RouteToolConfig>
