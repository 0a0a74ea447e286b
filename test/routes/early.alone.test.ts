// Apps that are made before the package is imported, which no other file may do first in this process.
import Fastify from 'fastify'
import t from 'tap'

t.test('a mount of an app that was made too early says so, and knows the routes after it', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => lines.push(line) } } })
  t.teardown(() => app.close())
  app.get('/early', { config: { mcp: true } }, async () => 'early')
  const { default: mcpPlugin } = await import('../../lib/index.ts')
  await app.register(async (scope) => {
    for (const name of ['One', 'Two']) {
      scope.register(mcpPlugin, { path: `/${name}`, expose: { name, version: '1.0.0' } })
    }
    scope.after(() => { scope.get('/late', { config: { mcp: true } }, async () => 'late') })
  })
  await app.ready()

  t.match(lines.join(''), /routes that were registered before the mount are no tools/)
  t.match(await app.mcp.get('One').call('get_late'), { content: [{ text: 'late' }] })
  t.match(await app.mcp.get('Two').call('get_late'), { content: [{ text: 'late' }] })
  await t.rejects(app.mcp.get('One').call('get_early'), { message: /get_early/ })
})
