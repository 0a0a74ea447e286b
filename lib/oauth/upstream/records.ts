// The tokens of users, as they are kept. All clients of a user share them, as they share the account.
import type { UpstreamToken } from '../../auth/auth-info.ts'
import { MCP_ERR_NO_UPSTREAM_TOKEN, SignInRequiredError } from '../../errors.ts'
import { upstreamKey, type Accounts } from '../accounts.ts'
import type { ServerSettings } from '../settings.ts'
import type { UpstreamTokens } from '../sign-in/sign-in.ts'

/** Finds the accounts of users, and ends sign-ins. */
export type SignIns = Pick<Accounts, 'find' | 'end'>

/** Keeps the tokens of users. */
export interface Records {
  /** Keeps the tokens of a user; undefined if the sign-in has none. */
  write (subject: string, tokens: UpstreamTokens | undefined): Promise<void>
  /**
   * @throws SignInRequiredError if they are gone, MCP_ERR_NO_UPSTREAM_TOKEN if an identity provider has asserted the
   * user, who never signed in, and TypeError if the sign-in has none.
   */
  read (subject: string): Promise<UpstreamTokens>
  /** Ends the sign-in of a user: no refresh token and no session gets anything until the user signs in again. */
  end (subject: string): Promise<never>
}

/** Creates the keeper of tokens. */
export function createRecords ({ store, signIn: { name }, lifetimes }: ServerSettings, accounts: SignIns): Records {
  // A client may begin at the end of the browser's session, and then refresh for the lifetime of a grant.
  const ttl = lifetimes.session + lifetimes.grant

  async function end (subject: string): Promise<never> {
    await accounts.end(subject)
    throw new SignInRequiredError(`The sign-in with ${name} has ended; sign in again`)
  }

  return {
    end,
    async write (subject, tokens) {
      await store.set(upstreamKey(subject), JSON.stringify(tokens === undefined ? null : checkTokens(tokens)), ttl)
    },
    async read (subject) {
      const text = await store.get(upstreamKey(subject))
      if (text === undefined) {
        // A sign-in keeps tokens with the account, and both end together.
        if (await accounts.find(subject) !== undefined) throw new MCP_ERR_NO_UPSTREAM_TOKEN(name)
        return await end(subject)
      }
      const kept = JSON.parse(text) as UpstreamTokens | null // written by write
      if (kept === null) throw new TypeError(`sign-in with ${name} keeps no tokens: call 'keepTokens' in its 'finish'`)
      return kept
    }
  }
}

function checkTokens (tokens: UpstreamTokens): UpstreamTokens {
  const { accessToken, expiresAt, ...rest }: { readonly [name in keyof UpstreamTokens]?: unknown } = Object(tokens)
  const isOptionalText = (name: 'tokenType' | 'refreshToken' | 'scope'): boolean =>
    rest[name] === undefined || typeof rest[name] === 'string'
  if (typeof accessToken !== 'string' || accessToken === '') throw new TypeError("tokens need 'accessToken', a string")
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) {
    throw new TypeError("'expiresAt' of tokens must be a number of seconds")
  }
  if (!(['tokenType', 'refreshToken', 'scope'] as const).every(isOptionalText)) {
    throw new TypeError("'tokenType', 'refreshToken' and 'scope' of tokens must be strings")
  }
  return tokens
}

/** Returns the tokens after a refresh. RFC 6749 5.1 and 6: what the answer leaves out is as before. */
export function refreshTokens ({ refreshToken, scope }: UpstreamTokens, fresh: UpstreamTokens): UpstreamTokens {
  return { ...(refreshToken !== undefined && { refreshToken }), ...(scope !== undefined && { scope }), ...fresh }
}

/** Returns what a handler gets, which is not the refresh token. */
export function toUpstreamToken (
  { accessToken, tokenType = 'Bearer', expiresAt, scope }: UpstreamTokens
): UpstreamToken {
  return Object.freeze({
    accessToken, tokenType, ...(expiresAt !== undefined && { expiresAt }), ...(scope !== undefined && { scope })
  })
}
