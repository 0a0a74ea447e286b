// Users who lose access after they have signed in.
import t, { type Test } from 'tap'
import { custom, github, SignInRefusedError, type AuthorizationServerOptions } from '../../lib/oauth/index.ts'
import { createGithub, type FakeGithub } from './fake-github.ts'
import { authorizationUrl, callMount, redeem, refresh, registerId, type Answered } from './manual-client.ts'
import { answer, createStage, LOGIN_PAGE, NOTES, signIn, testSignIn, type Stage, type TestUser } from './stage.ts'

const ENDED = { status: 400, body: { error: 'invalid_grant' } }
const ASKED = { scope: 'notes:read notes:write' }

interface SignedIn {
  readonly stage: Stage
  readonly id: string
  readonly browser: ReturnType<Stage['openBrowser']>
  /** Refreshes with the refresh token of the last answer. */
  readonly next: () => Promise<Answered>
  /** Uses the access token of the last answer, and resolves to the status. */
  readonly use: () => Promise<number>
}

async function createSignedIn (t: Test, options: Partial<AuthorizationServerOptions<TestUser>>): Promise<SignedIn> {
  const stage = await createStage(t, options)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const page = await signIn(browser, authorizationUrl(id, ASKED))
  let last = await redeem(stage, id, (await answer(browser, page, 'allow')).get('code'))
  let { access_token: access, refresh_token: token } = last.body
  return {
    stage,
    id,
    browser,
    async next () {
      last = await refresh(stage, id, token)
      token = last.body['refresh_token'] ?? token
      access = last.body['access_token'] ?? access
      return last
    },
    use: async () => await callMount(stage, NOTES, access)
  }
}

function claimsOf ({ body }: Answered): Record<string, unknown> {
  return JSON.parse(String(Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url')))
}

t.test('who is no longer allowed in cannot refresh or use access tokens, and the browser is signed out', async (t) => {
  const team = new Set(['ada'])
  const { stage, browser, next, use } = await createSignedIn(t, {
    allow: ({ id }) => team.has(id), refusedText: 'Ask the team.', signIn: testSignIn
  })
  t.equal((await next()).status, 200)

  t.equal(await use(), 200)

  team.clear()
  t.match(await next(), ENDED)
  t.equal(await use(), 401)
  const other = await registerId(stage)
  t.ok((await browser.visit(authorizationUrl(other))).url.startsWith(LOGIN_PAGE))
  t.match(await signIn(browser, authorizationUrl(other)), { status: 403, text: /Ask the team\./ })
})

t.test('claims are asked for again: a user may lose scopes, and tokens have what is true now', async (t) => {
  let scopes = ['notes:read', 'notes:write']
  const { next } = await createSignedIn(t, { claims: () => ({ scopes, extra: { count: scopes.length } }) })
  t.match(claimsOf(await next()), { scope: 'notes:read notes:write', count: 2, aud: NOTES })

  scopes = ['notes:read']
  const after = claimsOf(await next())
  t.match(after, { scope: 'notes:read', count: 1 })
})

t.test('while allow fails, refreshing fails, and nothing ends', async (t) => {
  let isBroken = false
  const { next } = await createSignedIn(t, {
    allow: () => {
      if (isBroken) throw new Error('the database is away')
      return true
    }
  })
  isBroken = true
  t.equal((await next()).status, 500)
  isBroken = false
  t.equal((await next()).status, 200)
})

async function createTeam (t: Test): Promise<{ hub: FakeGithub, signedIn: SignedIn }> {
  const hub = await createGithub(t)
  const app = { clientId: 'a', clientSecret: 'github secret', organizations: true, ...hub.urls }
  const signedIn = await createSignedIn(t, {
    // The stage is typed by another sign-in.
    signIn: github(app) as never,
    allow: ((user: { teams: readonly string[] }) => user.teams.includes('acme/platform')) as never
  })
  return { hub, signedIn }
}

t.test('who leaves the team at GitHub cannot refresh', async (t) => {
  const { hub, signedIn: { next } } = await createTeam(t)
  t.equal((await next()).status, 200)

  hub.teams.clear()
  t.match(await next(), ENDED)
})

t.test('who withdraws the app at GitHub cannot refresh or use access tokens', async (t) => {
  const { hub, signedIn: { next, use } } = await createTeam(t)
  t.equal(await use(), 200)

  hub.tokens.clear()
  t.match(await next(), ENDED)
  t.equal(await use(), 401)
})

t.test('while GitHub fails, the user is judged as of the last time, and the log says so', async (t) => {
  const { hub, signedIn: { next, stage } } = await createTeam(t)
  hub.teams.clear()

  hub.fail(503)
  t.equal((await next()).status, 200)
  t.match(stage.warnings.join('\n'), /^GitHub could not be asked about a user, who is judged as of the last time$/m)
  hub.fail(undefined)
  t.match(await next(), ENDED)
})

t.test('a sign-in of the app reads its users with other tokens if one is refused, and never another user', async (t) => {
  const readers: string[] = []
  let found = 'ada'
  const { next } = await createSignedIn(t, {
    allow: () => true,
    signIn: custom<TestUser>({
      start: testSignIn.start,
      finish: ({ keepTokens }) => {
        keepTokens({ accessToken: 'first', refreshToken: 'r' })
        return { id: 'ada' }
      },
      refresh: () => ({ accessToken: 'second' }),
      readUser (token) {
        readers.push(token)
        if (token === 'first') throw new SignInRefusedError('the token is not accepted')
        return { id: found }
      },
      identify: testSignIn.identify
    })
  })
  t.equal((await next()).status, 200)
  t.same(readers, ['first', 'second'])

  found = 'eve'
  t.match(await next(), ENDED)
})
