// From the options of a mount to the definition that it serves.
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { compose } from '../compose/composition.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { McpServer } from '../server/mcp-server.ts'
import { createRouteMember } from './definition.ts'
import type { ResolvedExpose } from './expose-options.ts'

/** Creates the definition of a mount that exposes routes. @param server What else it serves. */
export function exposeRoutes (
  expose: ResolvedExpose, mount: string | undefined, server: ServerDefinition | undefined
): ServerDefinition {
  const tools = createToolServer(expose, server)
  const routes = createRouteMember({ server: tools, expose, mount: mount ?? tools.info.name, beside: server })
  return server === undefined ? routes.definition : compose(server, routes)
}

function createToolServer (
  { name, version, requestState }: ResolvedExpose, server: ServerDefinition | undefined
): McpServer {
  if (server instanceof McpServer) return server.createSibling()
  const info: Implementation = server?.info ?? { name: name ?? 'Routes', version: version ?? '1.0.0' }
  return new McpServer(info, requestState === undefined ? {} : { requestState })
}
