// Sign-in with GitHub, which is OAuth 2 and an API of its own.
import { createHash, randomBytes } from 'node:crypto'
import { flag, required, text, url, whole } from '../../options/checks.ts'
import { resolve, type TableOf } from '../../options/table.ts'
import { SignInRefusedError, type SignIn } from './sign-in.ts'

/** Options of {@link github}. */
export interface GithubOptions {
  /** The client id of your OAuth app. */
  readonly clientId: string
  /** The client secret of your OAuth app. */
  readonly clientSecret: string
  /**
   * Also reads the organizations and teams of the user, for `allow`. It asks users for the scope `read:org`.
   * @default false
   */
  readonly organizations?: boolean
  /** The URL of a GitHub Enterprise Server. @default 'https://github.com' */
  readonly baseUrl?: string
  /** The URL of its API. @default 'https://api.github.com' */
  readonly apiUrl?: string
  /** How many milliseconds a request to GitHub may take. @default 10000 */
  readonly timeout?: number
}

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

const GITHUB = {
  clientId: required(text()),
  clientSecret: required(text()),
  organizations: flag(false),
  baseUrl: url('https://github.com'),
  apiUrl: url('https://api.github.com'),
  timeout: whole(10_000)
} satisfies TableOf<GithubOptions>

const PAGE_SIZE = 100
const MAX_PAGES = 10

/**
 * Signs users in with GitHub. The access token of GitHub is used to read the user, and is not kept.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 * @example
 * const signIn = github({
 *   clientId: String(process.env.GITHUB_ID),
 *   clientSecret: String(process.env.GITHUB_SECRET)
 * })
 */
export function github (options: GithubOptions): SignIn<GithubUser> {
  const { clientId, clientSecret, organizations, baseUrl, apiUrl, timeout } = resolve(GITHUB, options, 'github.')

  async function askGithub (address: string, init: RequestInit): Promise<unknown> {
    const response = await fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeout) })
    if (!response.ok) throw new Error(`GitHub answered ${new URL(address).pathname} with status ${response.status}`)
    return await response.json()
  }

  const callApi = async (path: string, token: string): Promise<unknown> => await askGithub(apiUrl + path, {
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
      const entries = await callApi(`${path}?per_page=${PAGE_SIZE}&page=${page}`, token)
      if (!Array.isArray(entries)) throw new Error(`GitHub answered ${path} with something that is no list`)
      found.push(...entries)
      if (entries.length < PAGE_SIZE) break
    }
    return found
  }

  async function redeem (code: string, callbackUrl: string, verifier: string): Promise<string> {
    const form = {
      client_id: clientId, client_secret: clientSecret, code, redirect_uri: callbackUrl, code_verifier: verifier
    }
    const headers = { accept: 'application/json' }
    const body = new URLSearchParams(form)
    const answer = await askGithub(`${baseUrl}/login/oauth/access_token`, { method: 'POST', headers, body })
    // GitHub reports a refusal with status 200.
    const { access_token: token, error }: Record<string, unknown> = Object(answer)
    if (typeof token !== 'string' || token === '') throw new Error(`GitHub gave no token: ${String(error)}`)
    return token
  }

  return Object.freeze<SignIn<GithubUser>>({
    name: 'GitHub',
    start ({ callbackUrl, state }) {
      const verifier = randomBytes(32).toString('base64url')
      const url = new URL(`${baseUrl}/login/oauth/authorize`)
      url.search = new URLSearchParams({
        client_id: clientId,
        redirect_uri: callbackUrl,
        scope: organizations ? 'read:user read:org' : 'read:user',
        state,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256'
      }).toString()
      return { url: url.href, kept: verifier }
    },
    async finish ({ url, callbackUrl, kept }) {
      if (url.searchParams.get('error') === 'access_denied') throw new SignInRefusedError('You cancelled the sign-in.')
      const token = await redeem(String(url.searchParams.get('code')), callbackUrl, String(kept))
      const { id, login, name }: Record<string, unknown> = Object(await callApi('/user', token))
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
    },
    identify: ({ id, login }: GithubUser) => ({ subject: String(id), label: login })
  })
}
