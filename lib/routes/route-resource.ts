// Registers a route as a resource, or as a template of resources.
import type { RequestContext } from '../server/call/request-context.ts'
import { ResourceTemplate } from '../server/features/template.ts'
import type { McpServer } from '../server/mcp-server.ts'
import type { JsonSchema } from '../server/schema/validation.ts'
import { toResourceContents } from './output.ts'
import type { SendRoute } from './send-route.ts'

/** A resource that a route is. */
export interface OwnedResource {
  /** The URI, or the template of URIs. */
  readonly uri: string
  /** Whether a URI is of this resource. */
  matches (uri: string): boolean
}

/** A route to register as a resource. */
export interface RouteResource {
  readonly name: string
  /** The URI, or the template of URIs. */
  readonly uri: string
  readonly config: Parameters<McpServer['registerResource']>[2]
  readonly send: SendRoute
}

/** Registers a route as a resource. @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_DUPLICATE_DEFINITION */
export function registerResource (server: McpServer, { name, uri, config, send }: RouteResource): OwnedResource {
  const read = async (args: object, ctx: RequestContext<undefined>) => toResourceContents(await send({ ...args }, ctx))
  const template = new ResourceTemplate<RequestContext<undefined>>(uri)
  if (template.variableNames.length === 0) {
    server.registerResource(name, uri, config, (_uri, ctx) => read({}, ctx))
    return { uri, matches: (other) => other === uri }
  }
  server.registerResource(name, template, config, (_uri, variables, ctx) => read(variables, ctx))
  return { uri, matches: (other) => template.match(other) !== undefined }
}

/**
 * Returns why the arguments of a route cannot be read from a URI; undefined where they can.
 * @returns Continues "the route …".
 */
export function findResourceProblem (uri: string, schema: JsonSchema): string | undefined {
  const { variableNames } = new ResourceTemplate(uri)
  const properties = Object.keys(Object(schema.properties))
  const foreign = variableNames.find((name) => !properties.includes(name))
  if (foreign !== undefined) return `has '{${foreign}}' in 'config.mcp.resource', which is none of its arguments`
  const required = Array.isArray(schema.required) ? schema.required.map(String) : []
  const missing = required.find((name) => !variableNames.includes(name))
  if (missing !== undefined) return `needs '{${missing}}' in 'config.mcp.resource', a required argument`
}
