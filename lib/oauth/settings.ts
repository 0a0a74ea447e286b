// The options of the authorization server, checked and completed.
import {
  duration, flag, func, isObject, isText, kind, kindOf, nested, oneOf, required, text, whole
} from '../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../options/table.ts'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { isScope } from '../protocol/scope.ts'
import { assertionIssuers } from './assertion-issuers.ts'
import type { AuthorizationServerOptions, Lifetimes } from './options.ts'
import { colors, logo } from './pages/look.ts'
import { englishTexts, findTextsProblem, type PageTexts } from './pages/texts.ts'
import { knownClients } from './known-clients.ts'
import { isAppScheme } from './redirect-uri.ts'
import type { SignIn } from './sign-in/sign-in.ts'
import { memoryStore, type OAuthStore } from './store.ts'
import type { RegistrationLimit, SignInLimit } from './window-limit.ts'

type Given = AuthorizationServerOptions<unknown>

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
  allow: func<NonNullable<Given['allow']>>(),
  claims: func<NonNullable<Given['claims']>>(),
  scopes: scopeWords({}),
  store: store(),
  name: text(),
  logo: logo(),
  colors,
  refusedText: text(englishTexts.refused),
  texts: texts({}),
  language: func<NonNullable<Given['language']>>(),
  consent: oneOf('always', 'remember', 'skip-for-trusted'),
  trusted: ids([]),
  clients: knownClients([]),
  registration: flag(true),
  registrationLimit: nested(REGISTRATION_LIMIT, 'must be an object, such as { perAddress: 20 }'),
  signInLimit: nested(SIGN_IN_LIMIT, 'must be an object, such as { perAddress: 1000 }'),
  clientDocuments: flag(true),
  fetchClientDocument: func<NonNullable<Given['fetchClientDocument']>>(),
  customSchemes: schemes([]),
  allowRedirect: func<NonNullable<Given['allowRedirect']>>(),
  identityAssertions: assertionIssuers([]),
  dpop: oneOf('accept', 'require'),
  lifetimes: nested(LIFETIMES, 'must be an object, such as { accessToken: 900_000 }'),
  revocationInterval: whole(1000)
} satisfies TableOf<Given>

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
  const given = options as Given
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
