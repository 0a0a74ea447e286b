// The official clients call routes over real sockets, in both eras.
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { Type } from '../../lib/index.ts'
import { clientKinds } from '../support/clients.ts'
import { createHost, createServer } from '../support/app.ts'

const ORDER = {
  type: 'object',
  properties: { id: { type: 'integer' }, item: { type: 'string' }, note: { type: 'string', nullable: true } },
  required: ['id', 'item']
}

function addRoutes (app: FastifyInstance): void {
  app.addSchema({ $id: 'Order', ...ORDER })
  const order = { response: { 200: { $ref: 'Order#' } } }
  const params = { type: 'object', properties: { id: { type: 'integer' } } }
  app.get('/orders/:id', {
    schema: { ...{ summary: 'Get an order' }, params, ...order }, config: { mcp: true }
  }, async ({ params }) => {
    const { id } = params as { id: number }
    if (id > 9) throw Object.assign(new Error(`There is no order ${id}`), { statusCode: 404 })
    return { id, item: 'tea', note: null }
  })
  app.post('/orders', {
    schema: { ...{ summary: 'Create an order' }, body: { $ref: 'Order#' } }, config: { mcp: { name: 'create_order' } }
  }, async ({ body }, reply) => reply.code(201).send(body))
  app.get('/slow', { schema: { summary: 'Slow' } as object, config: { mcp: true } }, async ({ mcp }) => {
    await mcp?.reportProgress(1, 2, 'half')
    return 'done'
  })
  app.get('/broken', { schema: { summary: 'Broken' } as object, config: { mcp: true } }, async () => {
    throw new Error('password of the database')
  })
  app.post('/name', { schema: { summary: 'Asks' } as object, config: { mcp: true } }, async ({ mcp }) => {
    const answer = await mcp?.elicit('What is your name?', Type.Object({ name: Type.String() }))
    return answer?.action === 'accept' ? `Hello ${answer.content.name}` : 'Nobody'
  })
}

async function listen (t: Test): Promise<string> {
  const { app } = createHost(t)
  addRoutes(app)
  await app.register(mcpPlugin, { server: createServer('Shop'), expose: true })
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`
}

for (const { title, connect } of clientKinds) {
  t.test(`${title} lists and calls routes beside the tools of a server`, async (t) => {
    const elicit = () => ({ action: 'accept', content: { name: 'Ann' } }) as const
    const client = await connect(await listen(t), 'routes', { elicit })
    t.teardown(() => client.close())
    const progress: object[] = []

    const tools = await client.listTools()
    const got = await client.callTool('get_orders_id', { id: 7 })
    const created = await client.callTool('create_order', { id: 8, item: 'coffee' })
    const own = await client.callTool('echo', { text: 'mine' })
    const missing = await client.callTool('get_orders_id', { id: 10 })
    const invalid = await client.callTool('create_order', { item: 'x' })
    const broken = await client.callTool('get_broken')
    const slow = await client.callTool('get_slow', {}, { onprogress: (event) => progress.push(event) })
    const asked = await client.callTool('post_name')

    const names = ['echo', 'get_orders_id', 'create_order', 'get_slow', 'get_broken', 'post_name']
    t.same(tools.map(({ name }) => name), names)
    t.match(client.serverInfo, { name: 'Shop' })
    t.match(got, { structuredContent: { id: 7, item: 'tea', note: null } })
    t.match(created, { content: [{ text: '{"id":8,"item":"coffee"}' }] })
    t.match(own, { content: [{ text: 'mine' }] })
    t.match(missing, { isError: true, content: [{ text: '404 Not Found: There is no order 10' }] })
    t.match(invalid, { isError: true, content: [{ text: "400 Bad Request: body must have required property 'id'" }] })
    t.match(broken, { isError: true, content: [{ text: /^Error executing tool get_broken \(error id / }] })
    t.match(slow, { content: [{ text: 'done' }] })
    t.match(progress, [{ progress: 1, total: 2, message: 'half' }])
    t.match(asked, { content: [{ text: 'Hello Ann' }] })
  })
}
