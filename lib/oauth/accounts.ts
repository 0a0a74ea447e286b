// The users who have signed in: what tokens say about them, and what the consent page shows.
import type { UserClaims } from './options.ts'
import type { ServerSettings } from './settings.ts'
import { SignInRefusedError } from './sign-in/sign-in.ts'

/** A user who has signed in. */
export interface Account {
  readonly subject: string
  readonly label: string
  /** The scopes that the user may grant; undefined for all. */
  readonly scopes?: readonly string[]
  readonly extra: Readonly<Record<string, unknown>>
  /** The user, as the sign-in returned it: what `allow` and `claims` are asked about again. */
  readonly user: unknown
}

// RFC 9068 2.2 and RFC 7519 4.1: claims that the server itself writes, or that change what a token stands for.
const RESERVED = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'scope', 'scp', 'cnf', 'act', 'may_act',
  'azp', 'cid', 'auth_time', 'authorization_details', 'token_use', 'gid', 'ep']

/** Keeps the accounts of an authorization server. */
export interface Accounts {
  /**
   * Admits a user who has signed in, and returns the account, which `renew` keeps.
   * @throws SignInRefusedError if the user may not come in.
   */
  admit (user: unknown): Promise<Account>
  /** Returns the account of a subject; undefined if it has expired. */
  find (subject: string): Promise<Account | undefined>
  /**
   * Forgets an account, with the tokens of the identity provider: its refresh tokens and sessions get nothing until the
   * user signs in again.
   */
  end (subject: string): Promise<void>
  /** Keeps an account for as long as a refresh token that is issued now. */
  renew (account: Account): Promise<void>
}

/** The key of the tokens that the identity provider has issued for a user. */
export const upstreamKey = (subject: string): string => `upstream:${subject}`

/** Creates the accounts of an authorization server. */
export function createAccounts (
  { store, signIn, allow, claims, clients, lifetimes }: ServerSettings
): Accounts {
  // A code and a session may outlive short refresh tokens.
  const ttl = Math.max(lifetimes.refreshToken, lifetimes.session) + lifetimes.accessToken
  const keyOf = (subject: string): string => `account:${subject}`

  return {
    async renew (account) {
      await store.set(keyOf(account.subject), JSON.stringify(account), ttl)
    },
    async end (subject) {
      await Promise.all([store.take(upstreamKey(subject)), store.take(keyOf(subject))])
    },
    async admit (user) {
      if (allow !== undefined && await allow(user) !== true) {
        throw new SignInRefusedError('the user is not allowed in', 'refused')
      }
      const { subject, label } = signIn.identify(user)
      if (typeof subject !== 'string' || subject === '') throw new TypeError("'identify' returned no 'subject'")
      // RFC 9068 5: a user must not pass for a client that acts for itself.
      if (clients.some(({ clientId }) => clientId === subject)) throw new TypeError("'subject' is the id of a client")
      const { scopes, extra = {} }: UserClaims = await claims?.(user) ?? {}
      const reserved = Object.keys(extra).find((name) => RESERVED.includes(name))
      if (reserved !== undefined) throw new TypeError(`'claims' must not return '${reserved}' in 'extra'`)
      return { subject, label: String(label), extra, user, ...(scopes !== undefined && { scopes }) }
    },
    async find (subject) {
      const kept = await store.get(keyOf(subject))
      return kept === undefined ? undefined : JSON.parse(kept) as Account // written by renew
    }
  }
}
