// The options of the authorization server.
import {
  duration, flag, func, isObject, isText, kind, kindOf, nested, oneOf, required, text, whole
} from '../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../options/table.ts'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { isScope } from '../protocol/scope.ts'
import { assertionIssuers, type AssertionIssuer } from './assertion-issuers.ts'
import type { LanguageHeaders } from './pages/language.ts'
import { colors, logo, type PageColors } from './pages/look.ts'
import { englishTexts, findTextsProblem, type PageTexts } from './pages/texts.ts'
import { knownClients, type KnownClient } from './known-clients.ts'
import { isAppScheme } from './redirect-uri.ts'
import type { SignIn } from './sign-in/sign-in.ts'
import { memoryStore, type OAuthStore } from './store.ts'
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

const MIN_KEY_LENGTH = 32
const DAY = 24 * 60 * 60 * 1000

const keys = kindOf<readonly string[]>(`must be an array of secrets of at least ${MIN_KEY_LENGTH} characters`,
  (value) => Array.isArray(value) && value.length > 0 &&
    value.every((key) => typeof key === 'string' && key.length >= MIN_KEY_LENGTH))
const scopeWords = kindOf<Readonly<Record<string, string>>>(
  "must be an object of scopes and their words, such as { 'notes:read': 'Read your notes' }",
  (value) => isObject(value) && Object.entries(value).every(([scope, words]) => isScope(scope) && isText(words)))
const texts = kind<Readonly<Record<string, PageTexts>>>(findTextsProblem)
const ids = kindOf<readonly string[]>("must be an array of ids of clients, such as ['https://client.example.com/id']",
  (value) => Array.isArray(value) && value.every(isText))
const signIn = kindOf<SignIn<unknown>>('must be oidc(), github(), a preset such as google(), or custom()', (value) =>
  isObject(value) && 'start' in value && 'finish' in value && 'identify' in value)
const store = kindOf<OAuthStore>('must be a store: memoryStore(), or an object with get, set, add and take', (value) =>
  isObject(value) && 'get' in value && 'set' in value && 'add' in value && 'take' in value)
const schemes = kindOf<readonly string[]>("must be an array of schemes such as 'cursor', and not of the web", (value) =>
  Array.isArray(value) && value.every(isAppScheme))
const publicUrl = kindOf<string>("must be an https URL without query or fragment, such as 'https://api.example.com'; " +
  'http is accepted on loopback only', isPublicUrl)

function isPublicUrl (value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, hostname, search, hash, username } = new URL(value)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && search + hash + username === ''
}

const LIFETIMES = {
  accessToken: whole(15 * 60 * 1000),
  refreshToken: whole(30 * DAY),
  grant: whole(180 * DAY),
  session: whole(60 * 60 * 1000),
  consent: whole(90 * DAY),
  unusedClient: whole(DAY)
} satisfies TableOf<Lifetimes>

const REGISTRATION_LIMIT = {
  perAddress: whole(20),
  total: whole(1000),
  window: duration(60 * 60 * 1000)
} satisfies TableOf<Partial<RegistrationLimit>>

const SIGN_IN_LIMIT = {
  perAddress: whole(1000),
  total: whole(20_000)
} satisfies TableOf<Partial<SignInLimit>>

const SERVER = {
  publicUrl: required(publicUrl()),
  signIn: required(signIn()),
  keys: required(keys()),
  allow: func<(user: unknown) => MaybePromise<boolean>>(),
  claims: func<(user: unknown) => MaybePromise<UserClaims>>(),
  scopes: scopeWords({}),
  store: store(),
  name: text(),
  logo: logo(),
  colors,
  refusedText: text(englishTexts.refused),
  texts: texts({}),
  language: func<(headers: LanguageHeaders) => string | undefined>(),
  consent: oneOf('always', 'remember', 'skip-for-trusted'),
  trusted: ids([]),
  clients: knownClients([]),
  registration: flag(true),
  registrationLimit: nested(REGISTRATION_LIMIT, 'must be an object, such as { perAddress: 20 }'),
  signInLimit: nested(SIGN_IN_LIMIT, 'must be an object, such as { perAddress: 1000 }'),
  clientDocuments: flag(true),
  fetchClientDocument: func<(url: string) => Promise<Response>>(),
  customSchemes: schemes([]),
  allowRedirect: func<(url: URL) => boolean>(),
  identityAssertions: assertionIssuers([]),
  dpop: oneOf('accept', 'require'),
  lifetimes: nested(LIFETIMES, 'must be an object, such as { accessToken: 900_000 }'),
  revocationInterval: whole(1000)
} satisfies TableOf<AuthorizationServerOptions<unknown>>

/** The options of the authorization server, completed. */
export type ServerSettings = Omit<ResolvedOf<typeof SERVER>, 'publicUrl' | 'store' | 'name' | 'consent' | 'trusted'> & {
  readonly publicUrl: URL
  /** `publicUrl` without a slash at its end: the issuer, and the prefix of all URLs. */
  readonly issuer: string
  readonly store: OAuthStore
  /** Whether the store was left out, and is in memory. */
  readonly isStoreDefault: boolean
  readonly name: string
  readonly remembersConsent: boolean
  /** The ids of the clients that get access without consent. */
  readonly trusted: ReadonlySet<string>
}

/** Checks and completes the options. @throws MCP_ERR_INVALID_OPTION */
export function resolveSettings<User> (options: AuthorizationServerOptions<User>): ServerSettings {
  // Only `finish` of the sign-in makes the users that the other functions get.
  const given = options as AuthorizationServerOptions<unknown>
  const { consent, ...resolved } = resolve(SERVER, given, 'authorizationServer.')
  const problem = findTrustProblem(consent, resolved)
  if (problem !== undefined) throw new MCP_ERR_INVALID_OPTION('authorizationServer.trusted', problem)
  const publicUrl = new URL(resolved.publicUrl)
  return Object.freeze({
    ...resolved,
    publicUrl,
    issuer: publicUrl.href.replace(/\/$/, ''),
    store: resolved.store ?? memoryStore(),
    isStoreDefault: resolved.store === undefined,
    name: resolved.name ?? publicUrl.host,
    remembersConsent: consent !== 'always',
    trusted: new Set(resolved.trusted)
  })
}

function findTrustProblem (
  consent: string | undefined,
  { trusted, clients, clientDocuments }: Pick<ResolvedOf<typeof SERVER>, 'trusted' | 'clients' | 'clientDocuments'>
): string | undefined {
  const isSkipping = consent === 'skip-for-trusted'
  if (isSkipping && trusted.length === 0) return "must name the clients that need no consent: 'skip-for-trusted'"
  if (!isSkipping && trusted.length > 0) return "has no effect without consent: 'skip-for-trusted'"
  const stranger = trusted.find((id) =>
    !clients.some(({ clientId }) => clientId === id) && !(clientDocuments && id.startsWith('https://')))
  if (stranger === undefined) return undefined
  return `has '${stranger}', which is neither the id of one of 'clients' nor the https URL of a metadata document`
}
