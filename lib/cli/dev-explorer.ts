// The explorer of `dev`, which needs no line in the user's file.
import type { RequestListener } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import mcpExplorer from '../explorer/index.ts'
import { isPageBuilt } from '../explorer/page-files.ts'
import { findServerUrl } from '../http/server-url.ts'
import { lendRegistry, type McpRegistry } from '../registry.ts'

const PREFIXES = ['/explorer', '/mcp-explorer']

/**
 * Serves the explorer beside an app that listens, unless the app has one. The app may have started already, and then
 * takes no more plugins, so its server leads the requests below a path that the app does not use to another app.
 * Resolves to the URL of the explorer; undefined if the app has taken all paths, or if the page has not been built.
 */
export async function serveExplorer (app: FastifyInstance, registry: McpRegistry): Promise<string | undefined> {
  // The cast holds, because the app listens.
  const origin = findServerUrl(app) as string
  if (registry.explorer !== undefined) return `${origin}${registry.explorer}/`
  const prefix = PREFIXES.find((path) => !app.hasRoute({ method: 'GET', url: path }))
  if (prefix === undefined || !isPageBuilt()) return undefined
  const beside = Fastify()
  lendRegistry(registry, beside)
  beside.register(mcpExplorer, { prefix, allowInProduction: true, watch: true })
  await beside.ready()
  // The pages that watch hold connections of the app.
  registry.endWithCalls(async () => { await beside.close() })
  lead(app, prefix, beside)
  return `${origin}${prefix}/`
}

function lead ({ server }: FastifyInstance, prefix: string, { routing }: FastifyInstance): void {
  // The only listener is that of Fastify.
  const [serveApp] = server.listeners('request') as [RequestListener]
  server.off('request', serveApp)
  server.on('request', (request, response) => {
    const { url = '' } = request
    const isBelow = url.startsWith(prefix) && /^(?:$|[/?])/.test(url.slice(prefix.length))
    if (isBelow) routing(request, response)
    else serveApp(request, response)
  })
}
