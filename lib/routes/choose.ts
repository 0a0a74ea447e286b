// Decides which routes of an app become tools of a mount, and gives a reason for each of the others.
import type { FastifyInstance, FastifySchema } from 'fastify'
import { MCP_ERR_INVALID_ROUTE } from '../errors.ts'
import { findProblem } from '../options/table.ts'
import { isWireObject, type WireObject } from '../protocol/message.ts'
import type { CollectedRoute } from './collector.ts'
import type { ExposableRoute, ResolvedExpose } from './expose-options.ts'
import { findBodySchema } from './parts.ts'
import { ROUTE_TOOL, type RouteToolConfig } from './route-config.ts'

/** One method of a route. */
export interface Candidate {
  readonly method: string
  readonly url: string
  readonly scope: FastifyInstance
  readonly schema: FastifySchema & WireObject
  readonly constraints: { readonly [strategy: string]: unknown }
}

/** A route that is a tool. */
export interface ChosenRoute {
  readonly candidate: Candidate
  readonly config: RouteToolConfig
}

/** A route that does not become a tool. */
export interface LeftOutRoute {
  readonly candidate: Candidate
  /** The reason, which continues "the route …". */
  readonly reason: string
  /** Whether its `config.mcp` asks for a tool of this mount. The author is warned then. */
  readonly isWanted: boolean
}

/** The decision about one method of a route. */
export type Choice = ChosenRoute | LeftOutRoute

/** The mount that exposes routes. */
export interface Chooser {
  readonly scope: FastifyInstance
  readonly mount: string
  readonly expose: Pick<ResolvedExpose, 'include'>
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'])

// Paths without parameters by which machines look after an app.
const UPKEEP = new RegExp('^(?:/[^/:*]+)*/(?:health|healthz|healthcheck|livez|readyz|liveness|readiness|metrics|ping)' +
  '(?:/(?:live|ready|liveness|readiness))?/?$|^/status$', 'i')
const METADATA = /(?:^|\/)\.well-known\//

/** Decides on each method of each route. @throws MCP_ERR_INVALID_ROUTE when a route is configured wrongly. */
export function chooseRoutes (routes: readonly CollectedRoute[], chooser: Chooser): readonly Choice[] {
  return routes.flatMap(({ scope, url, options }) => [options.method].flat().map((method) => {
    const { schema = {}, constraints = {}, config = {}, ...rest } = options
    // The types of Fastify leave open what a schema has.
    const candidate: Candidate = { method, url, scope, schema: schema as Candidate['schema'], constraints }
    return choose(candidate, { config: config as WireObject, options: rest as WireObject }, chooser)
  }))
}

interface Details { readonly config: WireObject, readonly options: WireObject }

function choose (candidate: Candidate, { config, options }: Details, { scope, mount, expose }: Chooser): Choice {
  const own = checkConfig(candidate, config.mcp, 'config.mcp')
  const leaveOut = (reason: string, isWanted = false): LeftOutRoute => ({ candidate, reason, isWanted })
  if (own === false) return leaveOut("has 'config.mcp' false")
  const isInside = scope === candidate.scope || Object.prototype.isPrototypeOf.call(scope, candidate.scope)
  if (!isInside) return leaveOut('belongs to a scope beside that of the mount')
  if (!METHODS.has(candidate.method)) return leaveOut(`has the method ${candidate.method}`)
  const never = findExclusion(candidate, options)
  if (never !== undefined) return leaveOut(never, own !== undefined)

  const included = include(candidate, config, expose)
  if (own === undefined && included === undefined) return leaveOut("has no 'config.mcp', and is not included")
  const tool = { ...included, ...own }
  const isServedHere = tool.mount === undefined || [tool.mount].flat().includes(mount)
  if (!isServedHere) return leaveOut(`is for the mount ${[tool.mount].flat().join(' and ')}`)
  return { candidate, config: tool }
}

// Returns false where a route is taken out, and undefined where it says nothing.
function checkConfig (candidate: Candidate, config: unknown, where: string): RouteToolConfig | false | undefined {
  if (config === undefined || config === false) return config
  if (config === true) return {}
  if (!isWireObject(config)) throw invalidRoute(candidate, `has '${where}', which must be true, false or an object`)
  const found = findProblem(ROUTE_TOOL, config)
  if (found !== undefined) throw invalidRoute(candidate, `has '${where}.${found.name}', which ${found.problem}`)
  return config
}

function include (
  candidate: Candidate, config: WireObject, { include }: Chooser['expose']
): RouteToolConfig | undefined {
  if (include === undefined) return undefined
  const { method, url, schema } = candidate
  if (include === 'safe') {
    const hasWords = [schema.summary, schema.description].some((words) => typeof words === 'string' && words !== '')
    return method === 'GET' && hasWords ? {} : undefined
  }
  const route: ExposableRoute = { method, url, tags: tagsOf(schema), schema, config }
  return checkConfig(candidate, include(route), 'include') || undefined
}

/** Returns the tags of a route's schema, as `@fastify/swagger` reads them. */
export function tagsOf ({ tags }: Candidate['schema']): readonly string[] {
  return Array.isArray(tags) ? tags.map(String) : []
}

/** Returns the reason why a route cannot be a tool, whatever includes it; undefined if it can. */
function findExclusion ({ url, schema }: Candidate, options: WireObject): string | undefined {
  if (options.websocket === true || options.wsHandler !== undefined) return 'opens a WebSocket'
  if (schema.hide === true) return 'is hidden by its schema'
  if (METADATA.test(url)) return 'serves metadata'
  if (UPKEEP.test(url)) return 'is for health checks or metrics'
  if (takesMultipart(schema)) return 'takes multipart/form-data'
  const { body } = schema
  if (body !== undefined && body !== null && findBodySchema(body) === undefined) return 'takes a body that is no JSON'
}

function takesMultipart ({ consumes, body }: Candidate['schema']): boolean {
  if (Array.isArray(consumes) && consumes.some((type) => String(type).startsWith('multipart/'))) return true
  // The keyword of @fastify/multipart for an uploaded file.
  return isWireObject(body) && /"isFile":true/.test(JSON.stringify(body))
}

/** Names a route for people: `GET /orders/:id`. */
export function nameOf ({ method, url }: Candidate): string {
  return `${method} ${url}`
}

/** Creates the error of a route that cannot be a tool as it is configured. @param problem Continues "the route …". */
export function invalidRoute (candidate: Candidate, problem: string): Error {
  return new MCP_ERR_INVALID_ROUTE(nameOf(candidate), problem)
}
