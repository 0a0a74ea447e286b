import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin from '../../lib/index.ts'
import { collectRoutes } from '../../lib/routes/collector.ts'
import { createServer } from '../support/app.ts'
import { run } from '../support/child.ts'

t.test('the routes of an app are known until it is ready, and kept no longer', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/a', async () => 1)
  app.register(async (scope) => { scope.get('/', async () => 1) }, { prefix: '/b' })
  let during: readonly string[] = []
  app.addHook('onReady', async () => { during = collectRoutes(app).routes.map(({ url }) => url) })

  await app.ready()

  t.same(during, ['/a', '/a', '/b', '/b', '/b/'])
  await setImmediate()
  t.equal(collectRoutes(app).routes.length, 0)
})

t.test('an app without exposed routes has no decorator of requests, and its own request ids', async (t) => {
  const app = Fastify({ genReqId: () => 'own' })
  t.teardown(() => app.close())
  await app.register(mcpPlugin, { server: createServer() })

  t.notOk(app.hasRequestDecorator('mcp'))
})

t.test('an app that was made too early exposes its later routes, and a warning says what to do', async (t) => {
  const until = { line: /^Unknown tool/, times: 1 }
  const { lines, ended } = await run(t, join(import.meta.dirname, 'early-app.ts'), { until })
  await ended

  const warnings = lines.filter((line) => line.startsWith('{"level":40'))
  t.equal(warnings.length, 1)
  t.match(warnings[0], /import it above the call of Fastify\(\), or run 'node --import fastify-mcp-mount'/)
  t.same(lines.filter((line) => !line.startsWith('{"level"')), ['late', 'below', 'Unknown tool: get_early'])
})

t.test('an app that was made too early becomes ready when its mount is in a scope below the root', async (t) => {
  const until = { line: /^below$/, times: 1 }
  const { ended } = await run(t, join(import.meta.dirname, 'early-nested-app.ts'), { until })

  t.same(await ended, { code: 0, signal: null })
})
