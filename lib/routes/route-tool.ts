// Registers one route.
import type { FastifyInstance } from 'fastify'
import type { CallToolResult, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import type { WireObject } from '../protocol/message.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import type { TextResult } from '../server/call/result.ts'
import type { ToolConfig } from '../server/features/tool.ts'
import type { McpServer } from '../server/mcp-server.ts'
import { messageOf } from '../server/schema/problem.ts'
import { UncheckedSchema } from '../server/schema/unchecked-schema.ts'
import type { JsonSchema } from '../server/schema/validation.ts'
import { invalidRoute, nameOf, tagsOf, type ChosenRoute } from './choose.ts'
import { createConfirm, findForeignName, type Confirm } from './confirm.ts'
import type { ResolvedExpose } from './expose-options.ts'
import { createInput, type RouteInput } from './input.ts'
import { createOutput, toToolResult, type RouteOutput } from './output.ts'
import { findBodySchema, listParts } from './parts.ts'
import { parsePath } from './path.ts'
import { findResourceProblem, registerResource, type OwnedResource } from './route-resource.ts'
import type { KnownSchemas } from './route-schema.ts'
import { createSendRoute, type SendRoute } from './send-route.ts'

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

// Where clients find the tags of a route. The protocol has no tags of its own.
const TAGS = 'fastify-mcp-mount/tags'

/** The result of registering a route. */
export interface Registered {
  /** Whether a model can read what it does. */
  readonly isDescribed: boolean
  /** The resource that it is; undefined for a tool. */
  readonly resource: OwnedResource | undefined
}

/**
 * Registers a route as a tool, or as the resource that its configuration says.
 * @throws MCP_ERR_INVALID_ROUTE, MCP_ERR_INVALID_DEFINITION
 */
export function registerRoute (route: RouteTool): Registered {
  const { app, server, expose, candidate, config, name } = route
  const { summary, description: described, body } = candidate.schema
  const input = createRouteInput(route)
  const title = config.title ?? textOf(summary)
  const description = config.description ?? textOf(described) ?? textOf(summary)
  const { scopes, visible, icons } = config
  const tags = tagsOf(candidate.schema)
  const _meta = { ...(tags.length > 0 && { [TAGS]: tags }), ...config._meta }
  const shown = {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(icons !== undefined && { icons }),
    ...(Object.keys(_meta).length > 0 && { _meta }),
    ...(scopes !== undefined && { scopes }),
    ...(visible !== undefined && { visible })
  }
  const bodyType = findBodySchema(body)?.type ?? 'application/json'
  const send = createSendRoute({ app, candidate, path: parsePath(candidate.url), bodyType, input, expose })
  const isDescribed = description !== undefined

  const uri = config.resource
  if (uri === undefined) {
    registerTool(route, { shown, input, send })
    return { isDescribed, resource: undefined }
  }
  refuseResource(route, uri, input)
  return { isDescribed, resource: registerResource(server, { name, uri, config: shown, send }) }
}

interface ToolParts {
  readonly shown: Pick<ToolConfig, 'title' | 'description'>
  readonly input: RouteInput
  readonly send: SendRoute
}

function registerTool (route: RouteTool, { shown, input, send }: ToolParts): void {
  const { app, server, candidate, config, name } = route
  let output = createRouteOutput(route)
  const annotations = { ...HINTS[candidate.method], ...config.annotations }
  const confirm = createRouteConfirm(route, input)
  const tool = server.registerTool(name, {
    ...shown,
    inputSchema: showOnly(input.schema),
    ...(output !== undefined && { outputSchema: showOnly(output.schema) }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(config.timeout !== undefined && { timeout: config.timeout })
    // A TextResult is taken as it is; only handlers of this package return one.
  }, callRoute as (...args: Parameters<typeof callRoute>) => Promise<never>)

  async function callRoute (args: WireObject, ctx: RequestContext<undefined>): Promise<CallToolResult | TextResult> {
    await confirm?.(args, ctx)
    return toToolResult(await send(args, ctx), output, giveUpOutput)
  }

  // Clients throw results away that do not fit.
  function giveUpOutput (problem: string): void {
    output = undefined
    app.log.warn(`the tool ${name} is listed without its outputSchema from now on, because a reply of ` +
      `${nameOf(candidate)} does not fit the schema of its response: ${problem}`)
    // Undefined takes the schema away, for which the type of a change has no word.
    tool.update({ outputSchema: undefined } as object)
  }
}

// @throws MCP_ERR_INVALID_ROUTE
function createRouteConfirm (
  { candidate, config: { confirm } }: RouteTool, { schema }: RouteInput
): Confirm | undefined {
  if (confirm === undefined) return undefined
  const foreign = findForeignName(confirm, schema)
  if (foreign === undefined) return createConfirm(confirm)
  throw invalidRoute(candidate, `has '{${foreign}}' in 'config.mcp.confirm', which is none of its arguments`)
}

// @throws MCP_ERR_INVALID_ROUTE where a route cannot be read by its URI.
function refuseResource ({ candidate, config: { confirm } }: RouteTool, uri: string, { schema }: RouteInput): void {
  const problem = candidate.method !== 'GET'
    ? "has 'config.mcp.resource', which is for GET routes"
    : confirm !== undefined
      ? "has 'config.mcp.confirm', which is for tools, beside 'config.mcp.resource'"
      : findResourceProblem(uri, schema)
  if (problem !== undefined) throw invalidRoute(candidate, problem)
}

// @throws MCP_ERR_INVALID_ROUTE
function createRouteInput ({ candidate, config, known }: RouteTool): RouteInput {
  const { method, url, schema } = candidate
  const { input: mode = 'flat', headers = [] } = config
  const input = createInput(listRouteParts(), mode)
  if (!('argument' in input)) return input
  const { argument, parts: [one, other] } = input
  throw invalidRoute(candidate, `has the argument '${argument}' both in '${one}' and in '${other}'; ` +
    "set 'config.mcp.input' to 'grouped'")

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
