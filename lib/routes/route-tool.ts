// Registers one route as a tool.
import type { FastifyInstance } from 'fastify'
import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import type { McpServer } from '../server/mcp-server.ts'
import { messageOf } from '../server/schema/problem.ts'
import { UncheckedSchema } from '../server/schema/unchecked-schema.ts'
import type { JsonSchema } from '../server/schema/validation.ts'
import { createCallRoute } from './call-route.ts'
import { invalidRoute, nameOf, type ChosenRoute } from './choose.ts'
import type { ResolvedExpose } from './expose-options.ts'
import { createInput, type RouteInput } from './input.ts'
import { createOutput, type RouteOutput } from './output.ts'
import { findBodySchema, listParts } from './parts.ts'
import { parsePath } from './path.ts'
import type { KnownSchemas } from './route-schema.ts'

/** Where routes become tools. */
export interface RouteServer {
  /** The scope of the mount. */
  readonly app: FastifyInstance
  /** The server that gets the tools. */
  readonly server: McpServer
  readonly expose: ResolvedExpose
}

/** A route to register. */
export interface RouteTool extends RouteServer, ChosenRoute {
  /** The name of the tool. */
  readonly name: string
  /** The schemas that the scope of the route knows. */
  readonly known: KnownSchemas
}

const HINTS: { readonly [method: string]: ToolAnnotations } = {
  GET: { readOnlyHint: true },
  QUERY: { readOnlyHint: true },
  PUT: { idempotentHint: true },
  DELETE: { destructiveHint: true, idempotentHint: true }
}

/**
 * Registers a route as a tool. Returns whether the tool has a description.
 * @throws MCP_ERR_INVALID_ROUTE, MCP_ERR_INVALID_DEFINITION
 */
export function registerRoute (route: RouteTool): boolean {
  const { app, server, expose, candidate, config, name } = route
  const { summary, description: described, body } = candidate.schema
  const input = createRouteInput(route)
  const output = createRouteOutput(route)
  const title = config.title ?? textOf(summary)
  const description = config.description ?? textOf(described) ?? textOf(summary)
  const annotations = { ...HINTS[candidate.method], ...config.annotations }
  const { scopes, visible, icons, timeout, _meta } = config
  const callRoute = createCallRoute({
    app,
    candidate,
    path: parsePath(candidate.url),
    bodyType: findBodySchema(body)?.type ?? 'application/json',
    input,
    output,
    expose,
    onMisfit
  })

  const tool = server.registerTool(name, {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    inputSchema: showOnly(input.schema),
    ...(output !== undefined && { outputSchema: showOnly(output.schema) }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(icons !== undefined && { icons }),
    ...(timeout !== undefined && { timeout }),
    ...(_meta !== undefined && { _meta }),
    ...(scopes !== undefined && { scopes }),
    ...(visible !== undefined && { visible })
    // A TextResult is taken as it is; only handlers of this package return one.
  }, callRoute as (...args: Parameters<typeof callRoute>) => Promise<never>)
  return description !== undefined

  function onMisfit (problem: string): void {
    app.log.warn(`the tool ${name} is listed without its outputSchema from now on, because a reply of ` +
      `${nameOf(candidate)} does not fit the schema of its response: ${problem}`)
    // Undefined takes the schema away, for which the type of a change has no word.
    tool.update({ outputSchema: undefined } as object)
  }
}

// @throws MCP_ERR_INVALID_ROUTE
function createRouteInput ({ candidate, config, known }: RouteTool): RouteInput {
  const { method, url, schema } = candidate
  const { input: mode = 'flat', headers = [] } = config
  const input = createInput(listRouteParts(), mode)
  if (!('argument' in input)) return input
  const { argument, parts: [one, other] } = input
  const remedy = mode === 'flat' ? "set 'config.mcp.input' to 'grouped'" : 'rename one of them'
  throw invalidRoute(candidate, `has the argument '${argument}' both in '${one}' and in '${other}'; ${remedy}`)

  function listRouteParts (): ReturnType<typeof listParts> {
    try {
      return listParts({ method, path: parsePath(url), schema, headers }, known)
    } catch (error) {
      throw invalidRoute(candidate, `has a schema that ${messageOf(error)}`)
    }
  }
}

// Without a schema, a reply is text all the same.
function createRouteOutput ({ app, candidate, known, name }: RouteTool): RouteOutput | undefined {
  try {
    return createOutput(candidate.schema, known)
  } catch (error) {
    app.log.warn(`the tool ${name} has no outputSchema, because the schema of the response of ` +
      `${nameOf(candidate)} ${messageOf(error)}`)
    return undefined
  }
}

// The validator of the route judges the arguments, in its own words.
function showOnly (json: JsonSchema): JsonSchema {
  // Only registerTool() looks at it, which knows the class.
  return new UncheckedSchema(json) as unknown as JsonSchema
}

function textOf (value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
