// The entry point 'fastify-mcp-mount/explorer': a page to look at mounts, and to try them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { resolveRegistry } from '../registry.ts'
import { undocumented } from '../http/beside/api-document.ts'
import { APP_FRAME, createAppHeaders } from './app-frame.ts'
import { WRITTEN_ID, type DescribedApp } from './description.ts'
import { describeMounts } from './mount-list.ts'
import { resolveExplorerOptions, type McpExplorerOptions } from './options.ts'
import { readPage, sendFile, type PageFiles } from './page-files.ts'
import { createHeaders } from './page-headers.ts'
import type { WatchOptions } from './watch-options.ts'

export type { McpExplorerOptions, WatchOptions }

const INDEX = 'index.html'
const CALLBACK = 'callback.html'
// Where the mounts are written into the index.
const MOUNTS = '<!--mounts-->'
const YEAR = 31_536_000

/**
 * The plugin of the explorer: a page that shows all mounts of the app and tries what they offer. Its routes run the
 * hooks of the scope that it is registered in, so the login of the app protects it.
 *
 * @throws MCP_ERR_INVALID_OPTION; also if `NODE_ENV` is `production` and neither `authorize` nor `allowInProduction`
 * is set
 * @example app.register(mcpExplorer, { prefix: '/explorer' })
 */
async function mcpExplorer (app: FastifyInstance, given: McpExplorerOptions): Promise<void> {
  const { prefix, authorize, watch } = resolveExplorerOptions(given)
  const files = await readPage()
  const addRoutes = async (scope: FastifyInstance): Promise<void> => {
    if (authorize !== undefined) scope.addHook('preHandler', createAuthorizeHook(authorize))
    resolveRegistry(scope).explorer ??= scope.prefix.includes(':') ? undefined : scope.prefix
    const describe = (request: FastifyRequest): DescribedApp =>
      ({ mounts: describeMounts(resolveRegistry(scope), request), canWatch: watch !== false })
    addPage(scope, files, describe)
    addAppFrame(scope)
    addMountList(scope, describe)
    if (watch === false) return
    const { addWatchRoute } = await import('./watch-route.ts')
    addWatchRoute(scope, watch, { checksHost: authorize === undefined })
  }
  // Fastify has applied a prefix that was given, and knows nothing of the default.
  await app.register(addRoutes, { prefix: given.prefix === undefined ? prefix : '' })
}

function createAuthorizeHook (authorize: NonNullable<McpExplorerOptions['authorize']>) {
  return async function authorizeExplorer (request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (await authorize(request)) return undefined
    return reply.code(403).send({ statusCode: 403, error: 'Forbidden', message: 'You may not open the explorer.' })
  }
}

type Describe = (request: FastifyRequest) => DescribedApp

function addPage (scope: FastifyInstance, files: PageFiles, describe: Describe): void {
  const headers = createHeaders()
  const [before = '', after = ''] = String(files.get(INDEX)?.body).split(MOUNTS)

  async function send (request: FastifyRequest, reply: FastifyReply, name: string): Promise<unknown> {
    const file = files.get(name)
    if (file === undefined) return reply.callNotFound()
    const isHashed = name.startsWith('assets/')
    reply.headers(await headers(scope))
    reply.header('cache-control', isHashed ? `public, max-age=${YEAR}, immutable` : 'no-cache')
    return await sendFile(request, reply, file)
  }

  // All URLs of the page are relative to its folder, so that it works behind a proxy that changes the path.
  async function sendIndex (request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const [path = '', query] = request.url.split(/\?(.*)/s)
    if (!path.endsWith('/')) {
      return reply.redirect(`./${path.slice(path.lastIndexOf('/') + 1)}/${query === undefined ? '' : `?${query}`}`)
    }
    // The page has the mounts from the start, which saves it a request before the first one to a mount.
    const json = JSON.stringify(describe(request)).replaceAll('<', '\\u003c')
    const written = `<script id="${WRITTEN_ID}" type="application/json">${json}</script>`
    return reply.headers(await headers(scope)).header('cache-control', 'no-store').type('text/html; charset=utf-8')
      .send(before + written + after)
  }

  scope.get('/', { schema: undocumented() }, sendIndex)
  scope.get(`/${CALLBACK}`, { schema: undocumented() }, async (request, reply) => await send(request, reply, CALLBACK))
  scope.get<{ Params: { name: string } }>('/assets/:name', { schema: undocumented() }, async (request, reply) =>
    await send(request, reply, `assets/${request.params.name}`))
}

function addAppFrame (scope: FastifyInstance): void {
  scope.get('/app.html', { schema: undocumented() }, async (request, reply) => {
    // The app may have a parser of queries of its own.
    const query = new URLSearchParams(request.url.split(/\?(.*)/s)[1])
    return reply.headers(createAppHeaders(query)).type('text/html; charset=utf-8').send(APP_FRAME)
  })
}

function addMountList (scope: FastifyInstance, describe: Describe): void {
  scope.get('/mounts.json', { schema: undocumented() }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return describe(request)
  })
}

/** @function */
export default mcpExplorer
