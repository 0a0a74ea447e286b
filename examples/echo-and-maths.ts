// Two small servers side by side, to see a client work: one repeats messages, the other one calculates. Try it:
// npx @modelcontextprotocol/inspector --cli http://127.0.0.1:8000/maths/mcp --transport http --method tools/list
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, ResourceTemplate, ToolError, Type } from 'fastify-mcp-mount'

const Message = Type.Object({ message: Type.String() })

const echo = new McpServer({ name: 'Echo', version: '1.0.0' })
echo.registerTool('echo', { description: 'Say a message back.', inputSchema: Message }, ({ message }) => message)
echo.registerResource(
  'echo',
  new ResourceTemplate('echo://{message}'),
  { mimeType: 'text/plain' },
  (_uri, { message }) => String(message)
)
echo.registerPrompt(
  'echo',
  { description: 'Have a message said back.', argsSchema: Message },
  ({ message }) => `Say this back, word by word: ${message}`
)

const Numbers = Type.Object({ a: Type.Number(), b: Type.Number() })
const Result = Type.Object({ result: Type.Number() })

const maths = new McpServer({ name: 'Maths', version: '1.0.0' })

function registerOperation (name: string, description: string, calculate: (a: number, b: number) => number): void {
  const annotations = { readOnlyHint: true, idempotentHint: true, openWorldHint: false }
  maths.registerTool(name, { description, inputSchema: Numbers, outputSchema: Result, annotations }, ({ a, b }) => {
    const result = calculate(a, b)
    // JSON cannot represent such a number.
    if (!Number.isFinite(result)) throw new ToolError(`The result of ${name} for ${a} and ${b} is no finite number`)
    return { result }
  })
}

registerOperation('add', 'Add two numbers.', (a, b) => a + b)
registerOperation('subtract', 'Subtract b from a.', (a, b) => a - b)
registerOperation('multiply', 'Multiply two numbers.', (a, b) => a * b)
registerOperation('divide', 'Divide a by b.', (a, b) => a / b)
registerOperation('power', 'Raise a to the power of b.', (a, b) => a ** b)

const app = Fastify({ logger: true })
app.register(mcpPlugin, { prefix: '/echo', server: echo })
app.register(mcpPlugin, { prefix: '/maths', server: maths })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
