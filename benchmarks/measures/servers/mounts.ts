// An app with so many mounts that have so many tools each: the last mount is at /mcp, those before it at /mount-0/mcp
// and so on.
import Fastify from 'fastify'
import mcpPlugin, { McpServer, Type } from 'fastify-mcp-mount'
import { addressOf } from './address.ts'
import { answerCommands, createMemoryCommand } from './answer.ts'

/** The parts of the app. */
export interface MountsSetup { readonly tools: number, readonly mounts: number, readonly maxSessions: number }

// The setup from child.ts.
const { tools, mounts, maxSessions } = JSON.parse(process.argv[2] ?? '') as MountsSetup

const app = Fastify()
for (let index = 0; index < mounts; index++) {
  const isLast = index === mounts - 1
  app.register(mcpPlugin, {
    server: createServer(index),
    maxSessions,
    prefix: isLast ? '' : `/mount-${index}`,
    name: `mount ${index}`
  })
}
await app.listen({ host: '127.0.0.1', port: 0 })
answerCommands({ port: addressOf(app.server).port }, { memory: createMemoryCommand(app.server) })

// Each server is another one, as in an app; the tool that is called is registered last.
function createServer (index: number): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  for (let tool = 1; tool < tools; tool++) addTool(server, `tool_${index}_${tool}`)
  addTool(server, 'add_note')
  return server
}

function addTool (server: McpServer, name: string): void {
  server.registerTool(
    name,
    { description: 'Save a note.', inputSchema: Type.Object({ text: Type.String() }) },
    async ({ text }) => `Saved: ${text}`
  )
}
