// An app that is made before the package is imported, by a plugin that mounts in a scope of its own.
import Fastify from 'fastify'

const app = Fastify()
app.register(async (scope) => {
  const { default: mcpPlugin } = await import('../../lib/index.ts')
  await scope.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
  scope.get('/below', { config: { mcp: true }, schema: { summary: 'Below' } }, async () => 'below')
})
await app.ready()
const { content: [block] } = await app.mcp.get('Routes').call('get_below')
console.log(Object(block).text)
await app.close()
