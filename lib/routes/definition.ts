// The routes of an app as a server definition.
import type { ServerDefinition } from '../server/definition.ts'
import type { McpServer } from '../server/mcp-server.ts'
import type { ResolvedExpose } from './expose-options.ts'

/** What a definition of routes is made of. */
export interface RouteSettings {
  /** An empty server for the tools. */
  readonly server: McpServer
  readonly expose: ResolvedExpose
  /** The name of the mount. */
  readonly mount: string
  /** What the mount serves beside the routes. */
  readonly beside: ServerDefinition | undefined
}

/** Creates the definition of the routes that a mount exposes. They become tools when the first mount enters it. */
export function createRouteDefinition (settings: RouteSettings): ServerDefinition {
  const { server } = settings
  let registered: Promise<unknown> | undefined
  return {
    info: server.info,
    sharesState: server.sharesState,
    async enter (app) {
      registered ??= import('./route-tools.ts').then(({ registerRoutes }) => registerRoutes({ ...settings, app }))
      await registered
      return await server.enter(app)
    },
    serve: (incoming) => server.serve(incoming),
    onChange: (listener) => server.onChange(listener),
    onWarning: (listener) => server.onWarning(listener)
  }
}
