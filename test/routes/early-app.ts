// An app that is made before the package is imported.
import Fastify from 'fastify'

const app = Fastify({ logger: { level: 'warn' } })
app.get('/early', { config: { mcp: true } }, async () => 'early')
const { default: mcpPlugin } = await import('../../lib/index.ts')
await app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
app.get('/late', { config: { mcp: true }, schema: { summary: 'Late' } as object }, async () => 'late')
app.register(async (scope) => {
  scope.get('/below', { config: { mcp: true }, schema: { summary: 'Below' } as object }, async () => 'below')
})
await app.ready()
for (const tool of ['get_late', 'get_below', 'get_early']) {
  const outcome = await app.mcp.get('Routes').call(tool).catch(({ message }: Error) => message)
  console.log(typeof outcome === 'string' ? outcome : Object(outcome.content[0]).text)
}
await app.close()
