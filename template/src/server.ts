// The server: its tools, a resource and a prompt.
import { completable, McpServer, ToolError, Type } from 'fastify-mcp-mount'

const { MCP_STATE_KEY } = process.env

const server = new McpServer({ name: '{{name}}', version: '0.1.0' }, {
  instructions: 'Keeps notes by topic.',
  // Processes that serve the same clients need the same key, of 32 bytes or more.
  ...(MCP_STATE_KEY && { requestState: { keys: [MCP_STATE_KEY] } }),
  // Opened before the first request and closed with the app. Open your database here.
  lifespan: async () => ({ value: { notes: new Map<string, string[]>() } })
})

server.registerTool('add_note', {
  description: 'Save a note under a topic.',
  inputSchema: Type.Object({
    topic: Type.String({ minLength: 1, description: 'The topic of the note.' }),
    text: Type.String({ minLength: 1 })
  })
}, async ({ topic, text }, { lifespan: { notes } }) => {
  const saved = [...notes.get(topic) ?? [], text]
  notes.set(topic, saved)
  return `Saved note ${saved.length} about ${topic}.`
})

server.registerTool('list_notes', {
  description: 'List the notes about a topic.',
  inputSchema: Type.Object({ topic: Type.String() }),
  outputSchema: Type.Object({ notes: Type.Array(Type.String()) }),
  annotations: { readOnlyHint: true }
}, async ({ topic }, { lifespan }) => {
  const notes = lifespan.notes.get(topic)
  if (notes === undefined) {
    // The model reads this text and can try again.
    throw new ToolError(`There is no note about ${topic}. Topics: ${[...lifespan.notes.keys()].join(', ') || 'none'}`)
  }
  return { notes }
})

server.registerResource('topics', 'notes://topics', {
  description: 'All topics that have notes.',
  mimeType: 'application/json'
}, async (_uri, { lifespan: { notes } }) => JSON.stringify([...notes.keys()]))

server.registerPrompt('summarize', {
  description: 'Summarize the notes about a topic.',
  argsSchema: Type.Object({
    topic: Type.String(),
    style: completable(Type.String(), (typed) => ['short', 'detailed'].filter((style) => style.startsWith(typed)))
  })
}, async ({ topic, style }) => `Give me a ${style} summary of my notes about ${topic}. Use the tool list_notes.`)

export default server
