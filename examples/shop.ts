// An online shop with 26 routes that AI clients can use. The option `expose` and `config: { mcp: true }` on a route are
// all that it takes: see shop/app.ts. Set PORT, and CARRIER_URL for the tracking of parcels.
import { closeOnSignal } from 'fastify-mcp-mount'
import { buildApp } from './shop/app.ts'

const app = buildApp()

closeOnSignal(app)
const origin = await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
console.log(`Log in: curl -s ${origin}/login --json '{"email":"ann@example.com","password":"ann-likes-tea"}'`)
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
