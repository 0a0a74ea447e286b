// Registers the routes of an app as tools, once all of them are known.
import { channel } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import type { ServerDefinition } from '../server/definition.ts'
import { McpServer } from '../server/mcp-server.ts'
import { chooseRoutes, invalidRoute, nameOf, type Candidate, type Choice, type ChosenRoute } from './choose.ts'
import type { RouteLog } from './collector.ts'
import { ROUTES_DECIDED, type RoutesDecided } from './decided.ts'
import { nameRoute, toSnakeCase } from './name.ts'
import { createRivalFinder } from './rivals.ts'
import type { OwnedResource } from './route-resource.ts'
import { KnownSchemas } from './route-schema.ts'
import { registerRoute, type RouteServer } from './route-tool.ts'

/** The settings of a registration, and the routes to choose from. */
export interface Exposing extends RouteServer {
  /** The name of the mount. */
  readonly mount: string
  /** The server that the mount serves beside the routes. */
  readonly beside: ServerDefinition | undefined
  /** The routes of the app. */
  readonly log: RouteLog
}

/** The result of registering the routes of an app. */
export interface RegisteredRoutes {
  /** The resources that routes are. */
  readonly resources: readonly OwnedResource[]
}

const MADE_TOO_EARLY = 'routes that were registered before the mount are no tools, because the app was made before ' +
  "'fastify-mcp-mount' was imported: import it above the call of Fastify(), or run 'node --import fastify-mcp-mount'"

const decided = channel(ROUTES_DECIDED)

/** Registers the routes that a mount exposes. @throws MCP_ERR_INVALID_ROUTE, MCP_ERR_INVALID_DEFINITION */
export function registerRoutes (exposing: Exposing): RegisteredRoutes {
  const { app, expose, mount, log } = exposing
  if (!log.isWhole) app.log.warn(MADE_TOO_EARLY)
  const choices = chooseRoutes(log.routes, { scope: app, mount, expose })
  for (const choice of choices) {
    if (!('reason' in choice) || !choice.isWanted) continue
    app.log.warn(`the route ${nameOf(choice.candidate)} is no tool, because it ${choice.reason}`)
  }

  const chosen = choices.filter((choice): choice is ChosenRoute => !('reason' in choice))
  const names = nameTools(chosen, exposing.beside)
  refuseRivals(chosen, choices)
  const knownOf = createKnown()
  const undescribed: string[] = []
  const resources: OwnedResource[] = []
  for (const [name, choice] of names) {
    const registered = registerRoute({ ...exposing, ...choice, name, known: knownOf(choice.candidate) })
    if (!registered.isDescribed) undescribed.push(name)
    if (registered.resource !== undefined) resources.push(registered.resource)
  }
  if (undescribed.length > 0) {
    app.log.warn("models choose a tool by its description; write a 'summary' or a 'description' into the schemas of " +
      `the routes of ${undescribed.join(', ')}`)
  }
  if (decided.hasSubscribers) decided.publish({ app, mount, tools: names, choices } satisfies RoutesDecided)
  return { resources }
}

// @throws MCP_ERR_INVALID_ROUTE when a name is taken.
function nameTools (
  chosen: readonly ChosenRoute[], beside: ServerDefinition | undefined
): ReadonlyMap<string, ChosenRoute> {
  const names = new Map<string, ChosenRoute>()
  for (const choice of chosen) {
    const name = nameTool(choice)
    const other = names.get(name)
    if (other !== undefined) {
      throw invalidRoute(choice.candidate, `has the name '${name}', which is that of the route ` +
        `'${nameOf(other.candidate)}'; give one of them another 'config.mcp.name'`)
    }
    if (beside instanceof McpServer && beside.hasTool(name)) {
      throw invalidRoute(choice.candidate, `has the name '${name}', which is that of a tool of the server; ` +
        "give it another 'config.mcp.name'")
    }
    names.set(name, choice)
  }
  return names
}

function nameTool ({ candidate: { method, url, schema: { operationId } }, config: { name } }: ChosenRoute): string {
  if (name !== undefined) return name
  const id = typeof operationId === 'string' ? toSnakeCase(operationId) : ''
  return id === '' ? nameRoute(method, url) : id
}

// @throws MCP_ERR_INVALID_ROUTE when arguments could lead to another route than that of the tool.
function refuseRivals (chosen: readonly ChosenRoute[], choices: readonly Choice[]): void {
  const findRival = createRivalFinder(choices.map(({ candidate }) => candidate))
  for (const { candidate } of chosen) {
    const rival = findRival(candidate)
    if (rival === undefined) continue
    throw invalidRoute(candidate, `cannot be told from the route '${nameOf(rival)}', which takes the same ` +
      "parameters; rename one of them, or leave the route out by 'config: { mcp: false }'")
  }
}

// Most routes of an app share their scope.
function createKnown (): (candidate: Candidate) => KnownSchemas {
  const known = new Map<FastifyInstance, KnownSchemas>()
  return ({ scope }) => {
    const schemas = known.get(scope) ?? new KnownSchemas(scope)
    known.set(scope, schemas)
    return schemas
  }
}
