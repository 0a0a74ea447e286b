// The plugin: the routes of the authorization server, and the `auth` option of the mounts that trust it.
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { TokenAuthOptions } from '../auth/auth-options.ts'
import { parseJson } from '../protocol/message.ts'
import { createAccounts } from './accounts.ts'
import { createNodePair, readRequest, runHandler, sendResponse, type ProviderRequest } from './bridge.ts'
import { checkClientMetadata } from './client-metadata.ts'
import { CALLBACK_PATH } from './departure.ts'
import { createInteractions, type Interactions } from './interaction.ts'
import { deriveKeys } from './keys.ts'
import type { AuthorizationServerOptions } from './options.ts'
import { resolveSettings, type ServerSettings } from './settings.ts'
import { createPages } from './pages/pages.ts'
import type { Provider } from './peers.ts'
import { INTERACTION_PATH, ROUTES } from './paths.ts'
import { createProvider } from './provider.ts'
import { createResourceFinder } from './resources.ts'
import { createRevocation, type RevokedAccess } from './revocation/revocation.ts'
import { sealStore } from './sealed-store.ts'
import { createUpstream } from './upstream/upstream.ts'
import { createCounts, createWindowLimit } from './window-limit.ts'
import { createAuth, createVerify, type AuthForOptions } from './verifier.ts'

/** An authorization server: a plugin of Fastify, and what mounts need to trust it. */
export interface AuthorizationServer extends FastifyPluginAsync {
  /** The issuer of the tokens. */
  readonly issuer: string
  /** The `auth` option of a mount that everybody may use who can sign in. */
  readonly auth: TokenAuthOptions
  /** Returns the `auth` option of a mount that needs scopes. */
  readonly authFor: (options: AuthForOptions) => TokenAuthOptions
  /**
   * Withdraws all access of a user, or of a client: refresh tokens, the browser's sign-in and remembered consent are
   * gone; access tokens that are out get 401; at the mounts, sessions and streams end. Other processes follow within
   * `revocationInterval`. The user may sign in again: refuse that by `allow`.
   *
   * @throws TypeError if neither `subject` nor `clientId` is given, or both are; the error of the store.
   * @example await login.revoke({ subject: 'ann' })
   */
  readonly revoke: (access: RevokedAccess) => Promise<void>
}

const BODY_LIMIT = 56 * 1024
const SERVER_METADATA = '/.well-known/oauth-authorization-server'
const OPENID_METADATA = '/.well-known/openid-configuration'

/**
 * Creates an authorization server whose users sign in at somebody else's identity provider. Needs the package
 * `oidc-provider`, and for `oidc()` and its presets `openid-client`.
 *
 * Clients use authorization code with PKCE, and get JWTs for the mount that they ask for. They register themselves
 * (RFC 7591), have a metadata document at their id, or are among `clients`.
 *
 * @throws MCP_ERR_INVALID_OPTION; MCP_ERR_MISSING_PACKAGE while the app starts
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 * @example
 * const publicUrl = 'https://api.example.com'
 * const login = authorizationServer({
 *   publicUrl,
 *   signIn: github({ clientId: String(process.env.GITHUB_ID), clientSecret: String(process.env.GITHUB_SECRET) }),
 *   allow: ({ login }) => login === 'octocat',
 *   keys: [String(process.env.OAUTH_KEY)]
 * })
 * app.register(login)
 * app.register(mcpPlugin, { server: notes, publicUrl, auth: login.auth })
 */
export function authorizationServer<User> (options: AuthorizationServerOptions<User>): AuthorizationServer {
  const resolved = resolveSettings(options)
  const keys = deriveKeys(resolved.keys)
  const settings: ServerSettings = { ...resolved, store: sealStore(resolved.store, keys) }
  const accounts = createAccounts(settings)
  const revocation = createRevocation(settings, accounts)
  const upstream = createUpstream(settings, { find: accounts.find, end: revocation.endSignIn })
  const verify = createVerify(settings.issuer, keys, upstream)
  const base = { issuer: settings.issuer, verify, dpop: settings.dpop, revocations: revocation.list }
  const authFor = (given: AuthForOptions): TokenAuthOptions => createAuth(base, given)

  async function registerServer (app: FastifyInstance): Promise<void> {
    if (settings.isStoreDefault && process.env['NODE_ENV'] === 'production') {
      app.log.warn("authorizationServer has no 'store': sign-ins are lost when this process ends, and other " +
        'processes do not share them')
    }
    const findResource = createResourceFinder(app, settings.issuer, settings.publicUrl)
    const pages = createPages(settings)
    const parts = { settings, keys, accounts, upstream, revocation, findResource, pages, log: app.log }
    const provider = await createProvider(parts)
    app.addHook('onReady', async function readRevocations () { await revocation.list.start(app.log) })
    app.addHook('onClose', async function stopRevocations () { revocation.list.stop() })
    // A scope of its own, so its parser and routes never reach the app.
    const interactions = createInteractions({ ...parts, provider })
    await app.register(async (scope) => { addRoutes(scope, settings, provider, interactions) })
  }

  const plugin = fp(registerServer, { name: 'fastify-mcp-mount-oauth', fastify: '5.x' })
  const auth = authFor({ scopes: [] })
  return Object.assign(plugin, { issuer: settings.issuer, auth, authFor, revoke: revocation.revoke })
}

function addRoutes (
  scope: FastifyInstance, settings: ServerSettings, provider: Provider,
  { begin, proceed, decide, comeBack }: Interactions
): void {
  const { publicUrl } = settings
  const handle = provider.callback()

  async function pass (reply: FastifyReply, request: ProviderRequest): Promise<FastifyReply> {
    const pair = createNodePair(publicUrl, request)
    return sendResponse(reply, pair, await runHandler(handle, pair))
  }
  const passOn = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    await pass(reply, readRequest(request))
  const passTo = (url: string) => async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    await pass(reply, { ...readRequest(request), url })

  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) => {
    done(null, body)
  })
  scope.setErrorHandler(sendError)
  const route = (method: string | string[], url: string, handler: typeof passOn): void => {
    scope.route({ method, url, handler, exposeHeadRoute: false })
  }

  route('GET', ROUTES.authorization, async (request, reply) =>
    await begin(request, reply, async () => await pass(reply, withOpenid(readRequest(request)))))
  route('GET', `${ROUTES.authorization}/:uid`, passOn)
  route(['POST', 'OPTIONS'], ROUTES.token, passOn)
  route(['POST', 'OPTIONS'], ROUTES.revocation, passOn)
  route(['GET', 'OPTIONS'], ROUTES.jwks, passOn)
  if (settings.registration) {
    route('POST', ROUTES.registration, createRegister(settings, pass))
    route('OPTIONS', ROUTES.registration, async (_request, reply) => await reply.code(204).headers(PREFLIGHT).send())
  }

  // RFC 8414 3.1 puts the path of the issuer behind the well-known path; OpenID Connect Discovery 4 before it.
  const path = publicUrl.pathname.replace(/\/$/, '')
  for (const url of new Set([SERVER_METADATA + path, OPENID_METADATA + path, OPENID_METADATA])) {
    route(['GET', 'OPTIONS'], url, passTo(SERVER_METADATA))
  }

  route('GET', `${INTERACTION_PATH}/:uid`, proceed)
  route('POST', `${INTERACTION_PATH}/:uid`, decide)
  route('GET', CALLBACK_PATH, comeBack)
}

// RFC 6749 5.2 has no code for a failure of the server; `server_error` is that of 4.1.2.1. The cause is only logged.
function sendError (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode = 500 }: { readonly statusCode?: number } = Object(error)
  if (statusCode >= 500) request.log.error({ err: error }, 'the authorization server failed')
  return reply.code(statusCode).send({ error: statusCode < 500 ? 'invalid_request' : 'server_error' })
}

// A client that needs no scope asks for none (RFC 6749 3.3), but the provider grants nothing without one.
function withOpenid (request: ProviderRequest): ProviderRequest {
  const [path = '', query = ''] = request.url.split(/\?(.*)/s)
  const params = new URLSearchParams(query)
  // RFC 6749 3.1: no parameter may be repeated; the provider refuses it.
  if (params.getAll('scope').length > 1) return request
  const scopes = (params.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  params.set('scope', [...new Set(['openid', ...scopes])].join(' '))
  return { ...request, url: `${path}?${params}` }
}

// Registration from pages of other origins: no cookie has a part in it.
const OPEN_CORS = { 'access-control-allow-origin': '*', 'cache-control': 'no-store' }
const PREFLIGHT = {
  ...OPEN_CORS, 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'content-type'
}

function createRegister (
  settings: ServerSettings, pass: (reply: FastifyReply, request: ProviderRequest) => Promise<FastifyReply>
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { count = createCounts() } = settings.store
  const take = createWindowLimit('registration', settings.registrationLimit, count)

  return async function register (request, reply) {
    reply.headers(OPEN_CORS)
    if (await take(request.ip) === undefined) {
      return reply.code(429).header('retry-after', Math.ceil(settings.registrationLimit.window / 1000))
        .send({ error: 'temporarily_unavailable', error_description: 'too many clients registered; try again later' })
    }
    const read = readRequest(request)
    const checked = checkClientMetadata(parseJson(String(read.body)), settings)
    if ('error' in checked) {
      return reply.code(400).send({ error: checked.error, error_description: checked.problem })
    }
    const body = Buffer.from(JSON.stringify(checked.metadata))
    return await pass(reply, { ...read, headers: { 'content-type': 'application/json' }, body })
  }
}
