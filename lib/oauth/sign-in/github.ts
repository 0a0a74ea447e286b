// Sign-in with GitHub, which is OAuth 2 and an API of its own.
import { createHash, randomBytes } from 'node:crypto'
import { flag, required, scopes, text, url, whole } from '../../options/checks.ts'
import { resolve, type TableOf } from '../../options/table.ts'
import { createGithubApi, type GithubUser } from './github-api.ts'
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
  /**
   * More scopes to ask users for, such as `repo`, for the token of `ctx.auth.upstream()`. A GitHub App asks for none,
   * as it has the permissions of its settings.
   * @default []
   */
  readonly scopes?: readonly string[]
  /** The URL of a GitHub Enterprise Server. @default 'https://github.com' */
  readonly baseUrl?: string
  /** The URL of its API. @default 'https://api.github.com' */
  readonly apiUrl?: string
  /** How many milliseconds a request to GitHub may take. @default 10000 */
  readonly timeout?: number
}

const GITHUB = {
  clientId: required(text()),
  clientSecret: required(text()),
  organizations: flag(false),
  scopes: scopes([]),
  baseUrl: url('https://github.com'),
  apiUrl: url('https://api.github.com'),
  timeout: whole(10_000)
} satisfies TableOf<GithubOptions>

/**
 * Signs users in with GitHub. Handlers get the access token of GitHub by `ctx.auth.upstream()`.
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
  const resolved = resolve(GITHUB, options, 'github.')
  const { clientId, organizations, scopes: more, baseUrl } = resolved
  const api = createGithubApi(resolved)

  return Object.freeze<SignIn<GithubUser>>({
    name: 'GitHub',
    start ({ callbackUrl, state, otherAccount }) {
      const verifier = randomBytes(32).toString('base64url')
      const url = new URL(`${baseUrl}/login/oauth/authorize`)
      url.search = new URLSearchParams({
        client_id: clientId,
        redirect_uri: callbackUrl,
        scope: ['read:user', ...(organizations ? ['read:org'] : []), ...more].join(' '),
        state,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...(otherAccount && { prompt: 'select_account' })
      }).toString()
      return { url: url.href, kept: verifier }
    },
    async finish ({ url, callbackUrl, kept, keepTokens }) {
      if (url.searchParams.get('error') === 'access_denied') {
        throw new SignInRefusedError('the user cancelled', 'cancelled')
      }
      const tokens = await api.redeem(String(url.searchParams.get('code')), callbackUrl, String(kept))
      keepTokens(tokens)
      return await api.readUser(tokens.accessToken, organizations)
    },
    refresh: api.refresh,
    readUser: async (accessToken) => await api.readUser(accessToken, organizations),
    identify: ({ id, login }: GithubUser) => ({ subject: String(id), label: login })
  })
}
