// The example of an API whose routes are tools, used by both official clients over HTTP.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { callByHand, send, withExample } from './example.ts'

// A database is made in seconds; a busy machine may need longer.
t.setTimeout(300_000)

interface Block { readonly type: string, readonly text?: string, readonly mimeType?: string }

interface Tool { readonly name: string, readonly annotations?: object | undefined }

/** An official client with the token of somebody. */
interface Caller {
  listTools (): Promise<readonly Tool[]>
  read (uri: string): Promise<unknown>
  call (name: string, args?: Record<string, unknown>): Promise<{
    readonly content: readonly Block[]
    readonly text: string | undefined
    readonly isError: boolean
    readonly structured: unknown
  }>
}

interface Question { readonly message: string }

/** How the user of a client answers a question. A client without one cannot be asked. */
type Elicit = (question: Question) => { readonly action: 'accept' | 'decline', readonly content?: object }

type Connect = (t: Test, url: string, token: string, elicit?: Elicit) => Promise<Caller>

const INFO = { name: 'test', version: '1.0.0' }

function wrap (client: ClientV1 | ClientV2): Caller {
  return {
    listTools: async () => (await client.listTools()).tools,
    read: async (uri) => (await client.readResource({ uri })).contents,
    async call (name, args = {}) {
      const { content, isError = false, structuredContent } = await client.callTool({ name, arguments: args })
      // The types of v1 leave open what the content is.
      const blocks = content as readonly Block[]
      return { content: blocks, text: blocks[0]?.text, isError: isError === true, structured: structuredContent }
    }
  }
}

const connectV1: Connect = async (t, url, token, elicit) => {
  const client = new ClientV1(INFO, { capabilities: capabilitiesFor(elicit) })
  if (elicit) client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({ ...elicit(params) }) as ElicitResult)
  t.teardown(() => client.close())
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(new TransportV1(new URL(url), { requestInit: withToken(token) }) as Transport)
  return wrap(client)
}

const connectV2: Connect = async (t, url, token, elicit) => {
  const client = new ClientV2(INFO, {
    capabilities: capabilitiesFor(elicit),
    versionNegotiation: { mode: { pin: '2026-07-28' } }
  })
  if (elicit) client.setRequestHandler('elicitation/create', ({ params }) => ({ ...elicit(params) }) as ElicitResult)
  t.teardown(() => client.close())
  await client.connect(new TransportV2(new URL(url), { requestInit: withToken(token) }))
  return wrap(client)
}

interface Capabilities { readonly elicitation?: { readonly form: Record<string, never> } }

function capabilitiesFor (elicit: Elicit | undefined): Capabilities {
  return elicit === undefined ? {} : { elicitation: { form: {} } }
}

function withToken (token: string): { readonly headers: { readonly authorization: string } } {
  return { headers: { authorization: `Bearer ${token}` } }
}

async function logIn (url: string, email: string, password: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const reply = await send(new URL('/login', url).href, 'POST', headers, JSON.stringify({ email, password }))
  return (reply.body as { readonly token: string }).token
}

interface Order { readonly id: number, readonly state: string }

async function testCustomer (t: Test, ann: Caller): Promise<number> {
  const names = (await ann.listTools()).map(({ name }) => name)
  t.ok(names.length >= 20, `${names.length} tools`)
  t.notOk(names.includes('refund_order'), 'a tool of the staff is not listed')
  for (const part of ['login', 'health', 'openapi', 'delete_products']) {
    t.notOk(names.some((name) => name.includes(part)), `${part} is no tool`)
  }
  t.match(await ann.call('get_me'), { text: /"ann@example.com"/, isError: false })

  const first = await ann.call('list_products', { limit: 4 })
  t.match(first.structured, { products: [{ sku: 'kettle' }, {}, {}, { sku: 'tea-black' }], next: 'tea-black' })
  const second = await ann.call('list_products', { limit: 4, after: 'tea-black' })
  t.match(second.structured, { products: [{ sku: 'tea-green', stock: 0 }, { sku: 'teapot' }] })
  t.notOk('next' in Object(second.structured), 'the last page')

  const created = await ann.call('create_order', { lines: [{ sku: 'teapot', quantity: 2 }], note: 'Gift' })
  const { id } = created.structured as Order
  t.match(created.structured, { email: 'ann@example.com', state: 'paid', total: 6400, note: 'Gift' })
  t.match((await ann.call('list_orders')).structured, { orders: [{ id }] })
  t.match(await ann.read(`invoice://${id}`), [
    { mimeType: 'text/plain', text: `Invoice ${id} for ann@example.com\n2 x teapot  64.00\nTotal  64.00` }
  ])
  t.match(await ann.call('get_products_sku_picture', { sku: 'teapot' }), {
    content: [{ type: 'image', mimeType: 'image/png' }]
  })
  return id
}

async function testErrors (t: Test, ann: Caller, id: number): Promise<void> {
  for (const [name, args, text] of [
    ['create_order', { lines: [{ sku: 'tea-green', quantity: 1 }] },
      "409 Conflict: There are no 1 pieces of 'tea-green' in stock"],
    ['create_order', { lines: [] }, '400 Bad Request: body/lines must NOT have fewer than 1 items'],
    ['get_products_sku', { sku: '../orders' },
      "404 Not Found: There is no product '../orders'; list_products shows what there is"],
    ['list_products', { limit: 51 }, '400 Bad Request: querystring/limit must be <= 50'],
    ['create_product', { sku: 'pan', name: 'Pan', price: 1, stock: 1 },
      '403 Forbidden: Only the staff of the shop may do that']
  ] as const) t.match(await ann.call(name, args), { isError: true, text }, `${name}: ${text}`)

  const failed = await ann.call('track_order', { id })
  t.match(failed, { isError: true, text: /^Error executing tool track_order \(error id [\w-]+\)$/ })
  t.notMatch(failed.text, /secret|parcels/, 'the failure reveals nothing')
}

async function testStaff (t: Test, sue: Caller): Promise<void> {
  const tools = await sue.listTools()
  t.match(tools.find(({ name }) => name === 'refund_order'), { annotations: { destructiveHint: true } })
  t.match(tools.find(({ name }) => name === 'set_stock'), { annotations: { idempotentHint: true } })
  t.match((await sue.call('set_stock', { sku: 'kettle', stock: 9 })).structured, { sku: 'kettle', stock: 9 })
  // An error of the tool in the legacy era, and one of the protocol in the modern one.
  const failure = await sue.call('refund_order', { id: 1 }).then(({ text }) => text, ({ message }: Error) => message)
  t.match(failure, /elicitation/, 'this client cannot ask its user')
}

async function testConfirm (t: Test, connect: (elicit: Elicit) => Promise<Caller>, id: number): Promise<void> {
  const asked: string[] = []
  const answer = (action: 'accept' | 'decline'): Elicit => ({ message }) => {
    asked.push(message)
    return action === 'accept' ? { action, content: {} } : { action }
  }
  const cautious = await connect(answer('decline'))
  const sure = await connect(answer('accept'))

  t.match(await cautious.call('refund_order', { id }), { isError: true, text: /^The user did not agree/ })
  t.match((await sure.call('get_orders_id', { id })).structured, { state: 'paid' })
  t.match((await sure.call('refund_order', { id })).structured, { id, state: 'refunded' })
  t.match(await sure.call('refund_order', { id }), { isError: true, text: `409 Conflict: Order ${id} is refunded already` })
  t.same(asked, Array(3).fill(`Refund order ${id}?`))
}

async function testLimit (t: Test, url: string, token: string): Promise<void> {
  const sue = await connectV2(t, url, token)

  const overHttp = await send(new URL('/reports/sales', url).href, 'GET', { ...withToken(token).headers })
  const calls = [await sue.call('report_sales'), await sue.call('report_sales')]
  const refused = await sue.call('report_sales')

  t.equal(overHttp.status, 200)
  t.same(calls.map(({ structured }) => structured), [{ sales: [] }, { sales: [] }])
  t.match(refused, { isError: true, text: /^429 Too Many Requests: Rate limit exceeded, retry in / })
}

async function startCarrier (t: Test): Promise<string> {
  const carrier = Fastify({ forceCloseConnections: true })
  t.teardown(() => carrier.close())
  carrier.get('/parcels/:id', async () => { throw new Error('secret of the carrier') })
  return `${await carrier.listen({ port: 0, host: '127.0.0.1' })}/parcels`
}

t.test('shop: clients of both generations use the routes of the app as tools', async (t) => {
  await withExample(t, 'shop', { env: { CARRIER_URL: await startCarrier(t) } }, async ({ url, lines }) => {
    const annToken = await logIn(url, 'ann@example.com', 'ann-likes-tea')
    const sueToken = await logIn(url, 'sue@example.com', 'sue-runs-the-shop')
    // First, as long as there are no sales.
    await t.test('a caller has one limit, over HTTP and as a client of MCP', (t) => testLimit(t, url, sueToken))
    for (const [title, connect] of [['v1', connectV1], ['v2', connectV2]] as const) {
      await t.test(title, async (t) => {
        const ann = await connect(t, url, annToken)
        const sue = await connect(t, url, sueToken)

        const id = await testCustomer(t, ann)
        await testErrors(t, ann, id)
        await testStaff(t, sue)
        await testConfirm(t, (elicit) => connect(t, url, sueToken, elicit), id)
      })
    }
    t.ok(lines.some((line) => line.includes('secret of the carrier')), 'the log has the reason of the failure')

    t.match(await callByHand(url, 'get_me', {}), { status: 401 })
    t.match(await callByHand(url, 'refund_order', { id: 1 }, withToken(annToken).headers), { status: 403 })
  })
})
