// A server that has one of everything, and an app that serves it on a real socket.
import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { z } from 'zod'
import mcpPlugin, {
  completable,
  McpServer,
  ResourceTemplate,
  ToolError,
  Type,
  type McpMountOptions
} from '../../lib/index.ts'
import type { ClientKind, OfficialClient } from './clients.ts'

/** A red dot. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

export const INSTRUCTIONS = 'Ask for the weather before you go out.'

const CITIES = ['Aachen', 'Aarhus', 'Bergen', 'Berlin', 'Bern']

/** Two items a page, so that every list has pages. */
export function createEverything (): McpServer {
  const server = new McpServer({ name: 'Everything', version: '2.1.0', title: 'All at once' }, {
    instructions: INSTRUCTIONS, pageSize: 2, requestState: { keys: ['0123456789abcdef0123456789abcdef'] }
  })
  addAnsweringTools(server)
  addFailingTools(server)
  addTalkingTools(server)
  addResources(server)
  addPrompts(server)
  return server
}

function addAnsweringTools (server: McpServer): void {
  server.registerTool('greet', {
    title: 'Greet',
    description: 'Greets by name.',
    annotations: { readOnlyHint: true },
    inputSchema: Type.Object({ name: Type.String({ minLength: 1 }), times: Type.Integer({ default: 1 }) })
  }, ({ name, times }) => `Hello, ${name}!`.repeat(times))

  server.registerTool('draw', {}, () => [{ type: 'image', data: PIXEL, mimeType: 'image/png' }, 'a red dot'])

  server.registerTool('weather', {
    inputSchema: z.object({ city: z.string() }),
    outputSchema: z.object({ city: z.string(), celsius: z.number() })
  }, async ({ city }) => ({ city, celsius: 21 }))

  server.registerTool('cities', { outputSchema: { type: 'array', items: { type: 'string' } } }, () => CITIES)

  server.registerTool(
    'locate',
    {
      inputSchema: {
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          zoom: { type: 'integer', 'x-mcp-header': 'Zoom' },
          exact: { type: 'boolean', 'x-mcp-header': 'Exact' }
        },
        required: ['region']
      }
    },
    ({ region, zoom, exact }, { request }) =>
      JSON.stringify({ region, zoom, exact, header: request?.headers['mcp-param-region'] })
  )
}

function addFailingTools (server: McpServer): void {
  server.registerTool('refuse', {}, () => { throw new ToolError('The date must lie in the future') })
  server.registerTool('break', {}, () => { throw new Error('password=hunter2') })
}

function addTalkingTools (server: McpServer): void {
  server.registerTool('count', { inputSchema: Type.Object({ to: Type.Integer() }) }, async ({ to }, ctx) => {
    for (let n = 1; n <= to; n++) await ctx.reportProgress(n, to, `counted to ${n}`)
    return `${to} counted`
  })
  server.registerTool('chat', {}, async (_args, ctx) => {
    await ctx.debug('a detail')
    await ctx.info({ news: true }, 'reporter')
    await ctx.error('a failure')
    return 'said'
  })
}

function addResources (server: McpServer): void {
  server.registerResource(
    'about',
    'everything://about',
    { title: 'About', mimeType: 'text/markdown' },
    () => '# Everything'
  )
  server.registerResource('dot', 'everything://dot', { mimeType: 'image/png' }, () => Buffer.from(PIXEL, 'base64'))
  server.registerResource('city', new ResourceTemplate('city://{name}', {
    list: () => CITIES.map((name) => ({ uri: `city://${name}`, name })),
    complete: { name: (typed) => CITIES.filter((name) => name.startsWith(typed)) }
  }), { mimeType: 'text/plain' }, (_uri, { name }) => `${String(name)} is a city`)
  server.registerResource('street', new ResourceTemplate('street://{city}/{name}'), {}, (uri) => uri.href)
  server.registerResource(
    'search',
    new ResourceTemplate('search://{?q}'),
    {},
    (_uri, { q }) => `searched for ${String(q)}`
  )
}

function addPrompts (server: McpServer): void {
  const languages = ['german', 'greek', 'english']
  server.registerPrompt('translate', {
    description: 'Translates a text.',
    argsSchema: Type.Object({
      text: Type.String({ description: 'What to translate' }),
      language: completable(Type.String(), (typed, { arguments: chosen }) =>
        languages.filter((language) => language.startsWith(typed) && language !== chosen['from'])),
      from: Type.Optional(Type.String())
    })
  }, ({ text, language }) => `Translate to ${language}: ${text}`)
  server.registerPrompt('interview', {}, () => [
    { role: 'user', content: { type: 'text', text: 'Ask me something.' } },
    { role: 'assistant', content: { type: 'text', text: 'What is your quest?' } }
  ])
  server.registerPrompt(
    'farewell',
    { argsSchema: z.object({ name: z.string().optional() }) },
    ({ name = 'friend' }) => `Part with ${name}.`
  )
}

/** An app that listens, and ends with the test. */
export async function listen (t: Test, ...mounts: readonly McpMountOptions[]): Promise<FastifyInstance> {
  const app = Fastify()
  for (const mount of mounts) app.register(mcpPlugin, mount)
  t.teardown(() => app.close())
  await app.listen({ port: 0 })
  return app
}

/** A client connected to a mount of an app; it leaves before the app ends. */
export async function connect (t: Test, kind: ClientKind, url: string, clientName?: string): Promise<OfficialClient> {
  const client = await kind.connect(url, clientName)
  t.teardown(() => client.close())
  return client
}

/** A client of its own app that serves one of everything. */
export async function connectToEverything (t: Test, kind: ClientKind): Promise<OfficialClient> {
  const app = await listen(t, { server: createEverything() })
  return connect(t, kind, app.mcp.get('Everything').url)
}
