// The routes of an app as a server definition.
import type { FastifyInstance } from 'fastify'
import type { Member } from '../compose/composition.ts'
import { Method } from '../protocol/methods.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { McpServer } from '../server/mcp-server.ts'
import { collectRoutes } from './collector.ts'
import type { ResolvedExpose } from './expose-options.ts'
import type { OwnedResource } from './route-resource.ts'

/** The settings of a definition of routes. */
export interface RouteSettings {
  /** An empty server for the tools. */
  readonly server: McpServer
  readonly expose: ResolvedExpose
  /** The name of the mount. */
  readonly mount: string
  /** The server that the mount serves beside the routes. */
  readonly beside: ServerDefinition | undefined
}

/**
 * Creates the definition of the routes that a mount exposes, as the member of a composition. The routes become tools
 * and resources when the first mount enters it.
 */
export function createRouteMember (settings: RouteSettings): Member {
  const { server } = settings
  let registered: Promise<void> | undefined
  let resources: readonly OwnedResource[] = []

  const register = async (app: FastifyInstance): Promise<void> => {
    const { registerRoutes } = await import('./route-tools.ts')
    resources = registerRoutes({ ...settings, app, log: collectRoutes(app) }).resources
  }
  const definition: ServerDefinition = {
    info: server.info,
    sharesState: server.sharesState,
    async enter (app) {
      registered ??= register(app)
      await registered
      return await server.enter(app)
    },
    serve: (incoming) => server.serve(incoming),
    onChange: (listener) => server.onChange(listener),
    changed: (event) => server.changed(event),
    contents: () => server.contents(),
    onWarning: (listener) => server.onWarning(listener)
  }
  return {
    definition,
    owns ({ method, params: { name, uri, ref } }) {
      switch (method) {
        case Method.ToolsCall: return server.hasTool(name)
        case Method.ResourcesRead: case Method.ResourcesSubscribe: case Method.ResourcesUnsubscribe:
          return typeof uri === 'string' && resources.some((resource) => resource.matches(uri))
        case Method.CompletionComplete: {
          const asked = Object(ref) as { readonly uri?: unknown }
          return resources.some((resource) => resource.uri === asked.uri)
        }
        default: return false
      }
    }
  }
}
