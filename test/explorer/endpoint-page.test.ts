import { createHash } from 'node:crypto'
import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpExplorer from '../../lib/explorer/index.ts'
import mcpPlugin, { McpServer, type McpMountOptions } from '../../lib/index.ts'
import { createHost, createServer } from '../support/app.ts'
import { buildPage } from '../page.js'

t.before(buildPage)

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8' }

function createApp (t: Test, options: Partial<McpMountOptions> = {}): FastifyInstance {
  const { app } = createHost(t)
  app.register(mcpPlugin, { prefix: '/notes', server: createServer(), ...options })
  return app
}

t.test('a browser that opens an endpoint gets a page that says how to connect clients', async (t) => {
  const app = createApp(t, { publicUrl: 'https://api.example.com' })

  const { statusCode, headers, body } = await app.inject({ url: '/notes/mcp', headers: BROWSER })

  t.equal(statusCode, 200)
  t.match(headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', vary: 'accept' })
  t.match(body, '<h1>Notes</h1>')
  for (const text of [
    'claude mcp add --transport http notes https://api.example.com/notes/mcp',
    'vscode:mcp/install?%7B%22name%22%3A%22notes%22',
    'cursor://anysphere.cursor-deeplink/mcp/install?name=notes&amp;config=',
    'npx fastify-mcp-mount inspect https://api.example.com/notes/mcp',
    'curl -s https://api.example.com/notes/mcp',
    '<h2>ChatGPT</h2>'
  ]) t.match(body, text)
  t.notMatch(body, 'explorer')
})

t.test('only the script and the style of the page may run', async (t) => {
  const { headers, body } = await createApp(t).inject({ url: '/notes/mcp', headers: BROWSER })

  const policy = String(headers['content-security-policy'])
  for (const tag of ['script', 'style']) {
    const [, text = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(body) ?? []
    t.match(policy, `${tag}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`)
  }
  t.match(policy, "default-src 'none'")
})

t.test('it leads to the explorer of the app, relative to itself', async (t) => {
  const app = createApp(t)
  app.register(async (scope) => { scope.register(mcpExplorer) }, { prefix: '/admin' })

  t.match((await app.inject({ url: '/notes/mcp?a=1', headers: BROWSER })).body, 'href="./../admin/explorer/#/Notes"')
  t.match((await app.inject({ url: '/notes/mcp/', headers: BROWSER })).body, 'href="./../../admin/explorer/#/Notes"')
})

t.test('an explorer whose path has parameters is not linked', async (t) => {
  const app = createApp(t)
  app.register(mcpExplorer, { prefix: '/:tenant/explorer' })

  t.notMatch((await app.inject({ url: '/notes/mcp', headers: BROWSER })).body, '/explorer/')
})

t.test('a mount with tokens sends the page with its challenge', async (t) => {
  const app = createApp(t, { auth: { authenticate: () => null, challenge: 'Bearer realm="notes"' } })

  const { statusCode, headers, body } = await app.inject({ url: '/notes/mcp', headers: BROWSER })

  t.equal(statusCode, 401)
  t.ok(headers['www-authenticate'])
  t.match(body, 'Clients sign in when they connect.')
})

t.test('mounts without GET send the page, too, also at the root and of every kind of server', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { path: '/modern', server: createServer(), legacy: false })
  app.register(mcpPlugin, { path: '/', name: 'Factory', server: () => new V1Server({ name: 'V1', version: '1.0.0' }) })

  t.match(await app.inject({ url: '/modern', headers: BROWSER }), { statusCode: 200, body: /<h1>Notes/ })
  t.match(await app.inject({ url: '/', headers: BROWSER }), { statusCode: 200, body: /<h1>Factory/ })
})

t.test('the names of a server are text', async (t) => {
  const app = createApp(t, { server: new McpServer({ name: 'x', version: '1', title: '<script>alert(1)</script>' }) })

  t.notMatch((await app.inject({ url: '/notes/mcp', headers: BROWSER })).body, '<script>alert')
})

t.test('a name without letters becomes one that clients take', async (t) => {
  const app = createApp(t, { server: new McpServer({ name: '記事', version: '1' }) })

  t.match((await app.inject({ url: '/notes/mcp', headers: BROWSER })).body, 'claude mcp add --transport http server ')
})

t.test('clients notice nothing', async (t) => {
  const app = createApp(t)
  const get = async (headers: Record<string, string>): Promise<unknown> =>
    await app.inject({ url: '/notes/mcp', headers })

  t.match(await get({ accept: 'text/event-stream' }), { statusCode: 400, headers: { 'content-type': /json/ } })
  t.match(await get({ accept: 'application/json' }), { statusCode: 406, headers: { 'content-type': /json/ } })
  t.match(await get({ accept: '*/*' }), { statusCode: 400, headers: { 'content-type': /json/ } })
  t.match(await get({ accept: 'text/html, text/event-stream' }), {
    statusCode: 400, headers: { 'content-type': /json/ }
  })
  t.match(await app.inject({ method: 'PUT', url: '/notes/mcp', headers: BROWSER }), {
    statusCode: 405, headers: { 'content-type': /json/ }
  })
})

t.test('a refused host gets no page', async (t) => {
  const app = createApp(t)

  const response = await app.inject({ url: '/notes/mcp', headers: { ...BROWSER, host: 'evil.example' } })

  t.match(response, { statusCode: 421, headers: { 'content-type': /json/ } })
})
