// A flood of registrations, which neither grows the store nor shuts out others.
import { setTimeout as sleep } from 'node:timers/promises'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import t from 'tap'
import { memoryStore, redisStore, type OAuthStore } from '../../lib/oauth/index.ts'
import { createCounts, createWindowLimit, type RegistrationLimit } from '../../lib/oauth/window-limit.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { authorizationUrl, register, registerId } from './manual-client.ts'
import { answer, createStage, LOGIN_PAGE, PUBLIC_URL, REDIRECT_URL, signIn, type Stage } from './stage.ts'

// The windows of the limits begin at multiples of half an hour. None must begin during a flood.
t.before(async () => {
  const window = 30 * 60_000
  const left = window - Date.now() % window
  if (left < 60_000) await sleep(left)
})

/** A limit as a function that resolves to whether an address may begin something. */
function createLimit (limit: Partial<RegistrationLimit>, now: () => number) {
  const take = createWindowLimit('test', { perAddress: 2, total: 100, window: 1000, ...limit }, createCounts(now), now)
  const may = async (addresses: readonly string[]): Promise<readonly boolean[]> => {
    const allowed: boolean[] = []
    for (const address of addresses) allowed.push(await take(address) !== undefined)
    return allowed
  }
  return { take, may }
}

t.test('all addresses of an IPv6 network of 64 bits count as one, and an address of IPv4 as itself', async (t) => {
  const { may } = createLimit({}, () => 0)

  t.same(await may(['2001:db8:1:2::1', '2001:db8:1:2:ffff::2', '2001:db8:1:2::3']), [true, true, false])
  t.same(await may(['2001:db8:1:3::1', '192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1']), [true, true, true, false])
})

t.test('the limits are per window, and a refused registration counts for nothing', async (t) => {
  let time = 0
  const { may } = createLimit({ total: 3 }, () => time)

  t.same(await may(['a', 'a', 'a', 'b', 'b', 'c']), [true, true, false, true, false, false])
  time = 999
  t.same(await may(['c']), [false])
  time = 1000
  t.same(await may(['c']), [true])
})

t.test('what is given back can be taken again, even by another address, but not in a later window', async (t) => {
  let time = 0
  const { take, may } = createLimit({ total: 2 }, () => time)
  const first = await take('a')
  const second = await take('a')
  t.same(await may(['b']), [false])

  await first?.giveBack()
  t.same(await may(['b', 'a']), [true, false])
  time = 1000
  t.same(await may(['b']), [true])
  await second?.giveBack()
  t.same(await may(['b', 'b']), [true, false])
})

t.test('two nodes whose store counts have one limit together', { skip: noRedis }, async (t) => {
  const { client } = await useRedis(t)
  const limits = { registrationLimit: { perAddress: 3 }, signInLimit: { perAddress: 4 } }
  const createNodes = async (): Promise<readonly Stage[]> => {
    const prefix = createPrefix()
    return await Promise.all([1, 2].map(() => createStage(t, { store: redisStore({ client, prefix }), ...limits })))
  }
  const ask = async (nodes: readonly Stage[], request: InjectOptions): Promise<readonly number[]> => {
    const statuses: number[] = []
    for (const { app } of [...nodes, ...nodes, ...nodes]) {
      statuses.push((await app.inject({ remoteAddress: '192.0.2.7', ...request })).statusCode)
    }
    return statuses
  }
  const nodes = await createNodes()
  const url = authorizationUrl(await registerId(nodes[0] as Stage)).slice(PUBLIC_URL.length)
  const payload = JSON.stringify({ redirect_uris: [REDIRECT_URL] })

  t.same(await ask(nodes, { method: 'GET', url }), [303, 303, 303, 303, 429, 429])
  t.same(await ask(nodes, { method: 'POST', url: '/oauth/register', payload }), [201, 201, 201, 429, 429, 429])
})

t.test('a flood of authorization requests grows the store by no more than the limit; others sign in', async (t) => {
  const inner = memoryStore()
  const written = new Set<string>()
  const store: OAuthStore = {
    ...inner,
    set: async (key, value, ttl) => { written.add(key); await inner.set(key, value, ttl) }
  }
  const stage = await createStage(t, { store, signInLimit: { perAddress: 5, total: 12 } })
  const clientId = await registerId(stage)
  const begin = async (remoteAddress: string, url = authorizationUrl(clientId)): Promise<LightMyRequestResponse> =>
    await stage.app.inject({ method: 'GET', url: url.slice(PUBLIC_URL.length), remoteAddress })
  written.clear()

  const one = await Promise.all(Array.from({ length: 30 }, () => begin('192.0.2.1')))
  const growth = written.size
  const wrong: number[] = []
  for (let time = 0; time < 7; time++) wrong.push((await begin('192.0.2.2', authorizationUrl('unknown'))).statusCode)
  const browser = stage.openBrowser()
  const page = await signIn(browser, authorizationUrl(clientId))
  const code = (await answer(browser, page, 'allow')).get('code')
  const all = await Promise.all(Array.from({ length: 30 }, (_one, index) => begin(`198.51.100.${index}`)))

  t.equal(one.filter(({ statusCode }) => statusCode === 303).length, 5)
  const [busy] = one.filter(({ statusCode }) => statusCode === 429)
  t.equal(busy?.headers['retry-after'], '1800')
  t.match(busy?.body, /<h1>Too many sign-ins<\/h1>/)
  t.ok(growth <= 10, `${growth} values for 5 sign-ins`)
  t.same(new Set(wrong), new Set([400]), 'what is refused begins nothing')
  t.ok(code)
  const last = all.filter(({ statusCode }) => statusCode === 303).length
  t.equal(last, 12 - 5 - 2, 'an authorization request and a departure have been counted')
})

t.test('one authorization request cannot depart to the identity provider without end', async (t) => {
  const stage = await createStage(t, { signInLimit: { perAddress: 4 } })
  const browser = stage.openBrowser()
  const { url } = await browser.visit(authorizationUrl(await registerId(stage)))
  t.ok(url.startsWith(LOGIN_PAGE))
  const visit = browser.visited.find((one) => one.includes('/oauth/sign-in/')) ?? ''

  const statuses: number[] = []
  for (let time = 0; time < 4; time++) statuses.push((await browser.request(visit)).status)

  t.same(statuses, [303, 303, 429, 429])
})

t.test('a flood from many addresses grows the store by no more than the total, and ends no sign-in', async (t) => {
  const inner = memoryStore()
  const written = new Set<string>()
  const store: OAuthStore = {
    ...inner,
    set: async (key, value, ttl) => { written.add(key); await inner.set(key, value, ttl) }
  }
  const stage = await createStage(t, { store, registrationLimit: { perAddress: 2, total: 12 } })
  const clientId = await registerId(stage)
  const browser = stage.openBrowser()
  const page = await signIn(browser, authorizationUrl(clientId))
  const before = written.size

  const payload = JSON.stringify({ client_name: 'x'.repeat(5000), redirect_uris: [REDIRECT_URL] })
  const flood = await Promise.all(Array.from({ length: 60 }, async (_one, index) => await stage.app.inject({
    method: 'POST', url: '/oauth/register', payload, remoteAddress: `192.0.2.${index}`
  })))
  const refused = flood.filter(({ statusCode }) => statusCode === 429)

  t.equal(flood.filter(({ statusCode }) => statusCode === 201).length, 11)
  t.equal(refused.length, 49)
  t.ok(refused.every(({ headers }) => Number(headers['retry-after']) > 0))
  t.equal(written.size - before, 11)
  t.ok((await answer(browser, page, 'allow')).has('code'))
})

t.test('a client cannot register more than the server keeps: names are cut, and bodies are limited', async (t) => {
  const stage = await createStage(t)
  const uris = Array.from({ length: 17 }, (_one, index) => `${REDIRECT_URL}/${index}`)

  t.equal(String((await register(stage, { client_name: 'x'.repeat(5000) })).body['client_name']).length, 100)
  t.equal((await register(stage, { redirect_uris: uris })).status, 400)
  t.equal((await register(stage, { redirect_uris: [`${REDIRECT_URL}/${'x'.repeat(2048)}`] })).status, 400)
  t.equal((await register(stage, { client_name: 'x'.repeat(60_000) })).status, 413)
  t.equal((await stage.fetch(`${PUBLIC_URL}/oauth/register`, { method: 'POST', body: 'no JSON' })).status, 400)
})
