import t from 'tap'
import {
  createMemoryCluster,
  createMemoryEventStore,
  McpServer,
  type ClusterNode,
  type EventStore,
  type SessionStore
} from '../../lib/index.ts'
import { limitStore } from '../../lib/session/store-limit.ts'
import { createApp, createServer, initialize, JSON_AND_SSE, legacy, openSession } from '../support/app.ts'

const never = new Promise<never>(() => {})

// Keeps the process alive, because the timers of the limits do not.
const open = setInterval(() => {}, 60_000)
t.teardown(() => clearInterval(open))

t.test('the results of a store that answers in time are unchanged', async (t) => {
  const own = createMemoryEventStore()
  const store = limitStore({ ...own, later: async (value: number) => value, name: 'mine' }, { timeout: 60_000 })

  t.equal(store.append('a.1', 'x'), 1)
  t.same(store.read('a.1', 0), [{ seq: 1, message: 'x' }])
  t.equal(await store.later(5), 5)
  t.equal(store.name, 'mine')
  t.equal(limitStore(own, { timeout: 0 }), own)
})

t.test('a method is called on the store itself', async (t) => {
  class Store {
    readonly #value = 7
    async read (): Promise<number> { return this.#value }
  }

  t.equal(await limitStore(new Store(), { timeout: 60_000 }).read(), 7)
  t.equal(await limitStore(Object.freeze({ read: async () => 8 }), { timeout: 60_000 }).read(), 8)
})

t.test('an operation that does not settle in time fails, and the next one calls the store again', async (t) => {
  const answers = [() => never, async () => 2, async () => { throw new Error('no') }]
  const store = limitStore(
    { read: () => answers.shift()?.() },
    { timeout: 5, createError: (message) => new RangeError(message) }
  )

  await t.rejects(async () => store.read(), {
    name: 'RangeError',
    message: "no answer within 5 ms, which is 'storeTimeout'"
  })
  t.equal(await store.read(), 2)
  await t.rejects(async () => store.read(), { message: 'no' })
})

t.test('a store that hangs is not called for a while, or until it answers', async (t) => {
  let now = 0
  let asked = 0
  let answer: (value: string) => void = () => {}
  const store = limitStore({
    read: () => {
      asked++
      return new Promise<string>((resolve) => { answer = resolve })
    }
  }, { timeout: 5, pauses: true }, () => now)

  await t.rejects(store.read(), { name: 'StoreTimeoutError' })
  t.throws(() => store.read(), {
    name: 'StoreTimeoutError',
    message: 'the store is not called for a while, because it did not answer in time'
  })
  now = 51
  await t.rejects(store.read(), { name: 'StoreTimeoutError', message: /no answer/ })
  t.throws(() => store.read())
  answer('late')
  await new Promise((resolve) => { setImmediate(resolve) })
  const last = store.read()
  answer('b')

  t.equal(await last, 'b')
  t.equal(asked, 3)
})

const wrongNumbers: Readonly<Record<string, () => unknown>> = {
  NaN: () => NaN,
  'a text': () => 'x',
  nothing: () => undefined,
  'the same number each time': () => 1,
  'an object later': async () => ({}),
  'nothing that ever comes': () => never
}

for (const [what, append] of Object.entries(wrongNumbers)) {
  t.test(`a call is answered although its event store returns ${what}`, async (t) => {
    const notes = createServer()
    notes.registerTool('work', {}, async (_args, ctx) => {
      await ctx.info('one')
      await ctx.info('two')
      return 'done'
    })
    // The type of a store does not allow such values.
    const eventStore = { append, read: () => [null, 5, {}], forget: () => never } as unknown as EventStore
    const { app, logLines } = await createApp(t, { server: notes, eventStore, storeTimeout: 5 })
    const session = await openSession(app)

    const response = await app.inject(
      legacy('tools/call', { name: 'work' }, { headers: { ...session, ...JSON_AND_SSE } })
    )
    const resumed = await app.inject({
      method: 'GET',
      url: '/mcp',
      headers: { ...session, accept: 'text/event-stream', 'last-event-id': `${session['mcp-session-id']}.1.0` }
    })

    t.match(response.body, /"one"[^]*"two"[^]*"done"/)
    t.equal(resumed.statusCode, 400)
    t.match(logLines.find(({ level }) => level === 50), { msg: 'the event store failed' })
    t.equal(app.mcp.get('Notes').stats().exchanges, 0)
  })
}

t.test('a request whose session store does not answer in time gets 503', async (t) => {
  const cluster = createMemoryCluster()
  let hangs = false
  const { app } = await createApp(t, {
    server: new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['k'.repeat(32)] } }),
    storeTimeout: 20,
    cluster: {
      join (mount, listeners): ClusterNode {
        const node = cluster.join(mount, listeners)
        return Object.create(node, {
          sessions: {
            value: {
              ...node.sessions,
              renew: async (...args: Parameters<SessionStore['renew']>) =>
                hangs ? await never : await node.sessions.renew(...args)
            }
          }
        }) as ClusterNode
      }
    }
  })
  const session = await openSession(app)

  t.equal((await app.inject(legacy('ping', {}, { headers: session }))).statusCode, 200)
  hangs = true
  const response = await app.inject(legacy('ping', {}, { headers: session }))

  t.equal(response.statusCode, 503)
  t.match(response.json(), { id: 1, error: { code: -32603, message: /store of sessions cannot be reached/ } })
  t.equal((await app.inject(initialize())).statusCode, 200)
})
