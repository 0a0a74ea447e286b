// This package with a server of its own.
import Fastify from 'fastify'
import mcpPlugin, {
  createMemoryEventStore,
  jwtVerifier,
  McpServer,
  Type,
  type McpMountOptions
} from 'fastify-mcp-mount'
import { LISTED, LISTED_ARGUMENTS, PROGRESS, REPORT, saved, SERVER_INFO } from '../tools.ts'
import type { WorkloadName } from '../workloads.ts'
import { listen, type Serving } from './serving.ts'
import { createIssuer, PUBLIC_URL } from './tokens.ts'

const NoteArguments = Type.Object({ text: Type.String() })

// The options that a workload needs in addition to the defaults.
const OPTIONS: Partial<Record<WorkloadName, Partial<McpMountOptions>>> = {
  'modern call, authorized': { cors: true },
  'legacy call': { stateless: true },
  'legacy call, authorized': { stateless: true },
  'legacy call, output validated': { stateless: true },
  'legacy call, SSE': { stateless: true },
  'legacy call, session, events kept': { eventStore: createMemoryEventStore() }
}

const TOOLS: Partial<Record<WorkloadName, (server: McpServer) => void>> = {
  'modern list': addListed,
  'modern structured': addReport,
  'modern progress': addImport,
  'legacy call, output validated': addValidated
}

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  const server = new McpServer(SERVER_INFO)
  const addTools = TOOLS[workload] ?? addNote
  addTools(server)

  const { auth, headers } = workload.endsWith('authorized') ? await authorize() : {}
  const app = Fastify()
  app.register(mcpPlugin, { server, ...OPTIONS[workload], ...auth })
  return { ...await listen(app), ...(headers !== undefined && { headers }) }
}

function addNote (server: McpServer): void {
  server.registerTool('add_note', { inputSchema: NoteArguments }, async ({ text }) => saved(text))
}

function addListed (server: McpServer): void {
  const { text, topic, done } = LISTED_ARGUMENTS
  const inputSchema = Type.Object({
    text: Type.String({ description: text }),
    topic: Type.Optional(Type.String({ description: topic })),
    done: Type.Optional(Type.Boolean({ description: done }))
  })
  for (const { name, description } of LISTED) {
    server.registerTool(name, { description, inputSchema }, async ({ text }) => text)
  }
}

function addReport (server: McpServer): void {
  const outputSchema = Type.Object({
    notes: Type.Array(
      Type.Object({
        id: Type.Number(),
        title: Type.String(),
        text: Type.String(),
        tags: Type.Array(Type.String()),
        done: Type.Boolean()
      })
    )
  })
  server.registerTool('report', { inputSchema: NoteArguments, outputSchema }, async () => REPORT)
}

function addImport (server: McpServer): void {
  server.registerTool('import_notes', { inputSchema: NoteArguments }, async ({ text }, ctx) => {
    for (const progress of PROGRESS) await ctx.reportProgress(progress, PROGRESS.length)
    return saved(text)
  })
}

function addValidated (server: McpServer): void {
  server.registerTool(
    'add_note',
    { inputSchema: NoteArguments, outputSchema: Type.Object({ saved: Type.String() }) },
    async ({ text }) => ({ saved: text })
  )
}

async function authorize (): Promise<{
  readonly auth: Partial<McpMountOptions>
  readonly headers: Readonly<Record<string, string>>
}> {
  const { url, jwksUri, token } = await createIssuer()
  return {
    auth: {
      publicUrl: PUBLIC_URL,
      auth: { verify: jwtVerifier({ issuer: url, jwksUri, algorithms: ['RS256'] }), authorizationServers: [url] }
    },
    headers: { authorization: `Bearer ${token}` }
  }
}
