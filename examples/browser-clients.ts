// An endpoint for pages of another origin, and such a page on a port of its own (PAGE_PORT).
// Try it: open http://127.0.0.1:8001 and type something.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'

const { PORT = '8000', PAGE_PORT = '8001' } = process.env

// The page needs no client library, because a request of revision 2026-07-28 is self-contained.
const HTML = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Shout</title>
<form><input name="text" placeholder="something quiet"><button>Shout</button></form><output></output>
<script>
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {}
  }
  let id = 0

  document.forms[0].onsubmit = async (event) => {
    event.preventDefault()
    const { url } = await (await fetch('/endpoint')).json()
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'shout'
      },
      body: JSON.stringify({
        jsonrpc: '2.0', id: ++id, method: 'tools/call',
        params: { name: 'shout', arguments: { text: event.target.elements.text.value }, _meta: meta }
      })
    })
    const { result, error } = await response.json()
    document.querySelector('output').textContent = error === undefined ? result.content[0].text : error.message
  }
</script>`

const shouting = new McpServer({ name: 'Shouting', version: '1.0.0' })
shouting.registerTool('shout', {
  description: 'Say it loudly.',
  inputSchema: Type.Object({ text: Type.String({ minLength: 1 }) })
}, ({ text }) => `${text.toUpperCase()}!`)

const app = Fastify({ logger: true })
const page = Fastify()
page.get('/', async (_request, reply) => reply.type('text/html; charset=utf-8').send(HTML))
page.get('/endpoint', async () => ({ url: app.mcp.get('Shouting').url }))
const origin = await page.listen({ host: '127.0.0.1', port: Number(PAGE_PORT) })

app.register(mcpPlugin, { server: shouting, allowedOrigins: [origin], cors: true })

closeOnSignal(app)
closeOnSignal(page)
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
console.log(`Page ${origin}`)
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
