// The options of the authorization server. `settings.ts` checks and completes them.
import type { AssertionIssuer } from './assertion-issuers.ts'
import type { LanguageHeaders } from './pages/language.ts'
import type { PageColors } from './pages/look.ts'
import type { PageTexts } from './pages/texts.ts'
import type { KnownClient } from './known-clients.ts'
import type { SignIn } from './sign-in/sign-in.ts'
import type { OAuthStore } from './store.ts'
import type { RegistrationLimit, SignInLimit } from './window-limit.ts'

type MaybePromise<T> = T | PromiseLike<T>

/** The claims of a user in tokens. */
export interface UserClaims {
  /** The scopes that the user may grant; undefined for all. */
  readonly scopes?: readonly string[]
  /**
   * More claims of the access token, which handlers find in `ctx.auth.extra`. Every client of the user can read them.
   */
  readonly extra?: Readonly<Record<string, unknown>>
}

/** How long things last, in milliseconds. */
export interface Lifetimes {
  /** How long an access token is good for, unless access is withdrawn. @default 900000, 15 minutes */
  readonly accessToken?: number
  /** How long a refresh token is good for. Each use gives a new one. @default 2592000000, 30 days */
  readonly refreshToken?: number
  /** How long refreshing works after the user has consented. @default 15552000000, 180 days */
  readonly grant?: number
  /** How long the browser of a user stays signed in for other clients. @default 3600000, one hour */
  readonly session?: number
  /** How long consent is remembered. @default 7776000000, 90 days */
  readonly consent?: number
  /** How long a registered client is kept before the first sign-in with it. @default 86400000, one day */
  readonly unusedClient?: number
}

/** Options of {@link authorizationServer}. */
export interface AuthorizationServerOptions<User> {
  /** The public URL of the app, the same as that of the mounts. It is the issuer of the tokens. */
  readonly publicUrl: string
  /** How users sign in: `oidc()`, `github()`, a preset such as `google()`, or `custom()`. */
  readonly signIn: SignIn<User>
  /**
   * Secrets of at least 32 characters, from which all keys are derived. The first one signs and encrypts, all of them
   * verify and decrypt: put a new secret first, and remove the old one when what it encrypted has expired
   * (`lifetimes.grant`). Users whose sign-in it encrypted sign in again if it is removed earlier.
   */
  readonly keys: readonly string[]
  /**
   * Decides who gets in: at a sign-in, and again whenever a client refreshes, with the user as of the sign-in or, for
   * `github()`, as GitHub has it now. `false` then ends the sign-in.
   * @default everybody who can sign in at the identity provider
   */
  readonly allow?: (user: User) => MaybePromise<boolean>
  /**
   * Maps a user to the claims of tokens, whenever `allow` is asked.
   * @default no restriction of scopes, and no more claims
   */
  readonly claims?: (user: User) => MaybePromise<UserClaims>
  /** The scopes of all mounts, each with the words that the consent page shows for it. @default {} */
  readonly scopes?: Readonly<Record<string, string>>
  /**
   * Where sign-ins, clients and refresh tokens are kept, encrypted, under keys that are hashed.
   * @default memoryStore()
   */
  readonly store?: OAuthStore
  /** The name of the app on its pages. @default the host of `publicUrl` */
  readonly name?: string
  /** The logo of the app on its pages: an https URL, or a `data:image/…` URL of at most 64 KiB. @default none */
  readonly logo?: string
  /** The colours of the pages. @default a blue accent */
  readonly colors?: PageColors
  /** The text that a refused user reads in English. @default 'Ask the administrator of this app for access.' */
  readonly refusedText?: string
  /**
   * The pages in other languages, by language tags such as `de` or `pt-BR`. Each browser gets its first choice in
   * `Accept-Language` that is among them, or else English.
   * @default {}
   */
  readonly texts?: Readonly<Record<string, PageTexts>>
  /**
   * Returns the language of the pages for a request, for example the user's choice in a cookie. Returns undefined to
   * decide by `Accept-Language`.
   * @default the language that `Accept-Language` wants most
   */
  readonly language?: (headers: LanguageHeaders) => string | undefined
  /**
   * When the user is asked for consent: at every sign-in; once for a client, its redirect URI and scopes; or not at all
   * for the clients in `trusted`, and once for all others. Clients on the user's own device are always asked for, as
   * any other program there can use their client id (RFC 8252 8.6).
   * @default 'remember'
   */
  readonly consent?: 'always' | 'remember' | 'skip-for-trusted'
  /**
   * The ids of clients that get access without consent. Each is the id of one of `clients`, or the URL of a metadata
   * document. A client that has registered itself cannot be among them, as anybody can register any name.
   * @default []
   */
  readonly trusted?: readonly string[]
  /** Clients that need not register. @default [] */
  readonly clients?: readonly KnownClient[]
  /** Whether clients may register themselves (RFC 7591). @default true */
  readonly registration?: boolean
  /**
   * How often clients may register, on all nodes together if the store can count.
   * @default { perAddress: 20, total: 1000, window: 3600000 }
   */
  readonly registrationLimit?: Partial<RegistrationLimit>
  /**
   * How many sign-ins may begin in half an hour, on all nodes together if the store can count. Beyond that, browsers
   * get 429 and a page.
   * @default { perAddress: 1000, total: 20000 }
   */
  readonly signInLimit?: Partial<SignInLimit>
  /** Whether clients may use the https URL of a metadata document as their id. @default true */
  readonly clientDocuments?: boolean
  /**
   * Fetches such a document, in place of the built-in fetch, for an egress proxy or a test. It must refuse addresses
   * inside of your network.
   * @default a fetch over https from public addresses, of at most 16 KiB in 2.5 seconds
   */
  readonly fetchClientDocument?: (url: string) => Promise<Response>
  /** Schemes of apps that are accepted in redirect URIs, without the colon, such as `cursor`. @default [] */
  readonly customSchemes?: readonly string[]
  /** Decides on redirect URIs that are otherwise accepted. @default all are accepted */
  readonly allowRedirect?: (url: URL) => boolean
  /**
   * Identity providers of companies whose assertions about users (ID-JAG) clients exchange for access tokens. Users
   * neither sign in here nor consent; `allow` and `claims` decide as after a sign-in. For clients in `clients`, and for
   * those with a metadata document.
   * @default []
   */
  readonly identityAssertions?: readonly AssertionIssuer<User>[]
  /**
   * Binds tokens to keys of their clients (DPoP, RFC 9449): `'accept'` where a client offers a proof, `'require'`
   * always. The mounts that trust this server take the proofs.
   * @default bearer tokens only
   */
  readonly dpop?: 'accept' | 'require'
  /** How long things last. @default the defaults of Lifetimes */
  readonly lifetimes?: Lifetimes
  /**
   * How many milliseconds pass between two looks for access that another process has withdrawn. For that long, and the
   * time that the store takes, this process may still accept its tokens. Each look costs two reads of the store.
   * @default 1000
   */
  readonly revocationInterval?: number
}
