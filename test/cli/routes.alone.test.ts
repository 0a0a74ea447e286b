import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runProgram } from '../../lib/cli/program.ts'
import { formatRoutes } from '../../lib/cli/routes-table.ts'
import { createTestTerminal } from './terminal.ts'

// Each run is a process of its own.
t.setTimeout(120_000)

const APP = `import mcpPlugin, { McpServer } from 'fastify-mcp-mount'
import Fastify from 'fastify'
`
const ROUTES = `
  app.get('/orders/:id', {
    schema: { summary: 'Show an order' }, config: { mcp: true }
  }, async () => 'order')
  app.delete('/orders/:id', {
    schema: { summary: 'Delete an order' }, config: { mcp: { name: 'remove_order', annotations: { openWorldHint: true } } }
  }, async () => 'gone')
  app.get('/health', { config: { mcp: true } }, async () => 'ok')
  app.get('/notes/:id', {
    schema: { summary: 'A note' }, config: { mcp: { resource: 'notes://{id}' } }
  }, async () => 'note')
  app.get('/internal', async () => 'secret')
`
const SHOP = `${APP}export function createApp () {
  const app = Fastify(LOGGER)
  ${ROUTES}
  app.register(mcpPlugin, { prefix: '/shop', expose: { name: 'Shop', version: '1.0.0' } })
  return app
}`

const SAME_NAME = `${APP}export const app = Fastify()
  for (const url of ['/a', '/b']) app.get(url, { config: { mcp: { name: 'same' } } }, async () => 1)
  app.register(mcpPlugin, { expose: { name: 'Shop', version: '1.0.0' } })
`

interface Outcome { readonly code: number, readonly out: string, readonly err: string }

async function run (t: Test, text: string, ...args: readonly string[]): Promise<Outcome> {
  return await runFile(t, 'app.mjs', text, ...args)
}

async function runFile (t: Test, name: string, text: string, ...args: readonly string[]): Promise<Outcome> {
  const cwd = mkdtempSync(join(t.testdir(), 'app-'))
  writeFileSync(join(cwd, name), text)
  const test = createTestTerminal({ cwd, env: { PATH: process.env['PATH'] ?? '' } })
  const code = await runProgram(['routes', name, ...args], test.terminal)
  return { code, out: test.out, err: test.err }
}

const TABLE = `Shop  /shop/mcp  2 of 5 routes are tools, about 86 tokens

TOKENS  TOOL           ROUTE               HINTS
    43  get_orders_id  GET /orders/:id     read-only
    43  remove_order   DELETE /orders/:id  destructive, idempotent, open-world

RESOURCE      ROUTE
notes://{id}  GET /notes/:id

NO TOOL        BECAUSE IT
GET /health    is for health checks or metrics
GET /internal  has no 'config.mcp', and is not included
`

t.test('the tools of an app are a table with their size, and the other routes have a reason', async (t) => {
  const text = SHOP.replace('LOGGER', '').replace('createApp ()', 'createApp (): unknown')
  const { code, out, err } = await runFile(t, 'app.ts', text)

  t.equal(out, TABLE)
  t.equal(err, '')
  t.equal(code, 0)
})

t.test('warnings of the app go to standard error, and the rest of its log nowhere', async (t) => {
  const { out, err } = await run(t, SHOP.replace('LOGGER', '{ logger: true }'))

  t.equal(out, TABLE)
  t.match(err, /^warning: the route GET \/health is no tool, because it is for health checks or metrics/)
  t.notMatch(err, /is ready at/)
})

t.test('with --json, the table is JSON', async (t) => {
  const { out } = await run(t, SHOP.replace('LOGGER', ''), '--json')

  t.same(JSON.parse(out), [{
    mount: 'Shop',
    path: '/shop/mcp',
    tools: [
      { tool: 'get_orders_id', method: 'GET', url: '/orders/:id', hints: ['read-only'], tokens: 43 },
      {
        tool: 'remove_order',
        method: 'DELETE',
        url: '/orders/:id',
        hints: ['destructive', 'idempotent', 'open-world'],
        tokens: 43
      }
    ],
    resources: [{ resource: 'notes://{id}', method: 'GET', url: '/notes/:id' }],
    leftOut: [
      { method: 'GET', url: '/health', reason: 'is for health checks or metrics' },
      { method: 'GET', url: '/internal', reason: "has no 'config.mcp', and is not included" }
    ]
  }])
})

t.test('an app that was made before the package was imported misses the same routes as in production', async (t) => {
  const { code, out, err } = await run(t, `import Fastify from 'fastify'
    export const app = Fastify({ logger: true })
    ${ROUTES}
    const { default: mcpPlugin } = await import('fastify-mcp-mount')
    app.register(mcpPlugin, { expose: { name: 'Shop', version: '1.0.0' } })`)

  t.match(err, /^warning: routes that were registered before the mount are no tools/)
  t.match(out, /^Shop {2}\/mcp {2}0 of 0 routes are tools/)
  t.equal(code, 0)
})

t.test('a file that exposes no routes, or fails, is explained, and the exit code is 1', async (t) => {
  for (const [text, problem] of [
    [`${APP}export const mcp = new McpServer({ name: 'Notes', version: '1' })`,
      /^No mount of app\.mjs exposes routes: register the plugin with expose: true/],
    [`${APP}export const app = Fastify()`, /^app\.mjs mounts no MCP server/],
    [`${APP}throw new Error('no database')`, /^app\.mjs failed:\nError: no database/],
    [SAME_NAME, /^app\.mjs failed:\n.*the route 'GET \/b' has the name 'same'/]
  ] as const) {
    const { code, out, err } = await run(t, text)

    t.match(err, problem)
    t.equal(out, '')
    t.equal(code, 1)
  }
})

const REPORT = [{
  mount: 'Shop',
  path: '/mcp',
  tools: [{
    tool: 'get_orders', method: 'GET', url: '/orders', hints: ['read-only', 'idempotent', 'open-world'], tokens: 1234
  }],
  resources: [],
  leftOut: [{ method: 'POST', url: '/\u001b[31mlogin', reason: "has no 'config.mcp', and is not included" }]
}]

t.test('the last column breaks where a line ends, and a row that is too long breaks anywhere', async (t) => {
  const narrow = createTestTerminal({ columns: 50 }).terminal
  const narrower = createTestTerminal({ columns: 40 }).terminal

  t.equal(formatRoutes(REPORT, narrow), `Shop  /mcp  1 of 2 routes are tools, about 1,234 tokens

TOKENS  TOOL        ROUTE        HINTS
 1,234  get_orders  GET /orders  read-only,
                                 idempotent,
                                 open-world

NO TOOL      BECAUSE IT
POST /login  has no 'config.mcp', and is not
             included`)
  t.equal(formatRoutes(REPORT, narrower).split('\n\n')[1], `1,234  get_orders  GET /orders
    read-only, idempotent, open-world`)
})

t.test('titles are painted on a terminal that has colours', async (t) => {
  const { terminal } = createTestTerminal({ isTTY: true, columns: 80 })

  t.match(formatRoutes(REPORT, terminal), '\u001b[1mShop\u001b[22m  /mcp  \u001b[2m1 of 2 routes are tools')
  t.match(formatRoutes(REPORT, terminal), '\u001b[2mTOKENS  TOOL        ROUTE        HINTS\u001b[22m')
})

t.test('a file that ends its process before its app is ready makes the exit code 1', async (t) => {
  const { code, out } = await run(t, 'process.exit(0)')

  t.equal(out, '')
  t.equal(code, 1)
})

t.test('--export names the app, and output that is no log of pino goes to standard error', async (t) => {
  const text = `${SHOP.replace('LOGGER', '').replace('createApp', 'createShop')}
    console.log('{"level":"high"}')`
  const { code, out, err } = await run(t, text, '--export', 'createShop')

  t.equal(out, TABLE)
  t.match(err, '{"level":"high"}')
  t.equal(code, 0)
})

t.test('a file that does not exist is reported', async (t) => {
  const test = createTestTerminal({ cwd: t.testdir({}) })

  t.equal(await runProgram(['routes', 'none.ts'], test.terminal), 1)
  t.match(test.err, /^There is no file .*none\.ts\.\n$/)
})
