// From the options of a mount to the definition that it serves.
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { compose } from '../compose/composition.ts'
import { Method } from '../protocol/methods.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { McpServer } from '../server/mcp-server.ts'
import { createRouteDefinition } from './definition.ts'
import type { ResolvedExpose } from './expose-options.ts'

/** Creates the definition of a mount that exposes routes. @param server What else it serves. */
export function exposeRoutes (
  expose: ResolvedExpose, mount: string | undefined, server: ServerDefinition | undefined
): ServerDefinition {
  const tools = createToolServer(expose, server)
  const routes = createRouteDefinition({ server: tools, expose, mount: mount ?? tools.info.name, beside: server })
  if (server === undefined) return routes
  return compose(server, {
    definition: routes,
    owns: ({ method, params }) => method === Method.ToolsCall && tools.hasTool(params.name)
  })
}

function createToolServer ({ name, version }: ResolvedExpose, server: ServerDefinition | undefined): McpServer {
  if (server instanceof McpServer) return server.createSibling()
  const info: Implementation = server?.info ?? { name: name ?? 'Routes', version: version ?? '1.0.0' }
  return new McpServer(info)
}
