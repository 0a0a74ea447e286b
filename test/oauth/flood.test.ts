// A flood of registrations, which neither grows the store nor shuts out others.
import t from 'tap'
import { memoryStore, type OAuthStore } from '../../lib/oauth/index.ts'
import { createRegistrationLimit } from '../../lib/oauth/registration-limit.ts'
import { authorizationUrl, register, registerId } from './manual-client.ts'
import { answer, createStage, PUBLIC_URL, REDIRECT_URL, signIn } from './stage.ts'

t.test('all addresses of an IPv6 network of 64 bits count as one, and an address of IPv4 as itself', async (t) => {
  const mayRegister = createRegistrationLimit({ perAddress: 2, total: 100, window: 1000 }, () => 0)

  t.same(['2001:db8:1:2::1', '2001:db8:1:2:ffff::2', '2001:db8:1:2::3'].map(mayRegister), [true, true, false])
  t.same(['2001:db8:1:3::1', '192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1'].map(mayRegister), [true, true, true, false])
})

t.test('the limits are per window, and a refused registration counts for nothing', async (t) => {
  let time = 0
  const mayRegister = createRegistrationLimit({ perAddress: 2, total: 3, window: 1000 }, () => time)

  t.same(['a', 'a', 'a', 'b', 'b', 'c'].map(mayRegister), [true, true, false, true, false, false])
  time = 999
  t.notOk(mayRegister('c'))
  time = 1000
  t.ok(mayRegister('c'))
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
