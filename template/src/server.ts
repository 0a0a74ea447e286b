// What the server offers: tools, a resource and a prompt.
import { completable, McpServer, ToolError, Type } from 'fastify-mcp-mount'

const server = new McpServer({ name: '{{name}}', version: '0.1.0' }, {
  instructions: 'Keeps notes by topic.',
  // Opened once, before the first request, and closed with the app: the place for a database.
  lifespan: async () => ({ value: { notes: new Map<string, string[]>() } })
})

server.registerTool('add_note', {
  description: 'Save a note under a topic.',
  inputSchema: Type.Object({
    topic: Type.String({ minLength: 1, description: 'What the note is about.' }),
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
  // The model reads this, and can do better.
  if (notes === undefined) throw new ToolError(`There is no note about ${topic}. Topics: ${[...lifespan.notes.keys()].join(', ') || 'none'}`)
  return { notes }
})

server.registerResource('topics', 'notes://topics', {
  description: 'The topics that there are notes about.',
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
