import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import {
  cacheResults, redisCache, type CacheOptions, type CacheStore
} from '../../lib/middleware/index.ts'
import { ResourceTemplate, ToolError, Type, type McpServer } from '../../lib/index.ts'
import {
  Client, createNotes, createScoped, failed, said, stopClock, untyped, type Answer, type ClientOptions
} from '../support/definition-client.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'

function createCounting (options: Partial<CacheOptions> = {}) {
  let runs = 0
  const server = createNotes().use(cacheResults({
    tools: ['count', 'fail', 'ask', 'secret'], ttl: '1 minute', resources: ['notes://a', 'notes://each/*'], ...options
  }))
  const count = (): string => `run ${++runs}`
  server.registerTool('count', {}, count)
  server.registerTool('secret', { scopes: ['secrets'] }, count)
  server.registerTool('uncached', {}, count)
  server.registerTool('fail', {}, () => { throw new ToolError(count()) })
  server.registerTool('ask', {}, async (_args, ctx) => {
    const answer = await ctx.elicit('Sure?', Type.Object({ sure: Type.Boolean() }))
    return `${answer.action} ${count()}`
  })
  server.registerResource('a', 'notes://a', {}, count)
  server.registerResource('each', new ResourceTemplate('notes://each/{id}'), {}, count)
  server.registerResource('b', 'notes://b', {}, count)
  return server
}

const REQUEST = untyped<never>({ routeOptions: { url: '/mcp' }, host: 'localhost', params: {} })
function user (subject: string, scopes: string[] = [], options: ClientOptions = {}, request = REQUEST): Client {
  const auth = { token: 't', clientId: 'c', subject, scopes }
  return new Client({ ...options, channel: { ...options.channel, request, auth } })
}
const ann = user('ann')
const read = (server: McpServer<unknown>, uri: string, client = ann): Promise<Answer> =>
  client.ask(server, 'resources/read', { uri })
const contents = (uri: string, run: number) => ({ result: { contents: [{ uri, text: `run ${run}` }] } })

t.test('equal calls of one caller get the result of the first, until it is too old', async (t) => {
  const pass = stopClock(t)
  const server = createCounting()

  t.strictSame(await ann.callTool(server, 'count', { a: 1, b: { c: 2, d: 3 } }), said('run 1'))
  t.strictSame(await ann.callTool(server, 'count', { b: { d: 3, c: 2 }, a: 1 }, { progressToken: 7 }), said('run 1'))
  t.strictSame(await ann.callTool(server, 'count', { a: 2 }), said('run 2'))
  t.strictSame(await ann.callTool(server, 'uncached'), said('run 3'))
  pass(60_000)
  t.strictSame(await ann.callTool(server, 'count', { a: 1, b: { c: 2, d: 3 } }), said('run 4'))
})

t.test('contents of resources are cached by their URIs', async (t) => {
  const server = createCounting()

  for (let n = 0; n < 2; n++) {
    t.match(await read(server, 'notes://a'), contents('notes://a', 1))
    t.match(await read(server, 'notes://each/1'), contents('notes://each/1', 2))
  }
  t.match(await read(server, 'notes://b'), contents('notes://b', 3))
  t.match(await read(server, 'notes://b'), contents('notes://b', 4))
})

t.test('each caller has results of its own: users, clients, scopes, sessions, eras, mounts and the app', async (t) => {
  const server = createCounting()
  const clients = [
    ann, user('bob'), user('ann', ['a']), user('ann', [], { era: 'legacy' }),
    user('ann', [], { channel: { lifespan: {} } }),
    new Client({ channel: { auth: { token: 't', clientId: 'other', subject: 'ann', scopes: [] }, request: REQUEST } }),
    new Client({ era: 'legacy', channel: { request: REQUEST } }),
    new Client(), new Client({ channel: { lifespan: {} } }), new Client({ channel: { isTrusted: true } }),
    user('ann', [], {}, untyped({ ...Object(REQUEST), params: { tenant: 'a' } }))
  ]
  for (let n = 0; n < 2; n++) {
    for (const [index, client] of clients.entries()) {
      t.match(await client.callTool(server, 'count'), { result: { content: [{ text: `run ${index + 1}` }] } })
    }
  }
})

t.test('without auth and session nobody can be told from others, so nothing is cached unless it is public', async (t) => {
  const stranger = new Client({ channel: { request: REQUEST } })
  const server = createCounting()
  t.strictSame(await stranger.callTool(server, 'count'), said('run 1'))
  t.strictSame(await stranger.callTool(server, 'count'), said('run 2'))

  const open = createCounting({ by: 'public' })
  t.strictSame(await stranger.callTool(open, 'count'), said('run 1'))
  t.strictSame(await ann.callTool(open, 'count'), said('run 1'))

  const byName = createCounting({ by: ({ auth }) => auth?.subject })
  t.strictSame(await ann.callTool(byName, 'count'), said('run 1'))
  t.strictSame(await user('ann', ['a']).callTool(byName, 'count'), said('run 1'))
  t.strictSame(await stranger.callTool(byName, 'count'), said('run 2'))
  t.strictSame(await stranger.callTool(byName, 'count'), said('run 3'))
})

t.test('a cached result is not for callers who may not call the tool, or read the resource', async (t) => {
  let isVisible = true
  const server = createCounting({ by: 'public', resources: ['notes://*'] })
  server.registerTool('hidden', { visible: () => isVisible }, () => 'seen')
  server.registerResource('hidden', 'notes://hidden', { visible: () => isVisible }, () => 'seen')
  server.registerResource('scoped', 'notes://scoped', { scopes: ['secrets'] }, () => 'seen')
  const allowed = createScoped(['secrets'])

  t.strictSame(await allowed.callTool(server, 'secret'), said('run 1'))
  t.match(await ann.callTool(server, 'secret'), { error: { code: 6750 } })
  t.match(await read(server, 'notes://scoped', allowed), { result: {} })
  t.match(await read(server, 'notes://scoped'), { error: { code: 6750 } })
  t.match(await read(server, 'notes://hidden'), { result: {} })
  isVisible = false
  t.match(await read(server, 'notes://hidden'), { error: { code: -32602, message: 'Resource not found' } })
})

t.test('a tool that is disabled or changed is not served from the cache', async (t) => {
  const server = createCounting()
  const other = server.registerTool('other', {}, () => '')
  await ann.callTool(server, 'count')

  other.disable()
  t.strictSame(await ann.callTool(server, 'count'), said('run 2'))
})

t.test('errors, questions and what depends on answers are not cached', async (t) => {
  const server = createCounting()
  t.strictSame(await ann.callTool(server, 'fail'), failed('run 1'))
  t.strictSame(await ann.callTool(server, 'fail'), failed('run 2'))

  const asked = user('ann', [], { capabilities: { elicitation: { form: {} } } })
  const question = await asked.callTool(server, 'ask')
  t.match(question, { result: { resultType: 'input_required' } })
  t.match(await asked.callTool(server, 'ask'), { result: { resultType: 'input_required' } })
  const { result: { inputRequests } } = untyped<{ result: { inputRequests: object } }>(question)
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => {
    return [key, { action: 'accept', content: { sure: true } }]
  }))
  for (const run of [3, 4]) {
    t.strictSame(await asked.ask(server, 'tools/call', { name: 'ask', inputResponses }), said(`accept run ${run}`))
  }

  const legacy = user('ann', [], {
    era: 'legacy', capabilities: { elicitation: {} }, answer: () => ({ action: 'decline' })
  })
  for (const run of [5, 6]) {
    t.match(await legacy.callTool(server, 'ask'), { result: { content: [{ text: `decline run ${run}` }] } })
  }
})

t.test('changes drop what they touch', async (t) => {
  const server = createCounting()
  const fill = async (): Promise<string> => {
    const answers = [
      await ann.callTool(server, 'count'), await read(server, 'notes://a'), await read(server, 'notes://each/%41')
    ]
    return [...JSON.stringify(answers).matchAll(/run (\d+)/g)].map(([, run]) => run).join()
  }
  t.equal(await fill(), '1,2,3')
  t.equal(await fill(), '1,2,3')

  server.changed({ kind: 'prompts' })
  server.changed({ kind: 'resource', uri: 'no URI' })
  t.equal(await fill(), '1,2,3')
  server.changed({ kind: 'tools' })
  t.equal(await fill(), '4,2,3')
  server.changed({ kind: 'resource', uri: 'notes://each/A' })
  t.equal(await fill(), '4,2,5')
  server.changed({ kind: 'resources' })
  t.equal(await fill(), '4,6,7')
})

t.test('a result that was being made when a change came is not kept', async (t) => {
  const server = createCounting({ tools: ['slow'] })
  const ends: Array<(text: string) => void> = []
  server.registerTool('slow', {}, () => new Promise<string>((resolve) => { ends.push(resolve) }))
  const first = ann.callTool(server, 'slow')
  await nextTurn()
  server.changed({ kind: 'resources' })
  const joined = ann.callTool(server, 'slow')
  await nextTurn()
  t.equal(ends.length, 1, 'a change of something else does not matter')
  server.changed({ kind: 'tools' })
  ends[0]?.('old')
  await nextTurn()
  ends[1]?.('new')
  t.strictSame(await joined, said('new'))
  t.strictSame(await first, said('old'))

  const second = ann.callTool(server, 'slow')
  await nextTurn()
  ends[2]?.('newest')
  t.strictSame(await second, said('newest'))
})

t.test('equal calls at the same time run once, and each runs on its own if the first one fails', async (t) => {
  const server = createCounting({ tools: ['slow'] })
  const ends: Array<(result: unknown) => void> = []
  server.registerTool('slow', {}, () => new Promise<string>((resolve) => { ends.push(untyped(resolve)) }))
  const calls = (): Array<Promise<Answer>> => [1, 2, 3].map(() => ann.callTool(server, 'slow'))

  const failing = calls()
  await nextTurn()
  t.equal(ends.length, 1)
  ends[0]?.({ content: [], isError: true })
  await nextTurn()
  t.equal(ends.length, 3)
  ends[1]?.('b')
  ends[2]?.('c')
  t.match(await Promise.all(failing), [{ result: { isError: true } }, said('b'), said('c')])

  const fine = calls()
  await nextTurn()
  ends[3]?.('d')
  t.strictSame(await Promise.all(fine), [said('d'), said('d'), said('d')])
  t.equal(ends.length, 4)
})

t.test('a result of a client that has left, or that JSON cannot carry, is not kept', async (t) => {
  const server = createCounting({ tools: ['slow', 'big'] })
  const ends: Array<(text: string) => void> = []
  server.registerTool('slow', {}, () => new Promise<string>((resolve) => { ends.push(resolve) }))
  server.registerTool('big', {}, () => untyped({ content: [], _meta: { big: 1n } }))
  const leaving = user('ann')
  const left = leaving.callTool(server, 'slow')
  await nextTurn()
  leaving.disconnect()
  ends[0]?.('partial')
  await left
  const next = ann.callTool(server, 'slow')
  await nextTurn()
  ends[1]?.('whole')
  t.strictSame(await next, said('whole'))
  t.match(await ann.callTool(server, 'big'), { error: { code: -32603 } })
})

t.test('with a store, results longer than maxBytes are not kept', async (t) => {
  const kept: string[] = []
  const store: CacheStore = { get: () => undefined, set: (_key, { text }) => { kept.push(text) }, drop () {} }
  await ann.callTool(createCounting({ store, maxBytes: 20 }), 'count')
  t.strictSame(kept, [])
  await ann.callTool(createCounting({ store }), 'count')
  t.strictSame(kept, ['{"content":[{"type":"text","text":"run 1"}]}'])
})

for (const [what, fail] of [
  ['throws', () => { throw new Error('broken') }],
  ['rejects', async () => { throw new Error('broken') }],
  ['hangs', () => new Promise<never>(() => {})]
] as const) {
  t.test(`with a store that ${what}, calls run as without a cache, and the outage is logged once`, async (t) => {
    const server = createCounting({ store: { get: fail, set: fail, drop: fail }, timeout: 10 })
    const client = user('ann')
    for (let n = 1; n < 5; n++) t.strictSame(await client.callTool(server, 'count'), said(`run ${n}`))
    t.match(client.logged, [{
      level: 'error', msg: 'the store of cacheResults cannot be reached: until it can, calls run as without a cache'
    }])
    t.equal(client.logged.length, 1)
  })
}

t.test('what another program has written to the store is not served', async (t) => {
  for (const text of ['{', '"text"', '7', untyped<string>(7)]) {
    const server = createCounting({ store: { get: () => text, set () {}, drop () {} } })
    t.strictSame(await ann.callTool(server, 'count'), said('run 1'))
  }
})

t.test('what changed during an outage is dropped after it, before the store is used again', async (t) => {
  let isBroken = false
  const kept = new Map<string, string>()
  const check = (): void => { if (isBroken) throw new Error('broken') }
  const store: CacheStore = {
    get (key) { check(); return kept.get(key) },
    set (key, { text }) { check(); kept.set(key, text) },
    drop () { check(); kept.clear() }
  }
  const server = createCounting({ store })
  t.strictSame(await ann.callTool(server, 'count'), said('run 1'))
  isBroken = true
  server.changed({ kind: 'tools' })
  t.strictSame(await ann.callTool(server, 'count'), said('run 2'))
  isBroken = false
  const answers: Answer[] = []
  for (let n = 0; n < 3; n++) answers.push(await ann.callTool(server, 'count'))
  t.notMatch(JSON.stringify(answers), /run 1"/)

  isBroken = true
  for (let n = 0; n < 1100; n++) server.changed({ kind: 'resource', uri: `notes://${n}` })
  isBroken = false
  const later = new Set<string>()
  for (let n = 0; n < 5; n++) later.add(JSON.stringify(await ann.callTool(server, 'count')))
  t.equal(later.size, 5, 'too many changes to remember: the store is not used while they could matter')
})

t.test('a change that comes while the store keeps a result drops it', async (t) => {
  const dropped: string[] = []
  let keep: () => void = () => {}
  const store: CacheStore = {
    get: () => undefined,
    set: () => new Promise((resolve) => { keep = resolve }),
    drop (group) { dropped.push(group) }
  }
  const server = createCounting({ store })
  t.strictSame(await ann.callTool(server, 'count'), said('run 1'))
  t.strictSame(await ann.callTool(server, 'count'), said('run 1'), 'it is used while it is being kept')
  dropped.splice(0)
  server.changed({ kind: 'tools' })
  keep()
  await nextTurn()
  t.strictSame(dropped, ['tools', 'tools'])
})

t.test('nodes share results in Redis, and a change that one of them learns of drops them', { skip: noRedis }, async (t) => {
  const { client } = await useRedis(t)
  const prefix = createPrefix()
  const nodes = [1, 2].map(() => createCounting({ store: redisCache({ client, prefix }) }))
  const [one, two] = nodes as [McpServer<unknown>, McpServer<unknown>]
  const settle = async (): Promise<void> => { for (let n = 0; n < 5; n++) await client.ping() }
  for (let n = 0; n < 5; n++) await ann.callTool(two, 'uncached')

  t.strictSame(await ann.callTool(one, 'count'), said('run 1'))
  t.match(await read(one, 'notes://a'), contents('notes://a', 2))
  await settle()
  t.strictSame(await ann.callTool(two, 'count'), said('run 1'))
  two.changed({ kind: 'resource', uri: 'notes://a' })
  await settle()
  t.match(await read(two, 'notes://a'), contents('notes://a', 6))
  t.strictSame(await ann.callTool(two, 'count'), said('run 1'))
  two.changed({ kind: 'tools' })
  await settle()
  t.strictSame(await ann.callTool(one, 'count'), said('run 3'))
  for (const key of await client.keys(`${prefix}*`)) t.ok(await client.pttl(key) > 0, `${key} expires`)
})

t.test('wrong options are refused', async (t) => {
  for (const [options, message] of [
    [{ ttl: 1 }, "option 'cacheResults.tools' is missing: name what is cached in 'tools' or 'resources'"],
    [{ tools: ['a'] }, /'cacheResults.ttl' must be a time/],
    [{ ttl: 1, resources: [] }, /must be an array of URIs/],
    [{ ttl: 1, tools: ['a'], by: 'user' },
      "option 'cacheResults.by' must be 'principal', 'public' or a function (ctx) => name"],
    [{ ttl: 1, tools: ['a'], store: {} }, /must be a store with get, set and drop/]
  ] as const) t.throws(() => cacheResults(untyped<never>(options)), { code: 'MCP_ERR_INVALID_OPTION', message })
  t.throws(() => redisCache(untyped({ client: {} })), { message: /'redisCache.client' must be a client of Redis/ })
})
