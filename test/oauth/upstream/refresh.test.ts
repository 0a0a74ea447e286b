// Races and failures of a refresh, one step at a time.
import t from 'tap'
import { createAccounts } from '../../../lib/oauth/accounts.ts'
import { custom, memoryStore, SignInRefusedError, type UpstreamTokens } from '../../../lib/oauth/index.ts'
import { resolveSettings } from '../../../lib/oauth/settings.ts'
import { createLock } from '../../../lib/oauth/upstream/lock.ts'
import { createUpstream, type Upstream } from '../../../lib/oauth/upstream/upstream.ts'
import { KEY, PUBLIC_URL, type TestUser } from '../stage.ts'

const NOW = 1_900_000_000
const EXPIRED = { accessToken: 'old', refreshToken: 'r1', expiresAt: NOW - 1, scope: 'repo' }
const REQUIRED = { name: 'SignInRequiredError', message: 'The sign-in with the app has ended; sign in again' }

type Refresh = (refreshToken: string) => UpstreamTokens | Promise<UpstreamTokens>

interface Nodes {
  readonly nodes: readonly [Upstream, Upstream]
  readonly accounts: ReturnType<typeof createAccounts>
}

/** Two nodes that share a store, on which ada has signed in. */
async function createNodes (tokens: UpstreamTokens | undefined, refresh?: Refresh): Promise<Nodes> {
  const signIn = custom<TestUser>({
    start: () => ({ url: '/' }),
    finish: () => ({ id: 'ada' }),
    identify: ({ id }) => ({ subject: id, label: id }),
    ...(refresh !== undefined && { refresh })
  })
  const settings = resolveSettings({ publicUrl: PUBLIC_URL, signIn, keys: [KEY], store: memoryStore() })
  const accounts = createAccounts(settings)
  const create = (): Upstream => createUpstream(settings, accounts, () => NOW * 1000)
  const nodes = [create(), create()] as const
  await nodes[0].keep('ada', tokens)
  await accounts.renew(await accounts.admit({ id: 'ada' }))
  return { nodes, accounts }
}

t.test('handlers get the token without the refresh token; what an answer leaves out is as before', async (t) => {
  const asked: string[] = []
  const { nodes: [node, other] } = await createNodes(EXPIRED, (refreshToken) => {
    asked.push(refreshToken)
    return { accessToken: `new ${asked.length}`, tokenType: 'DPoP' }
  })

  t.same(await node.get('ada'), { accessToken: 'new 1', tokenType: 'DPoP', scope: 'repo' })
  t.same(await other.get('ada', { refused: 'new 1' }), { accessToken: 'new 2', tokenType: 'DPoP', scope: 'repo' })
  t.same(await other.get('ada', { refused: 'new 1' }), { accessToken: 'new 2', tokenType: 'DPoP', scope: 'repo' })
  t.same(asked, ['r1', 'r1'])
})

t.test('the refresh tokens of a provider that rotates them are each used once', async (t) => {
  const used: string[] = []
  const { nodes } = await createNodes(EXPIRED, (refreshToken) => {
    used.push(refreshToken)
    const next = used.length + 1
    // Each new token is due at once.
    return { accessToken: `new ${next}`, refreshToken: `r${next}`, expiresAt: NOW + 10 }
  })

  await Promise.all(Array.from({ length: 6 }, async (_none, index) => await nodes[index % 2 === 0 ? 0 : 1].get('ada')))

  t.equal(new Set(used).size, used.length)
})

t.test('a token without a way to refresh it is good until it expires', async (t) => {
  const { nodes: [node], accounts } = await createNodes({ accessToken: 'a', expiresAt: NOW + 1 })
  t.match(await node.get('ada'), { accessToken: 'a', expiresAt: NOW + 1 })
  t.ok(await accounts.find('ada'))

  await node.keep('ada', { accessToken: 'a', expiresAt: NOW })
  await t.rejects(node.get('ada'), REQUIRED)
  t.equal(await accounts.find('ada'), undefined, 'the sign-in has ended')
  await t.rejects(node.get('ada'), REQUIRED)
})

t.test('a refusal of the provider ends the sign-in, any other failure does not', async (t) => {
  let failure: Error = new SignInRefusedError('withdrawn')
  const { nodes: [node], accounts } = await createNodes(EXPIRED, () => { throw failure })

  failure = Object.assign(new Error('fetch failed'), { cause: { code: 'ECONNREFUSED', body: 'r2' } })
  const error = await node.get('ada').catch((error) => error)
  t.equal(error.message, 'the token of the app could not be refreshed: fetch failed (ECONNREFUSED)')
  t.equal(error.cause, undefined, 'the answer of the provider stays out of the log')
  failure = new Error('away')
  await t.rejects(node.get('ada'), { message: 'the token of the app could not be refreshed: away' })
  t.ok(await accounts.find('ada'))

  failure = new SignInRefusedError('withdrawn')
  await t.rejects(node.get('ada'), REQUIRED)
  t.equal(await accounts.find('ada'), undefined)
})

t.test('who signs in again while a refresh runs keeps the new tokens, even if it is refused', async (t) => {
  for (const answer of [{ accessToken: 'refreshed' }, undefined]) {
    const made: Nodes = await createNodes(EXPIRED, async () => {
      await made.nodes[1].keep('ada', { accessToken: 'of the new sign-in' })
      if (answer === undefined) throw new SignInRefusedError('withdrawn')
      return answer
    })

    t.match(await made.nodes[0].get('ada'), { accessToken: 'of the new sign-in' })
    t.match(await made.nodes[1].get('ada'), { accessToken: 'of the new sign-in' })
    t.ok(await made.accounts.find('ada'))
  }
})

t.test('tokens of a wrong shape are not kept', async (t) => {
  const { nodes: [node] } = await createNodes(undefined)
  await t.rejects(node.get('ada'), { name: 'TypeError', message: /keeps no tokens: call 'keepTokens' in its 'finish'/ })

  for (const [wrong, message] of [
    [{}, /'accessToken'/], [{ accessToken: '' }, /'accessToken'/], [null, /'accessToken'/],
    [{ accessToken: 'a', expiresAt: '1' }, /'expiresAt'/], [{ accessToken: 'a', refreshToken: 1 }, /'refreshToken'/],
    [{ accessToken: 'a', scope: ['a'] }, /'scope'/], [{ accessToken: 'a', tokenType: 1 }, /'tokenType'/]
  ] as const) {
    // The wrong type is what the test is about.
    await t.rejects(node.keep('ada', wrong as unknown as UpstreamTokens), { name: 'TypeError', message })
  }
})

t.test('a lock whose holder died is taken over, and a holder that was too slow leaves it to the next', async (t) => {
  let now = 0
  const store = memoryStore({}, () => now)
  const pauses: number[] = []
  const runAlone = createLock(store, async (ms) => { pauses.push(ms); now += ms })
  await store.add('lock:a', 'a node that died', 30_000)

  t.equal(await runAlone('lock:a', async () => 'ran'), 'ran')
  t.ok(pauses.length > 100)

  await runAlone('lock:a', async () => {
    now += 30_000
    await store.add('lock:a', 'the next holder', 30_000)
  })
  t.equal(await store.get('lock:a'), 'the next holder')
})

t.test('who waits for a lock too long gives up', async (t) => {
  const store = memoryStore()
  let pauses = 0
  const runAlone = createLock(store, async () => { pauses++ })
  await store.add('lock:a', 'a holder', 30_000)

  await t.rejects(runAlone('lock:a', async () => 'ran'), { message: /took too long/ })
  t.ok(pauses > 1000)
})
