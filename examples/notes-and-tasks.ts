// Two MCP servers in one Fastify app that also has a page and a health check. Set PORT and DATA_DIR to configure it.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import Fastify from 'fastify'
import mcpPlugin, {
  closeOnSignal, completable,
  McpServer,
  ResourceTemplate,
  ToolError,
  Type,
  type Entered,
  type RequestContext
} from 'fastify-mcp-mount'

const { PORT = '8000', DATA_DIR = 'data' } = process.env

const Task = Type.Object({ id: Type.Integer(), title: Type.String(), done: Type.Boolean() })

interface Note { id: number, topic: string, text: string }

// Each mount opens its own database before its first request, and closes it with the app.
function openDatabase (name: string, schema: string): () => Promise<Entered<PGlite>> {
  return async function lifespan () {
    const directory = join(DATA_DIR, name)
    await mkdir(directory, { recursive: true })
    const db = await PGlite.create(directory)
    await db.exec(schema)
    return { value: db, close: () => db.close() }
  }
}

async function completeTopic (
  typed: string, _context: unknown, { lifespan: db }: RequestContext<PGlite>
): Promise<string[]> {
  const { rows } = await db.query<Note>('SELECT DISTINCT topic FROM note WHERE starts_with(topic, $1) ORDER BY topic', [
    typed
  ])
  return rows.map(({ topic }) => topic)
}

function uriOf ({ topic, id }: Note): string {
  return `note://${encodeURIComponent(topic)}/${id}`
}

const notes = new McpServer({ name: 'Notes', version: '1.0.0' }, {
  instructions: 'Keeps short notes by topic. Search before you add.',
  lifespan: openDatabase(
    'notes',
    'CREATE TABLE IF NOT EXISTS note (id serial PRIMARY KEY, topic text NOT NULL, text text NOT NULL)'
  )
})

notes.registerTool('add_note', {
  description: 'Save a note.',
  inputSchema: Type.Object({
    text: Type.String({ minLength: 1 }),
    topic: Type.String({ pattern: '^[\\w -]+$', default: 'general' })
  })
}, async ({ text, topic }, { lifespan: db }) => {
  const { rows } = await db.query<Note>('INSERT INTO note (topic, text) VALUES ($1, $2) RETURNING *', [topic, text])
  // Some agents pass only the texts of a result to their model.
  return rows.flatMap((note) => [
    `Saved note ${note.id} as ${uriOf(note)}`,
    { type: 'resource_link' as const, uri: uriOf(note), name: `Note ${note.id}` }
  ])
})

notes.registerTool('search_notes', {
  description: 'Find the notes that contain a text; without one, all of them.',
  inputSchema: Type.Object({ text: Type.String({ default: '' }) }),
  annotations: { readOnlyHint: true }
}, async ({ text }, { lifespan: db }) => {
  const { rows } = await db.query<Note>('SELECT * FROM note WHERE strpos(lower(text), lower($1)) > 0 ORDER BY id', [
    text
  ])
  return rows.length === 0 ? 'No note contains that' : rows.map((note) => `${note.id} (${note.topic}): ${note.text}`)
})

notes.registerTool('delete_note', {
  description: 'Delete a note by its number.',
  inputSchema: Type.Object({ id: Type.Integer() }),
  annotations: { destructiveHint: true }
}, async ({ id }, { lifespan: db }) => {
  const { affectedRows } = await db.query('DELETE FROM note WHERE id = $1', [id])
  if (affectedRows === 0) throw new ToolError(`There is no note ${id}; search_notes shows the numbers`)
  return `Deleted note ${id}`
})

notes.registerResource('note', new ResourceTemplate('note://{topic}/{id}', {
  list: async ({ lifespan: db }) => {
    const { rows } = await db.query<Note>('SELECT * FROM note ORDER BY id')
    return rows.map((note) => ({ uri: uriOf(note), name: `Note ${note.id}` }))
  },
  complete: {
    topic: completeTopic,
    id: async (typed, { arguments: { topic } }, { lifespan: db }) => {
      const { rows } = await db.query<Note>(
        'SELECT * FROM note WHERE topic = $1 AND starts_with(id::text, $2) ORDER BY id',
        [topic, typed]
      )
      return rows.map(({ id }) => String(id))
    }
  }
}), { description: 'One note', mimeType: 'text/plain' }, async (_uri, { topic, id }, { lifespan: db }) => {
  const { rows: [note] } = await db.query<Note>('SELECT * FROM note WHERE topic = $1 AND id::text = $2', [topic, id])
  return note?.text ?? null
})

notes.registerPrompt('summarize', {
  description: 'Summarize the notes on a topic.',
  argsSchema: Type.Object({ topic: completable(Type.String({ description: 'The topic of the notes' }), completeTopic) })
}, async ({ topic }, { lifespan: db }) => {
  const { rows } = await db.query<Note>('SELECT * FROM note WHERE topic = $1 ORDER BY id', [topic])
  return `Summarize these notes on ${topic}:\n${rows.map(({ text }) => `- ${text}`).join('\n')}`
})

const tasks = new McpServer({ name: 'Tasks', version: '1.0.0' }, {
  lifespan: openDatabase(
    'tasks',
    'CREATE TABLE IF NOT EXISTS task (id serial PRIMARY KEY, title text NOT NULL, done boolean NOT NULL DEFAULT false)'
  )
})

tasks.registerTool('add_task', {
  description: 'Add a task to the list.',
  inputSchema: Type.Object({ title: Type.String({ minLength: 1 }) }),
  outputSchema: Task
}, async ({ title }, { lifespan: db }) => {
  const {
    rows: [task]
  } = await db.query<(typeof Task)['static']>('INSERT INTO task (title) VALUES ($1) RETURNING *', [title])
  if (task === undefined) throw new Error('the database returned no row')
  return task
})

tasks.registerTool('list_tasks', {
  description: 'List all tasks.',
  outputSchema: Type.Object({ tasks: Type.Array(Task) }),
  annotations: { readOnlyHint: true }
}, async (_args, { lifespan: db }) => {
  const { rows } = await db.query<typeof Task['static']>('SELECT * FROM task ORDER BY id')
  return { tasks: rows }
})

tasks.registerTool('complete_tasks', {
  description: 'Mark tasks as done, one after the other.',
  inputSchema: Type.Object({ ids: Type.Array(Type.Integer(), { minItems: 1 }) }),
  outputSchema: Type.Object({ completed: Type.Array(Type.Integer()) })
}, async ({ ids }, ctx) => {
  const completed: number[] = []
  for (const [index, id] of ids.entries()) {
    const { affectedRows } = await ctx.lifespan.query('UPDATE task SET done = true WHERE id = $1', [id])
    if (affectedRows === 1) completed.push(id)
    await ctx.reportProgress(index + 1, ids.length, `Task ${id}`)
  }
  return { completed }
})

// Creating a database takes seconds, and may exceed Fastify's default of ten on a busy machine.
const app = Fastify({ logger: true, pluginTimeout: 60_000 })
app.register(mcpPlugin, { prefix: '/notes', server: notes })
app.register(mcpPlugin, { prefix: '/tasks', server: tasks })
app.get('/health', async () => ({
  status: 'ok',
  mounts: Object.fromEntries([...app.mcp].map((mount) => [mount.name, mount.stats()]))
}))
app.get('/', async (_request, reply) => {
  const items = [...app.mcp].map(({ name, url }) => `<li>${name}: ${url}</li>`)
  const html = `<!doctype html><title>Notes and tasks</title><h1>MCP servers</h1><ul>${items.join('')}</ul>`
  return reply.type('text/html; charset=utf-8').send(html)
})

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(PORT) })

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {}
}
const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } })
const headers = ['Content-Type: application/json', 'MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/list']
for (const { url } of app.mcp) {
  console.log(`MCP endpoint ${url}`)
  console.log(`curl ${url} ${headers.map((header) => `-H '${header}'`).join(' ')} -d '${request}'`)
}
