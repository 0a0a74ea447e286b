// A GitHub with one user, which answers as its documentation says.
import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import type { Test } from 'tap'

/** A GitHub under test. */
export interface FakeGithub {
  readonly urls: { readonly baseUrl: string, readonly apiUrl: string }
  /** The scopes that the app has asked for. */
  readonly asked: string[]
  /** The access tokens that are good. */
  readonly tokens: Set<string>
  /** The refresh tokens that are good. */
  readonly refreshTokens: Set<string>
  /** The teams of the user, as `organization/team`. */
  readonly teams: Set<string>
  /** Makes its API answer with a status; undefined ends that. */
  fail (status: number | undefined): void
}

/**
 * Starts a GitHub.
 * @param isApp Whether it knows the app as a GitHub App, whose tokens expire.
 */
export async function createGithub (t: Test, isApp = false): Promise<FakeGithub> {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
  const challenges = new Map<string, string>()
  const asked: string[] = []
  const [tokens, refreshTokens] = [new Set<string>(), new Set<string>()]
  const teams = new Set(['acme/platform'])
  let issued = 0
  let failure: number | undefined

  function issue (): object {
    const id = String(++issued).padStart(36, '0')
    // GitHub: after a refresh, neither the old token nor the old refresh token works.
    tokens.clear()
    tokens.add(`gho_${id}`)
    if (!isApp) return { access_token: `gho_${id}`, scope: 'read:org,read:user', token_type: 'bearer' }
    refreshTokens.clear()
    refreshTokens.add(`ghr_${id}`)
    return {
      access_token: `gho_${id}`,
      expires_in: 28_800,
      refresh_token: `ghr_${id}`,
      refresh_token_expires_in: 15_897_600,
      scope: '',
      token_type: 'bearer'
    }
  }

  app.get<{ Querystring: Record<string, string> }>('/login/oauth/authorize', async ({ query }, reply) => {
    const { redirect_uri: to, state = '', code_challenge: challenge = '', scope = '' } = query
    const code = `code-${challenges.size}`
    challenges.set(code, challenge)
    asked.push(scope)
    const answered = scope.startsWith('read:user read:org') ? { code, state } : { error: 'access_denied', state }
    return reply.redirect(`${to}?${new URLSearchParams(answered)}`, 302)
  })
  app.post<{ Body: Record<string, string> }>('/login/oauth/access_token', async ({ body, headers }) => {
    t.equal(headers.accept, 'application/json')
    const isKnown = body['client_secret'] === 'github secret'
    if (body['grant_type'] === 'refresh_token') {
      if (isKnown && refreshTokens.has(String(body['refresh_token']))) return issue()
      return { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' }
    }
    const challenge = createHash('sha256').update(String(body['code_verifier'])).digest('base64url')
    return isKnown && challenges.get(String(body['code'])) === challenge
      ? issue()
      : { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' }
  })
  app.register(async (api) => {
    api.addHook('onRequest', async ({ headers }, reply) => {
      if (failure !== undefined) return reply.code(failure).send({ message: 'No server is currently available' })
      const isGood = tokens.has(String(headers.authorization).slice('Bearer '.length))
      if (!isGood) return reply.code(401).send({ message: 'Bad credentials' })
    })
    api.get('/user', async () => ({ login: 'octocat', id: 583231, name: 'The Octocat', type: 'User' }))
    api.get('/user/orgs', async () => [{ login: 'acme', id: 1 }])
    api.get('/user/teams', async () => [...teams].map((name) => {
      const [login, slug] = name.split('/')
      return { slug, organization: { login } }
    }))
  }, { prefix: '/api' })
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
  return { urls: { baseUrl, apiUrl: `${baseUrl}/api` }, asked, tokens, refreshTokens, teams, fail: (status) => { failure = status } }
}
