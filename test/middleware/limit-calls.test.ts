import { setImmediate as nextTurn } from 'node:timers/promises'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { Redis } from 'ioredis'
import t from 'tap'
import { UnavailableError } from '../../lib/errors.ts'
import { limitCalls, type CallLimitOptions, type LimitStore } from '../../lib/middleware/index.ts'
import type { McpServer } from '../../lib/index.ts'
import {
  Client, createNotes, createScoped, failed, stopClock, untyped, type ClientOptions
} from '../support/definition-client.ts'
import { createPrefix, noRedis, noServer, startRedis, useRedis } from '../support/redis-server.ts'

function createLimited (options: Partial<CallLimitOptions> = {}): McpServer<unknown> {
  const server = createNotes().use(limitCalls({ max: 2, window: '1 minute', ...options }))
  server.registerTool('add', {}, () => 'added')
  server.registerTool('list', {}, () => 'listed')
  return server
}

const REFUSED = failed('Too many calls: the limit is 2 in 1 minute. Try again in 60 seconds.')

function as (subject: string, options: ClientOptions = {}): Client {
  const auth = { token: 'token', clientId: `client of ${subject}`, subject, scopes: [] }
  return new Client({ ...options, channel: { ...options.channel, auth } })
}

/** Calls a tool several times, and resolves to `+` for each call that was served and `-` for the others. */
async function call (server: McpServer<unknown>, client: Client, times: number, tool = 'add'): Promise<string> {
  let marks = ''
  for (let n = 0; n < times; n++) {
    marks += JSON.stringify(await client.callTool(server, tool)).includes('ed"') ? '+' : '-'
  }
  return marks
}

t.test('a caller beyond the limit gets a result that says when to try again, until the window ends', async (t) => {
  const pass = stopClock(t)
  const server = createLimited()
  const client = as('ann')

  t.equal(await call(server, client, 2), '++')
  t.strictSame(await client.callTool(server, 'list'), REFUSED)
  pass(59_000)
  t.strictSame(await client.callTool(server, 'add'),
    failed('Too many calls: the limit is 2 in 1 minute. Try again in 1 second.'))
  pass(1000)
  t.equal(await call(server, client, 3), '++-')
  t.equal(await call(server, as('bob'), 3), '++-')
})

t.test('only the calls of the named tools count, and no other requests do', async (t) => {
  const server = createLimited({ tools: ['add'], window: 500 })
  const client = as('ann')

  t.equal(await call(server, client, 4, 'list'), '++++')
  t.equal(await call(server, client, 3), '++-')
  t.match(await client.callTool(server, 'add'),
    failed('Too many calls: the limit is 2 in 500 ms. Try again in 1 second.'))
  t.match(await client.ask(server, 'tools/list'), { result: { tools: [{ name: 'add' }, {}] } })
})

t.test('by default a user counts once, whichever client it uses; a client without a user counts as itself', async (t) => {
  const server = createLimited()
  const other = { token: 'b', clientId: 'other client', subject: 'ann', scopes: ['a'] }

  t.equal(await call(server, as('ann'), 1), '+')
  t.equal(await call(server, new Client({ channel: { auth: other } }), 2), '+-')
  t.equal(await call(server, createScoped([]), 3), '++-')
})

t.test('without auth an address counts, and of an IPv6 address its network', async (t) => {
  const server = createLimited()
  const from = (ip: string): Client => new Client({ channel: { request: untyped({ ip }) } })

  t.equal(await call(server, from('192.0.2.1'), 3), '++-')
  t.equal(await call(server, from('2001:db8::1'), 1), '+')
  t.equal(await call(server, from('2001:db8::2'), 2), '+-')
  const known = as('ann', { channel: { request: untyped({ ip: '::1' }) } })
  t.equal(await call(createLimited({ by: 'address' }), known, 3), '++-')
  t.equal(await call(server, new Client(), 3), '++-', 'a client on a pipe')
})

t.test('by session, the legacy sessions of a user count apart, and modern requests for the user', async (t) => {
  const server = createLimited({ by: 'session' })

  t.equal(await call(server, as('ann', { era: 'legacy' }), 3), '++-')
  t.equal(await call(server, as('ann'), 3), '++-')
})

t.test('a function names the callers, and lets some pass', async (t) => {
  const server = createLimited({ by: ({ auth }) => auth?.subject === 'root' ? undefined : 'everybody' })

  t.equal(await call(server, as('root'), 3), '+++')
  t.equal(await call(server, as('ann'), 1), '+')
  t.equal(await call(server, as('bob'), 2), '+-')
})

t.test('calls of the app itself are not limited', async (t) => {
  t.equal(await call(createLimited(), new Client({ channel: { isTrusted: true } }), 3), '+++')
})

t.test("with how: 'refuse' the request is refused with 429, and the seconds to wait", async (t) => {
  stopClock(t)
  const server = createLimited({ how: 'refuse' })
  const client = as('ann')
  await call(server, client, 2)
  const message = { id: 1, method: 'tools/call', params: { name: 'add' } }

  const { caller, channel } = client
  const refusal = await server.serve({ message, caller, channel }).catch((error) => error)

  t.ok(refusal instanceof UnavailableError)
  t.match(refusal, { status: 429, retryAfter: 60, message: /^Too many calls/ })
})

t.test('no more callers are counted than maxCallers: the oldest window is forgotten', async (t) => {
  let caller = 0
  const server = createLimited({ max: 1, maxCallers: 3, by: () => `caller ${caller}` })
  const served = async (who: number): Promise<boolean> => {
    caller = who
    return await call(server, new Client(), 1) === '+'
  }
  for (let who = 0; who < 4; who++) t.ok(await served(who))
  t.strictSame([await served(1), await served(2), await served(3), await served(0)], [false, false, false, true])
})

t.test('wrong options are refused', async (t) => {
  for (const [options, message] of [
    [{ max: 0 }, "option 'limitCalls.max' must be a whole number above 0"],
    [{ window: '1 fortnight' }, "option 'limitCalls.window' must be a time above 0, such as '1 minute', '30 seconds' " +
      'or a whole number of milliseconds'],
    [{ window: 0 }, /window/], [{ window: '0 days' }, /window/], [{ window: '90 days' }, /window/],
    [{ window: { minutes: 1 } }, /window/],
    [{ by: 'ip' }, "option 'limitCalls.by' must be 'principal', 'session', 'address' or a function (ctx) => name"],
    [{ tools: [] }, /names of tools/], [{ how: 'ask' }, /'tell' or 'refuse'/], [{ per: 1 }, /does not exist/],
    [{ store: {} }, /must be a function \(limit\) => limiter/],
    [{ store: () => ({}) }, /must return a limiter of rate-limiter-flexible/],
    [{ window: 1500, store: mustNotCreate }, /must be whole seconds with 'store'/]
  ] as const) {
    t.throws(() => createLimited(untyped(options)), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
})

function mustNotCreate (): never {
  throw new Error('must not run')
}

t.test('nodes count together in Redis, by rate-limiter-flexible', { skip: noRedis }, async (t) => {
  const { client: storeClient } = await useRedis(t)
  const prefix = createPrefix()
  const store: LimitStore = (limit) =>
    new RateLimiterRedis({ storeClient, ...limit, keyPrefix: `${prefix}${limit.keyPrefix}` })
  const nodes = [createLimited({ store }), createLimited({ store })] as const

  t.equal(await call(nodes[0], as('ann'), 1), '+')
  t.equal(await call(nodes[1], as('ann'), 2), '+-')
  t.match(await as('ann').callTool(nodes[0], 'add'), { result: { isError: true, content: [{ text: /Try again in (59|60) s/ }] } })
  t.equal(await call(createLimited({ store, name: 'another' }), as('ann'), 3), '++-')
  const keys = await storeClient.keys(`${prefix}*`)
  t.equal(keys.length, 2)
  t.ok(await storeClient.pttl(keys[0] ?? '') > 0, 'they expire')
  t.notOk(keys.some((key) => key.includes('ann')), 'keys do not reveal who calls')
})

t.test('any limiter of rate-limiter-flexible is a store', async (t) => {
  t.equal(await call(createLimited({ store: (limit) => new RateLimiterMemory(limit) }), as('ann'), 3), '++-')
})

for (const [what, consume] of [
  ['throws', () => { throw new Error('broken') }],
  ['rejects', async () => { throw new Error('broken') }],
  ['rejects with nothing', () => Promise.reject(untyped(undefined))],
  ['hangs', () => new Promise<never>(() => {})]
] as const) {
  t.test(`a store that ${what} lets calls pass, and is logged once`, async (t) => {
    const server = createLimited({ store: () => ({ consume }), timeout: 10 })
    const client = as('ann')

    t.equal(await call(server, client, 5), '+++++')
    t.strictSame(client.logged.map(({ level, msg }) => [level, msg]), [
      ['error', 'the store of limitCalls cannot be reached: until it can, calls are not limited']
    ])
  })
}

t.test("with onOutage: 'refuse' calls are refused during an outage, which ends when the store answers again", async (t) => {
  let isBroken = true
  const consume = async (): Promise<void> => { if (isBroken) throw new Error('broken') }
  const server = createLimited({ store: () => ({ consume }), onOutage: 'refuse' })
  const client = as('ann')

  t.strictSame(await client.callTool(server, 'add'), failed(
    'The calls of this tool cannot be counted at the moment; try again later'))
  isBroken = false
  t.equal(await call(server, client, 3), '-++')
  t.strictSame(client.logged.map(({ level, msg }) => [level, msg]), [
    ['error', 'the store of limitCalls cannot be reached: until it can, calls are refused'],
    ['info', 'the store of limitCalls can be reached again']
  ])

  isBroken = true
  t.match(await as('bob').ask(createLimited({ store: () => ({ consume }), onOutage: 'refuse', how: 'refuse' }),
    'tools/call', { name: 'add' }), { error: { code: -32603 } })
})

t.test('a Redis that stops answering holds up one call, and counts again when it is back', { skip: noServer }, async (t) => {
  const redis = await startRedis(t)
  const storeClient = new Redis(redis.url)
  t.teardown(() => storeClient.disconnect())
  const server = createLimited({ store: (limit) => new RateLimiterRedis({ storeClient, ...limit }), timeout: 100 })
  const client = as('ann')
  t.equal(await call(server, client, 1), '+')

  redis.pause()
  t.equal(await call(server, client, 20), '+'.repeat(20))
  redis.resume()
  while (await call(server, client, 1) === '+') await nextTurn()

  t.match(client.logged, [{ level: 'error' }, { level: 'info' }])
})
