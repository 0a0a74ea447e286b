// Speaks with GitHub: exchanges codes for tokens, and reads users.
import { SignInRefusedError, type UpstreamTokens } from './sign-in.ts'
import { toUpstreamTokens, type TokenResponse } from './token-response.ts'

/** A user of GitHub. */
export interface GithubUser {
  /** The id of the account, which never changes. */
  readonly id: number
  /** The name of the account. It can be changed, and then taken by somebody else. */
  readonly login: string
  /** The name that the user has written in the profile. */
  readonly name?: string
  /** The logins of the user's organizations; empty without the option `organizations`. */
  readonly organizations: readonly string[]
  /** The user's teams as `organization/team`; empty without the option `organizations`. */
  readonly teams: readonly string[]
}

/** Where GitHub is, and which app asks. */
export interface GithubApp {
  readonly clientId: string
  readonly clientSecret: string
  readonly baseUrl: string
  readonly apiUrl: string
  /** How many milliseconds a request may take. */
  readonly timeout: number
}

/** The requests to GitHub that a sign-in needs. */
export interface GithubApi {
  /** Exchanges a code for the tokens of a user. */
  redeem (code: string, callbackUrl: string, verifier: string): Promise<UpstreamTokens>
  /** Exchanges a refresh token. @throws SignInRefusedError if GitHub has withdrawn it. */
  refresh (refreshToken: string): Promise<UpstreamTokens>
  /**
   * Reads the user of an access token.
   * @param organizations Whether to read organizations and teams as well.
   * @throws SignInRefusedError if GitHub does not accept the token.
   */
  readUser (token: string, organizations: boolean): Promise<GithubUser>
}

const PAGE_SIZE = 100
const MAX_PAGES = 10

/** Creates the requests of an app. All of them reject if GitHub answers with anything but what it documents. */
export function createGithubApi ({ clientId, clientSecret, baseUrl, apiUrl, timeout }: GithubApp): GithubApi {
  const call = async (path: string, token: string): Promise<unknown> => await ask(apiUrl + path, timeout, {
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'user-agent': 'fastify-mcp-mount',
      'x-github-api-version': '2022-11-28'
    }
  })

  async function list (path: string, token: string): Promise<readonly unknown[]> {
    const found: unknown[] = []
    for (let page = 1; page <= MAX_PAGES; page++) {
      const entries = await call(`${path}?per_page=${PAGE_SIZE}&page=${page}`, token)
      if (!Array.isArray(entries)) throw new Error(`GitHub answered ${path} with something that is no list`)
      found.push(...entries)
      if (entries.length < PAGE_SIZE) break
    }
    return found
  }

  async function askToken (form: Readonly<Record<string, string>>): Promise<UpstreamTokens> {
    const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form })
    const headers = { accept: 'application/json' }
    const answer = await ask(`${baseUrl}/login/oauth/access_token`, timeout, { method: 'POST', headers, body })
    // GitHub reports a refusal with status 200.
    const { access_token: token, error }: Record<string, unknown> = Object(answer)
    if (error === 'bad_refresh_token') throw new SignInRefusedError('GitHub has withdrawn the refresh token')
    if (typeof token !== 'string' || token === '') throw new Error(`GitHub gave no token: ${String(error)}`)
    return toUpstreamTokens(answer as TokenResponse) // GitHub's token has been checked; the rest as documented
  }

  return {
    redeem: async (code, callbackUrl, verifier) =>
      await askToken({ code, redirect_uri: callbackUrl, code_verifier: verifier }),
    refresh: async (refreshToken) => await askToken({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    async readUser (token, organizations) {
      const { id, login, name }: Record<string, unknown> = Object(await call('/user', token))
      if (!Number.isSafeInteger(id) || typeof login !== 'string') throw new Error('GitHub answered /user with no user')
      const [orgs, teams] = organizations
        ? await Promise.all([list('/user/orgs', token), list('/user/teams', token)])
        : [[], []]
      return Object.freeze({
        id: Number(id),
        login,
        ...(typeof name === 'string' && { name }),
        organizations: orgs.map((org) => String(Object(org).login)),
        teams: teams.map((team) => `${String(Object(Object(team).organization).login)}/${String(Object(team).slug)}`)
      })
    }
  }
}

async function ask (address: string, timeout: number, init: RequestInit): Promise<unknown> {
  const response = await fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeout) })
  const isForToken = init.method === 'POST'
  if (response.status === 401 && !isForToken) throw new SignInRefusedError('GitHub does not accept the token')
  // RFC 6749 5.2: the token endpoint may answer a refusal with 400, although GitHub documents 200.
  if (!response.ok && !(isForToken && response.status === 400)) {
    throw new Error(`GitHub answered ${new URL(address).pathname} with status ${response.status}`)
  }
  return await response.json()
}
