import { join } from 'node:path'
import t from 'tap'
import { ROUTES_VARIABLE, type ReportedRoutes } from '../../lib/cli/routes-report.ts'

const APP = `import Fastify from 'fastify'
import mcpPlugin from 'fastify-mcp-mount'

export const app = Fastify()
app.get('/orders', { schema: { summary: 'Show all orders' }, config: { mcp: true } }, async () => [])
app.get('/notes/:id', { schema: { summary: 'A note' }, config: { mcp: { resource: 'notes://{id}' } } }, async () => '')
app.get('/internal', async () => 'secret')
app.register(mcpPlugin, { prefix: '/shop', expose: { name: 'Shop', version: '1.0.0' } })
`

t.test('the process reads its settings from the environment, sends its report to the parent process, and exits', async (t) => {
  const file = join(t.testdir({ 'app.mjs': APP }), 'app.mjs')
  process.env[ROUTES_VARIABLE] = JSON.stringify({ name: 'app.mjs', file })
  const exit = t.capture(process, 'exit')
  const { send } = process
  t.teardown(() => { Object.assign(process, { send }) })
  let report: readonly ReportedRoutes[] | undefined
  const receive = (sent: readonly ReportedRoutes[], _handle: unknown, _options: object, done: () => void): void => {
    report = sent
    done()
  }
  Object.assign(process, { send: receive })

  await import('../../lib/cli/routes-process.ts')

  const [ended] = exit()
  exit.restore()
  t.same(ended?.args, [0])
  t.equal(process.env[ROUTES_VARIABLE], undefined)
  t.match(report, [{
    mount: 'Shop',
    path: '/shop/mcp',
    tools: [{ tool: 'get_orders', method: 'GET', url: '/orders', hints: ['read-only'] }],
    resources: [{ resource: 'notes://{id}', method: 'GET', url: '/notes/:id' }],
    leftOut: [{ method: 'GET', url: '/internal', reason: "has no 'config.mcp', and is not included" }]
  }])
})
