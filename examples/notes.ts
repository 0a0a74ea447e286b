// An app with one MCP server: tools, resources and a prompt for notes in memory. Set PORT to configure it.
// Try it: claude mcp add --transport http notes http://127.0.0.1:8000/mcp
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, completable, McpServer, ResourceTemplate, ToolError, Type } from 'fastify-mcp-mount'

const app = Fastify({ logger: true })

interface Note { id: number, topic: string, text: string }

const kept = new Map<number, Note>()
let lastId = 0

function completeTopic (typed: string): string[] {
  const topics = new Set([...kept.values()].map(({ topic }) => topic))
  return [...topics].filter((topic) => topic.startsWith(typed)).sort()
}

const notes = new McpServer(
  { name: 'Notes', version: '1.0.0' },
  { instructions: 'Keeps short notes by topic. Search before you add.' }
)

notes.registerTool('add_note', {
  description: 'Save a note.',
  inputSchema: Type.Object({
    text: Type.String({ minLength: 1, maxLength: 10_000 }),
    topic: Type.String({ minLength: 1, default: 'general' })
  })
}, ({ text, topic }) => {
  const id = ++lastId
  kept.set(id, { id, topic, text })
  app.mcp.get('Notes').notify.resourcesChanged()
  // Some agents pass only the texts of a result to their model.
  return [`Saved note ${id} as note:///${id}`, { type: 'resource_link', uri: `note:///${id}`, name: `Note ${id}` }]
})

notes.registerTool('search_notes', {
  description: 'Find the notes that contain a text; without one, all of them.',
  inputSchema: Type.Object({ text: Type.String({ default: '' }) }),
  annotations: { readOnlyHint: true }
}, ({ text }) => {
  const found = [...kept.values()].filter((note) => note.text.toLowerCase().includes(text.toLowerCase()))
  return found.length === 0 ? 'No note contains that' : found.map((note) => `${note.id} (${note.topic}): ${note.text}`)
})

notes.registerTool('delete_note', {
  description: 'Delete a note by its number.',
  inputSchema: Type.Object({ id: Type.Integer() }),
  annotations: { destructiveHint: true }
}, ({ id }) => {
  if (!kept.delete(id)) throw new ToolError(`There is no note ${id}; search_notes shows the numbers`)
  app.mcp.get('Notes').notify.resourcesChanged()
  return `Deleted note ${id}`
})

notes.registerResource('note', new ResourceTemplate('note:///{id}', {
  list: () => [...kept.keys()].map((id) => ({ uri: `note:///${id}`, name: `Note ${id}` })),
  complete: { id: (typed) => [...kept.keys()].map(String).filter((id) => id.startsWith(typed)) }
}), { description: 'One note', mimeType: 'text/plain' }, (_uri, { id }) => kept.get(Number(id))?.text ?? null)

notes.registerPrompt('summarize', {
  description: 'Summarize the notes on a topic.',
  argsSchema: Type.Object({ topic: completable(Type.String({ description: 'The topic of the notes' }), completeTopic) })
}, ({ topic }) => {
  const found = [...kept.values()].filter((note) => note.topic === topic)
  return `Summarize these notes:\n${found.map(({ text }) => `- ${text}`).join('\n')}`
})

app.register(mcpPlugin, { server: notes })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
