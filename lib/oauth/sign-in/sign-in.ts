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

/** A browser that has come back. Its `state` has been checked. */
export interface SignInReturn extends Omit<SignInStart, 'otherAccount'> {
  /** The URL that the browser came back to, with its query. */
  readonly url: URL
  /** What `start` kept. */
  readonly kept: unknown
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
  /** Ends a sign-in, and returns the user. @throws SignInRefusedError if the user did not sign in. */
  readonly finish: (context: SignInReturn) => MaybePromise<User>
  /** Returns who a user is. */
  readonly identify: (user: User) => Identity
}

/**
 * The user did not sign in: cancelled, or may not. Thrown by `finish` of a sign-in; the user sees the message, and the
 * client gets no code.
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
