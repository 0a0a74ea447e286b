// Two servers at the same path and port, distinguished by the host name. Most systems resolve every name below
// localhost to this machine. Try it: claude mcp add --transport http clock http://clock.localhost:8000/mcp
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, ToolError, Type, type McpMountOptions } from 'fastify-mcp-mount'

const { PORT = '8000' } = process.env

const clock = new McpServer({ name: 'Clock', version: '1.0.0' })
clock.registerTool('tell_time', {
  description: 'Tell the time somewhere.',
  inputSchema: Type.Object({
    timeZone: Type.String({ default: 'UTC', description: 'As of the IANA database, e.g. Europe/Berlin' })
  })
}, ({ timeZone }) => {
  try {
    return new Date().toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'long' })
  } catch {
    throw new ToolError(`There is no time zone ${timeZone}`)
  }
})

const calendar = new McpServer({ name: 'Calendar', version: '1.0.0' })
calendar.registerTool('count_days', {
  description: 'Count the days from one date to another.',
  inputSchema: Type.Object({ from: Type.String({ format: 'date' }), to: Type.String({ format: 'date' }) })
}, ({ from, to }) => `${(Date.parse(to) - Date.parse(from)) / 86_400_000} days`)

// `publicUrl` is the URL that clients use. The constraint is its host, with the port unless that is the default one.
function at (publicUrl: string): Pick<McpMountOptions, 'publicUrl' | 'constraints'> {
  return { publicUrl, constraints: { host: new URL(publicUrl).host } }
}

const app = Fastify({ logger: true })
app.register(mcpPlugin, { server: clock, ...at(`http://clock.localhost:${PORT}`) })
app.register(mcpPlugin, { server: calendar, ...at(`http://calendar.localhost:${PORT}`) })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
