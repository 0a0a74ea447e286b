// Speaks with GitHub: exchanges codes for tokens, and reads users.

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
  /** Exchanges a code for an access token. */
  redeem (code: string, callbackUrl: string, verifier: string): Promise<string>
  /** Reads the user of an access token. @param organizations Whether to read organizations and teams as well. */
  readUser (token: string, organizations: boolean): Promise<GithubUser>
}

const PAGE_SIZE = 100
const MAX_PAGES = 10

/** Creates the requests of an app. All of them reject if GitHub answers with anything but what it documents. */
export function createGithubApi ({ clientId, clientSecret, baseUrl, apiUrl, timeout }: GithubApp): GithubApi {
  async function ask (address: string, init: RequestInit): Promise<unknown> {
    const response = await fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeout) })
    if (!response.ok) throw new Error(`GitHub answered ${new URL(address).pathname} with status ${response.status}`)
    return await response.json()
  }

  const call = async (path: string, token: string): Promise<unknown> => await ask(apiUrl + path, {
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

  return {
    async redeem (code, callbackUrl, verifier) {
      const form = {
        client_id: clientId, client_secret: clientSecret, code, redirect_uri: callbackUrl, code_verifier: verifier
      }
      const headers = { accept: 'application/json' }
      const body = new URLSearchParams(form)
      const answer = await ask(`${baseUrl}/login/oauth/access_token`, { method: 'POST', headers, body })
      // GitHub reports a refusal with status 200.
      const { access_token: token, error }: Record<string, unknown> = Object(answer)
      if (typeof token !== 'string' || token === '') throw new Error(`GitHub gave no token: ${String(error)}`)
      return token
    },
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
