// What signs users in: an identity provider, or the app itself.

type MaybePromise<T> = T | PromiseLike<T>

/** A sign-in that begins. */
export interface SignInStart {
  /** The URL that the identity provider must send the browser back to. */
  readonly callbackUrl: string
  /** A secret of this sign-in. The browser must bring it back to the callback URL as the query parameter `state`. */
  readonly state: string
  /** Whether the user asks to sign in with another account than before. */
  readonly otherAccount: boolean
}

/** Where a sign-in goes on. */
export interface SignInStarted {
  /** The URL that the browser is sent to. */
  readonly url: string
  /** What `finish` needs to know of this sign-in. It is kept on the server, and must be JSON. @default undefined */
  readonly kept?: unknown
}

/** The tokens that an identity provider has issued for a user. */
export interface UpstreamTokens {
  /** The access token, which handlers get by `ctx.auth.upstream()`. */
  readonly accessToken: string
  /** The scheme of the `Authorization` header that the API expects. @default 'Bearer' */
  readonly tokenType?: string
  /** When the access token expires, in seconds since the epoch. @default never */
  readonly expiresAt?: number
  /** What `refresh` of the sign-in gets. @default none: after `expiresAt` the user signs in again */
  readonly refreshToken?: string
  /** The scopes that were granted, separated by spaces. @default unknown */
  readonly scope?: string
}

/** A browser that has come back. Its `state` has been checked. */
export interface SignInReturn extends Omit<SignInStart, 'otherAccount'> {
  /** The URL that the browser came back to, with its query. */
  readonly url: URL
  /** What `start` kept. */
  readonly kept: unknown
  /**
   * Keeps the tokens of the user for `ctx.auth.upstream()`, encrypted, if the user is let in. They are never sent to
   * clients. A second call replaces the first.
   */
  readonly keepTokens: (tokens: UpstreamTokens) => void
}

/** Who a user is. */
export interface Identity {
  /** The id of the user, which never changes and is never given to another one. */
  readonly subject: string
  /** How the account is called on the consent page, such as an email address. */
  readonly label: string
}

/** A way to sign in: `oidc()`, `github()`, a preset, or `custom()`. */
export interface SignIn<User> {
  /** The name of the identity provider, for messages. */
  readonly name: string
  /** Begins a sign-in. */
  readonly start: (context: SignInStart) => MaybePromise<SignInStarted>
  /**
   * Ends a sign-in, and returns the user, which is kept as JSON, encrypted: `allow` and `claims` get it again when a
   * client refreshes.
   * @throws SignInRefusedError if the user did not sign in.
   */
  readonly finish: (context: SignInReturn) => MaybePromise<User>
  /**
   * Exchanges a refresh token for new tokens. A new refresh token or scope may be left out if the old one stays.
   * @default tokens are not refreshed
   * @throws SignInRefusedError if the provider has withdrawn it: the user must sign in again. After any other error
   * nothing changes, and the call that needs the token fails.
   */
  readonly refresh?: (refreshToken: string) => MaybePromise<UpstreamTokens>
  /**
   * Reads the user of an access token that `finish` or `refresh` returned, as the identity provider has it now. Asked
   * when a client refreshes, if there is `allow` or `claims`.
   * @default those get the user as of the sign-in
   * @throws SignInRefusedError if the provider does not accept the token. After any other error, the user is judged as
   * of the last time.
   */
  readonly readUser?: (accessToken: string) => MaybePromise<User>
  /** Returns who a user is. */
  readonly identify: (user: User) => Identity
}

/**
 * The user did not sign in: cancelled, or may not. Thrown by `finish` of a sign-in; the user sees the message, and the
 * client gets no code. Thrown by `refresh`, it says that the user must sign in again.
 *
 * @example throw new SignInRefusedError('Your account is locked.')
 */
export class SignInRefusedError extends Error {
  override readonly name = 'SignInRefusedError'
  /** The text of the pages that the user sees in place of the message, in the language of the browser. */
  readonly text: 'refused' | 'cancelled' | undefined

  /** @param text The text of the pages that the user sees in place of the message. */
  constructor (message: string, text?: 'refused' | 'cancelled') {
    super(message)
    this.text = text
  }
}
