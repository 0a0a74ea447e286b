// The prefix itself is the endpoint: /dice in place of /dice/mcp. It is served with and without a slash at the end, and
// without redirects. Try it: claude mcp add --transport http dice http://127.0.0.1:8000/dice
import { randomInt } from 'node:crypto'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'

const dice = new McpServer({ name: 'Dice', version: '1.0.0' })

dice.registerTool('roll', {
  description: 'Roll dice.',
  inputSchema: Type.Object({
    dice: Type.Integer({ minimum: 1, maximum: 100, default: 1 }),
    sides: Type.Integer({ minimum: 2, maximum: 1000, default: 6 })
  }),
  outputSchema: Type.Object({ rolled: Type.Array(Type.Integer()), sum: Type.Integer() })
}, ({ dice, sides }) => {
  const rolled = Array.from({ length: dice }, () => randomInt(1, sides + 1))
  return { rolled, sum: rolled.reduce((sum, number) => sum + number, 0) }
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, { prefix: '/dice', path: '/', server: dice })
// The app may have routes below the endpoint.
app.get('/dice/rules', async () => ({ rules: 'The higher number wins.' }))

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
