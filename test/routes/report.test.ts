import t from 'tap'
import mcpPlugin from '../../lib/index.ts'
import { reportRoutes } from '../../lib/routes/report.ts'
import { createHost, createServer, mount } from '../support/app.ts'

t.test('a mount reports on each route: what it is, how long its list entry is, or why it is nothing', async (t) => {
  const { app } = createHost(t)
  const schema = { summary: 'x' } as object
  app.get('/a', { schema, config: { mcp: true } }, async () => 1)
  app.get('/b/:id', { schema, config: { mcp: { resource: 'b://{id}' } } }, async () => 1)
  app.post('/c', async () => 1)
  app.get('/health', async () => 1)
  await mount(app, { server: createServer(), expose: true })
  await mount(app, { name: 'plain', path: '/plain', server: createServer() })
  await app.ready()

  const report = reportRoutes(app.mcp.get('Notes').definition)

  t.match(report?.filter(({ method, url }) => method !== 'HEAD' && !/mcp|plain/.test(url)), [
    { method: 'GET', url: '/a', exposed: { name: 'get_a', resource: undefined, size: Number } },
    { method: 'GET', url: '/b/:id', exposed: { name: 'get_b_id', resource: 'b://{id}', size: Number } },
    { method: 'POST', url: '/c', reason: "has no 'config.mcp', and is not included" },
    { method: 'GET', url: '/health', reason: 'is for health checks or metrics' }
  ])
  t.equal(reportRoutes(app.mcp.get('plain').definition), undefined)
})

t.test('routes alone are reported on, too', async (t) => {
  const { app } = createHost(t)
  app.get('/a', { config: { mcp: true } }, async () => 1)
  await app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
  await app.ready()

  t.match(reportRoutes(app.mcp.get('Routes').definition)?.[0], { url: '/a', exposed: { name: 'get_a' } })
})
