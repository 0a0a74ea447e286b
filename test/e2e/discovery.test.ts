import t from 'tap'
import { McpServer } from '../../lib/index.ts'
import { clientKinds, v1, v2Auto, v2Legacy, v2Modern } from '../support/clients.ts'
import { connect, connectToEverything, INSTRUCTIONS, listen } from '../support/everything.ts'

const REVISIONS = { legacy: '2025-11-25', modern: '2026-07-28' }

for (const kind of clientKinds) {
  t.test(`${kind.title} discovers the server's name, instructions and capabilities`, async (t) => {
    const client = await connectToEverything(t, kind)

    t.equal(client.era, kind.era)
    t.equal(client.protocolVersion, REVISIONS[kind.era])
    t.strictSame(client.serverInfo, { name: 'Everything', version: '2.1.0', title: 'All at once' })
    t.equal(client.instructions, INSTRUCTIONS)
    t.strictSame(Object.keys(client.capabilities ?? {}).sort(), [
      'completions',
      'logging',
      'prompts',
      'resources',
      'tools'
    ])
    t.equal(client.sessionId !== undefined, kind.era === 'legacy', 'only legacy clients have sessions')
  })

  t.test(`${kind.title} gets only the capabilities that the server has`, async (t) => {
    const server = new McpServer({ name: 'Bare', version: '1.0.0' })
    const app = await listen(t, { server })

    const client = await connect(t, kind, app.mcp.get('Bare').url)

    t.strictSame(Object.keys(client.capabilities ?? {}), ['logging'])
    t.equal(client.instructions, undefined)
  })

  t.test(`${kind.title} lists the tools of all pages in the order of their registration`, async (t) => {
    const client = await connectToEverything(t, kind)
    const before = client.recorded.length

    const tools = await client.listTools()

    t.strictSame(
      tools.map(({ name }) => name),
      ['greet', 'draw', 'weather', 'cities', 'locate', 'refuse', 'break', 'count', 'chat']
    )
    t.equal(client.recorded.length - before, 5, 'nine tools are five pages of two')
    t.match(tools[0], {
      title: 'Greet',
      description: 'Greets by name.',
      annotations: { readOnlyHint: true },
      inputSchema: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, times: { type: 'integer', default: 1 } }
      }
    })
  })

  t.test(`${kind.title} lists output schemas that its era allows`, async (t) => {
    const client = await connectToEverything(t, kind)

    const tools = await client.listTools()

    const schemaOf = (name: string): unknown => tools.find((tool) => tool.name === name)?.['outputSchema']
    t.match(schemaOf('weather'), { type: 'object', required: ['city', 'celsius'] })
    t.strictSame(schemaOf('cities'), kind.era === 'modern' ? { type: 'array', items: { type: 'string' } } : undefined)
  })

  t.test(`${kind.title} lists the templates, and the resources including those of templates`, async (t) => {
    const client = await connectToEverything(t, kind)

    const resources = await client.listResources()
    const templates = await client.listResourceTemplates()

    t.strictSame(resources.map(({ uri }) => uri), [
      'everything://about',
      'everything://dot',
      'city://Aachen',
      'city://Aarhus',
      'city://Bergen',
      'city://Berlin',
      'city://Bern'
    ])
    t.strictSame(resources[0], { uri: 'everything://about', name: 'about', title: 'About', mimeType: 'text/markdown' })
    t.strictSame(templates, [
      { name: 'city', uriTemplate: 'city://{name}', mimeType: 'text/plain' },
      { name: 'street', uriTemplate: 'street://{city}/{name}' },
      { name: 'search', uriTemplate: 'search://{?q}' }
    ])
  })

  t.test(`${kind.title} lists the prompts with their arguments`, async (t) => {
    const client = await connectToEverything(t, kind)

    const prompts = await client.listPrompts()

    t.strictSame(prompts, [
      {
        name: 'translate',
        description: 'Translates a text.',
        arguments: [
          { name: 'text', description: 'What to translate', required: true },
          { name: 'language', required: true },
          { name: 'from', required: false }
        ]
      },
      { name: 'interview' },
      { name: 'farewell', arguments: [{ name: 'name', required: false }] }
    ])
  })
}

t.test('a client that negotiates the revision chooses the modern era', async (t) => {
  const client = await connectToEverything(t, v2Auto)

  t.equal(client.era, 'modern')
  t.equal(client.protocolVersion, '2026-07-28')
})

t.test('with legacy: false, modern clients are served, and legacy clients get the reason of their refusal', async (t) => {
  const server = new McpServer({ name: 'Modern', version: '1.0.0' })
  server.registerTool('here', {}, () => 'yes')
  const app = await listen(t, { server, legacy: false })
  const { url } = app.mcp.get('Modern')

  const client = await connect(t, v2Modern, url)

  t.match(await client.callTool('here'), { content: [{ text: 'yes' }] })
  await t.rejects(v1.connect(url), /Unsupported protocol version/)
  await t.rejects(v2Legacy.connect(url), /Unsupported protocol version/)
})

t.test('with stateless: true, clients of both eras are served without sessions', async (t) => {
  const server = new McpServer({ name: 'Stateless', version: '1.0.0' })
  server.registerTool('here', {}, (_args, { sessionId }) => String(sessionId))
  const app = await listen(t, { server, stateless: true })

  for (const kind of clientKinds) {
    const client = await connect(t, kind, app.mcp.get('Stateless').url)

    t.match(await client.callTool('here'), { content: [{ text: 'undefined' }] }, kind.title)
    t.equal(client.sessionId, undefined)
  }
})
