// The app that the image runs. Its environment configures the address, and the URL by which clients reach it.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'

const { HOST = '127.0.0.1', PORT = '8000', PUBLIC_URL = `http://localhost:${PORT}`, LOG_LEVEL = 'info' } = process.env

const notes = new McpServer({ name: 'Notes', version: '1.0.0' })
notes.registerTool('add_note', {
  description: 'Save a note.',
  inputSchema: Type.Object({ text: Type.String() })
}, ({ text }) => `Saved: ${text}`)

const app = Fastify({ logger: { level: LOG_LEVEL } })
app.register(mcpPlugin, { server: notes, publicUrl: PUBLIC_URL, health: true })

// Process 1 has no default signal handlers, so without these a signal would be ignored.
closeOnSignal(app)
await app.listen({ host: HOST, port: Number(PORT) })
