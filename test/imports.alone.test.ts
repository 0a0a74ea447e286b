import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const root = fileURLToPath(new URL('../', import.meta.url))
const UNWANTED = /\/node_modules\/(express|hono|@hono|zod|@modelcontextprotocol)\//

const JOSE = /\/node_modules\/jose\//

const MOUNT = `
import Fastify from 'fastify'
import mcpPlugin, { McpServer, ResourceTemplate, Type } from './lib/index.ts'

const server = new McpServer({ name: 'Notes', version: '1.0.0' })
server.registerTool(
  'add',
  { inputSchema: Type.Object({ a: Type.Number() }), outputSchema: { type: 'number' } },
  ({ a }) => a + 1
)
server.registerResource('note', new ResourceTemplate('note://{id}'), {}, () => 'a note')
server.registerPrompt('ask', {}, () => 'a question')
const app = Fastify()
app.register(mcpPlugin, { server })

const ask = async (method, params, headers) => {
  const { body } = await app.inject({
    method: 'POST',
    url: '/mcp',
    headers: { host: 'localhost', accept: 'application/json, text/event-stream', ...headers },
    payload: { jsonrpc: '2.0', id: 1, method, params }
  })
  if (!body.includes('"result":')) throw new Error(body)
}
const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {}
}
const modern = { 'mcp-protocol-version': '2026-07-28' }
await ask(
  'initialize',
  { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'imports', version: '1.0.0' } },
  {}
)
await ask('tools/list', { _meta }, { ...modern, 'mcp-method': 'tools/list' })
await ask(
  'tools/call',
  { _meta, name: 'add', arguments: { a: 1 } },
  { ...modern, 'mcp-method': 'tools/call', 'mcp-name': 'add' }
)
await ask(
  'resources/read',
  { _meta, uri: 'note://1' },
  { ...modern, 'mcp-method': 'resources/read', 'mcp-name': 'note://1' }
)
await ask('prompts/get', { _meta, name: 'ask' }, { ...modern, 'mcp-method': 'prompts/get', 'mcp-name': 'ask' })
await app.close()
`

// ES modules are seen by the hook, what they require() by the cache of CommonJS.
const RECORD_REQUIRED = `
import { appendFileSync } from 'node:fs'
import { createRequire } from 'node:module'
appendFileSync(process.env.RECORD_MODULES_TO, Object.keys(createRequire(import.meta.url).cache).join('\\n'))
`

const REGISTER = `
import { register } from 'node:module'
register('./test/packaging/record-modules.mjs', ${JSON.stringify(new URL('../', import.meta.url).href)})
`

/** Runs a program in a process of its own and finds all files of modules that it loaded. */
function findLoaded (t: Test, program: string): readonly string[] {
  const directory = t.testdir({ 'register.mjs': REGISTER, 'loaded.txt': '' })
  const record = join(directory, 'loaded.txt')
  const { PATH } = process.env
  // An environment of its own, because tap's loads modules into every child.
  execFileSync(process.execPath, [
    '--import',
    new URL('loader.js', import.meta.url).href,
    '--import',
    join(directory, 'register.mjs'),
    '--input-type=module',
    '--eval',
    program + RECORD_REQUIRED
  ], { cwd: root, env: { PATH, RECORD_MODULES_TO: record } })
  return readFileSync(record, 'utf8').split('\n')
}

const VERIFIER =
  "const verify = (await import('./lib/index.ts')).jwtVerifier({ issuer: 'https://auth.example.com', jwksUri: " +
    "'http://127.0.0.1:9/' })\n"
const TESTING = "const { createTestClient } = await import('./lib/testing.ts')\n"

t.test('importing the package and serving a mount load no SDK, no zod, no other web framework and no jose', async (t) => {
  const loaded = findLoaded(t, MOUNT + VERIFIER + TESTING)

  t.ok(loaded.some((file) => /\/lib\/server\/mcp-server\.ts/.test(file)), 'modules of the package are recorded')
  t.ok(loaded.some((file) => /\/node_modules\/fastify\/lib\/route\.js/.test(file)), 'CommonJS modules are recorded')
  t.strictSame(loaded.filter((file) => UNWANTED.test(file) || JOSE.test(file)), [])
})

t.test('jose is loaded when a JWT is verified', async (t) => {
  const loaded = findLoaded(
    t,
    `${VERIFIER}await verify('a.b.c', undefined, { resource: 'https://api.example.com' }).catch(() => {})`
  )

  t.ok(loaded.some((file) => JOSE.test(file)))
})

t.test('the client of a test is loaded when it is created', async (t) => {
  const make =
    'const testApp = Fastify()\ntestApp.register(mcpPlugin, { server })\nawait (await ' +
      'createTestClient(testApp)).close()\n'

  t.ok(
    findLoaded(t, MOUNT + TESTING + make).some((file) => /\/node_modules\/@modelcontextprotocol\/client\//.test(file))
  )
})

t.test('the test detects an unwanted module that is imported, required or loaded dynamically', async (t) => {
  const imported = findLoaded(t, "import 'zod'")
  const required = findLoaded(t, "createRequire(import.meta.url)('zod')")
  const dynamic = findLoaded(t, "await import('@modelcontextprotocol/sdk/types.js')")

  t.ok(imported.some((file) => UNWANTED.test(file)))
  t.ok(required.some((file) => UNWANTED.test(file)))
  t.ok(dynamic.some((file) => /@modelcontextprotocol\/sdk/.test(file)))
})

const MOUNT_V1 = `
import Fastify from 'fastify'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import mcpPlugin from './lib/index.ts'

const create = () => {
  const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [] }))
  return server
}
const app = Fastify()
app.register(mcpPlugin, { server: create() })
app.register(mcpPlugin, { server: create, prefix: '/made' })
const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {}
}
for (const url of ['/mcp', '/made/mcp']) {
  const { body } = await app.inject({
    method: 'POST',
    url,
    headers: { host: 'localhost', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
    payload: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } }
  })
  if (!body.includes('"result":')) throw new Error(body)
}
await app.close()
`

t.test('mounting an SDK v1 server, as an instance or by a factory, loads nothing of the SDK v2', async (t) => {
  const loaded = findLoaded(t, MOUNT_V1)

  t.ok(loaded.some((file) => /@modelcontextprotocol\/sdk\//.test(file)), 'what the user brings is recorded')
  t.strictSame(loaded.filter((file) => /@modelcontextprotocol\/(?:server|client|core)\//.test(file)), [])
})
