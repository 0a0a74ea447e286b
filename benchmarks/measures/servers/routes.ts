// An app with routes, which are called in this process: without HTTP around it, the figures are of the call alone.
import assert from 'node:assert/strict'
import Fastify, { type FastifyInstance } from 'fastify'
import mcpPlugin, { McpServer, ToolError, Type } from 'fastify-mcp-mount'
import { answerCommands, type Figures } from './answer.ts'

/** How calls reach the route, or what stands in its place. */
export type RoutesKind = 'inject' | 'routes' | 'by hand' | 'by hand, with inject' | 'mount' | 'no mount'

export interface RoutesSetup {
  readonly kind: RoutesKind
  /** How many routes there are. */
  readonly routes: number
}

interface Note { readonly text: string }

// The setup from child.ts.
const { kind, routes } = JSON.parse(process.argv[2] ?? '') as RoutesSetup
const NoteBody = Type.Object({ text: Type.String({ description: 'The text of the note.' }) })
const Saved = Type.Object({ saved: Type.String() })
const note: Note = { text: 'Buy milk' }
const urls = Array.from({ length: routes }, (_, index) => `/notes/${index}`)
const names = urls.map((_url, index) => `save_note_${index}`)
const [url = '', name = ''] = [urls.at(-1), names.at(-1)]

const begun = performance.now()
const begunCpu = readCpu()
const app = Fastify()
const server = new McpServer({ name: 'Notes', version: '1.0.0' })
addRoutes()
if (kind === 'by hand') addTools(async ({ text }) => ({ saved: text }))
if (kind === 'by hand, with inject') addTools(injectNote)
if (kind !== 'no mount') await app.register(mcpPlugin, { server, expose: kind === 'routes' })
await app.ready()
const ready = { readyWall: performance.now() - begun, readyCpu: (readCpu() - begunCpu) / 1000 }

const call = kind === 'inject' ? () => injectNote(note) : callTool
if (kind !== 'no mount' && kind !== 'mount') assert.deepEqual(await call(), { saved: note.text })
answerCommands(ready, {
  call: (amount) => repeat(amount, call),
  list: (amount) => repeat(amount, () => listTools(app))
})

function addRoutes (): void {
  urls.forEach((path, index) => {
    app.post<{ Body: Note }>(path, {
      schema: { summary: `Save a note in list ${index}.`, body: NoteBody, response: { 200: Saved } },
      config: { mcp: { name: names[index] ?? '' } }
    }, async ({ body: { text } }) => ({ saved: text }))
  })
}

function addTools (handler: (note: Note) => Promise<{ saved: string }>): void {
  names.forEach((tool, index) => {
    const description = `Save a note in list ${index}.`
    server.registerTool(tool, { description, inputSchema: NoteBody, outputSchema: Saved }, handler)
  })
}

async function injectNote (payload: Note): Promise<{ saved: string }> {
  const reply = await app.inject({ method: 'POST', url, payload })
  if (reply.statusCode >= 400) throw new ToolError(`${reply.statusCode}: ${reply.body}`)
  return reply.json()
}

async function callTool (): Promise<unknown> {
  const { structuredContent } = await app.mcp.get('Notes').call(name, { ...note })
  return structuredContent
}

async function listTools (app: FastifyInstance): Promise<void> {
  const reply = await app.inject({
    method: 'POST',
    url: '/mcp',
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
    payload: {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {}
        }
      }
    }
  })
  assert.equal(reply.statusCode, 200)
}

async function repeat (amount: number, run: () => Promise<unknown>): Promise<Figures> {
  const [before, beforeCpu] = [performance.now(), readCpu()]
  for (let done = 0; done < amount; done++) await run()
  return { micros: (readCpu() - beforeCpu) / amount, perSecond: amount / (performance.now() - before) * 1000 }
}

function readCpu (): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
