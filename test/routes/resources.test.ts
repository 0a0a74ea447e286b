import t from 'tap'
import mcpPlugin, { McpServer, ResourceTemplate } from '../../lib/index.ts'
import { clientKinds, failureOf } from '../support/clients.ts'
import { createHost, createServer, modern, mount } from '../support/app.ts'

const schema = { summary: 'An order' } as object

for (const { title, era, connect } of clientKinds) {
  t.test(`${title} reads routes that are resources, beside those of a server`, async (t) => {
    const { app } = createHost(t)
    app.get('/orders/:id', {
      schema: { ...schema, querystring: { type: 'object', properties: { full: { type: 'boolean' } } } },
      config: { mcp: { resource: 'orders://{id}{?full}' } }
    }, async ({ params, query }) => {
      const { id } = params as { id: string }
      if (id === '0') throw Object.assign(new Error('no such order'), { statusCode: 404 })
      if (id === '1') throw new Error('password of the database')
      return { id, ...Object(query) }
    })
    app.get('/logo', { schema, config: { mcp: { name: 'logo', resource: 'shop://logo' } } }, async (_request, reply) => {
      return reply.type('image/png').send(Buffer.from([1, 2]))
    })
    app.get('/tool', { schema, config: { mcp: true } }, async () => 'a tool')
    const server = new McpServer({ name: 'Shop', version: '1.0.0' })
    server.registerResource('note', 'note://1', {}, () => 'a note')
    await mount(app, { server, expose: true })
    const client = await connect(`${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`)
    t.teardown(() => client.close())

    t.same((await client.listTools()).map(({ name }) => name), ['get_tool'])
    t.match(await client.listResources(), [{ uri: 'note://1' }, { uri: 'shop://logo', title: 'An order' }])
    t.match(await client.listResourceTemplates(), [{ uriTemplate: 'orders://{id}{?full}', name: 'get_orders_id' }])
    t.match(await client.readResource('orders://7?full=true'), {
      contents: [{ uri: 'orders://7?full=true', mimeType: 'application/json', text: '{"id":"7","full":true}' }]
    })
    t.match(await client.readResource('shop://logo'), { contents: [{ mimeType: 'image/png', blob: 'AQI=' }] })
    t.match(await client.readResource('note://1'), { contents: [{ text: 'a note' }] })
    t.match(await failureOf(client.readResource('orders://0')), { message: 'Resource not found' })
    t.match(await failureOf(client.readResource('orders://1')), {
      code: -32603, message: /^Error reading resource orders:\/\/1 \(error id /
    })
  })

  t.test(`${title} asks its user before a route runs that has a question`, async (t) => {
    const { app } = createHost(t)
    let refunds = 0
    app.post('/orders/:id/refund', {
      schema, config: { mcp: { name: 'refund_order', confirm: 'Refund order {id}?' } }
    }, async () => { refunds++; return { ok: true } })
    await mount(app, { server: createServer(), expose: true })
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`
    const asked: unknown[] = []
    const answers = [{ action: 'accept', content: {} }, { action: 'decline' }] as const
    const elicit = ({ message }: { readonly message?: unknown }) => {
      asked.push(message)
      return { ...answers[asked.length - 1] ?? { action: 'cancel' as const } }
    }
    const client = await connect(url, 'confirm', { elicit })
    const mute = await connect(url, 'mute')
    t.teardown(async () => { await Promise.all([client.close(), mute.close()]) })

    t.match(await client.callTool('refund_order', { id: 7 }), { content: [{ text: '{"ok":true}' }] })
    t.equal(refunds, 1)
    t.match(await client.callTool('refund_order', { id: 8 }), {
      isError: true, content: [{ text: 'The user did not agree (decline), so nothing was done' }]
    })
    t.same(asked, ['Refund order 7?', 'Refund order 8?'])
    const answer = era === 'modern'
      ? (await failureOf(mute.callTool('refund_order', { id: 9 }))).message
      : Object(await mute.callTool('refund_order', { id: 9 })).content[0].text
    t.match(answer, /^This needs to ask the user, and this client does not support that/)
    t.equal(refunds, 1)
    t.match(await app.mcp.get('Notes').call('refund_order', { id: 10 }), { content: [{ text: '{"ok":true}' }] })
  })
}

const WRONG: Readonly<Record<string, readonly [method: 'GET' | 'POST', mcp: object, message: RegExp]>> = {
  'a resource that is no GET route': ['POST', { resource: 'orders://{id}' }, /which is for GET routes/],
  'a resource with a foreign variable': ['GET', { resource: 'orders://{id}/{x}' }, /'\{x\}' in 'config\.mcp\.resource'/],
  'a resource without a variable that it needs': ['GET', { resource: 'orders://all' }, /needs '\{id\}'/],
  'a question with a foreign name': ['POST', { confirm: 'Refund {order}?' }, /'\{order\}' in 'config\.mcp\.confirm'/],
  'a question about a resource': ['GET', { resource: 'orders://{id}', confirm: 'Read?' }, /which is for tools/]
}

for (const [what, [method, mcp, message]] of Object.entries(WRONG)) {
  t.test(`${what} fails the start`, async (t) => {
    const { app } = createHost(t)
    app.route({ method, url: '/orders/:id', config: { mcp }, handler: async () => 1 })
    await app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })

    await t.rejects(async () => { await app.ready() }, { code: 'MCP_ERR_INVALID_ROUTE', message })
  })
}

t.test('a request that no route owns goes to the server beside the routes', async (t) => {
  const { app } = createHost(t)
  app.get('/orders/:id', { schema, config: { mcp: { resource: 'orders://{id}' } } }, async () => 1)
  const server = new McpServer({ name: 'Shop', version: '1.0.0' })
  server.registerPrompt('hello', {}, () => 'Hello')
  server.registerResource('note', new ResourceTemplate('note://{id}', { complete: { id: () => ['7'] } }), {}, () => 'x')
  await mount(app, { server, expose: true })
  const complete = async (uri: string): Promise<unknown> => {
    const params = { ref: { type: 'ref/resource', uri }, argument: { name: 'id', value: '' } }
    return (await app.inject(modern('completion/complete', params))).json()
  }

  t.match((await app.inject(modern('prompts/get', { name: 'hello' }))).json(), {
    result: { messages: [{ content: { text: 'Hello' } }] }
  })
  t.match(await complete('note://{id}'), { result: { completion: { values: ['7'] } } })
  t.match(await complete('orders://{id}'), { error: { code: -32601 } })
})
