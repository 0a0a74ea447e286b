// One mount: a server definition served at one endpoint, from its start to its end.
import type { AddressInfo } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { MODERN_REVISION } from './protocol/revisions.ts'
import { encodeUri } from './protocol/uri.ts'
import { Authenticator } from './auth/authenticator.ts'
import { createResources, type Resources } from './auth/resource.ts'
import { Membership, type Member } from './cluster/membership.ts'
import { MCP_ERR_INVALID_OPTION } from './errors.ts'
import { Expiry } from './http/expiry.ts'
import { createHolderOf } from './http/holder.ts'
import { createLegacySse, type LegacySse } from './http/legacy-sse.ts'
import { createMuteChannel } from './http/mute-channel.ts'
import { OpenExchanges } from './http/open-exchanges.ts'
import { findPathProblem } from './http/path-problem.ts'
import { ChangeHub } from './notify/change-hub.ts'
import type { Notifier } from './notify/publisher.ts'
import type { SubscriptionLimits } from './notify/subscriptions.ts'
import { withoutRefusal } from './errors.ts'
import type { ResolvedOptions } from './options.ts'
import type { Mountable } from './sdk/recognise.ts'
import type { Caller } from './server/context.ts'
import type { ServerDefinition } from './server/definition.ts'
import { Forgetting } from './server/forgetting.ts'
import type { Entered } from './server/server-options.ts'
import { SessionManager, type MountSessions, type Sessions } from './session/manager.ts'
import { SseSessions } from './session/sse-sessions.ts'
import { WatchBudget } from './session/watch-budget.ts'

/** A moment's figures of a mount. */
export interface MountStats {
  /** Sessions open. */
  readonly sessions: number
  /** Requests being served, and replies that their clients have come back for. */
  readonly exchanges: number
  /** Streams that clients listen to. */
  readonly streams: number
}

// The host app calls as a client of the newest revision that can do nothing for the server.
const HOST_APP: Caller = Object.freeze({ era: 'modern', protocolVersion: MODERN_REVISION, client: Object.freeze({ capabilities: Object.freeze({}) }) })

/** A server definition served at one endpoint. */
export class Mount {
  /** The mount's name in `app.mcp`. */
  readonly name: string
  /** The endpoint's path with all prefixes. */
  readonly path: string
  /** What was mounted, as it was given. */
  readonly server: Mountable
  /** @internal What it stands for. */
  readonly definition: ServerDefinition
  /** The legacy sessions: how many there are, and when one opens or ends. */
  readonly sessions: MountSessions
  /** Tells clients that something has changed; what is registered, updated or removed tells itself. */
  readonly notify: Notifier
  /** @internal Who is told of changes. */
  readonly changes: ChangeHub
  /** @internal */
  readonly sessionManager: Sessions
  /** @internal What makes the mount a node; absent where it serves its clients alone. */
  readonly cluster: Membership | undefined
  /** @internal The requests being served. */
  readonly exchanges: OpenExchanges
  /** @internal The streams that clients listen to. */
  readonly streams: OpenExchanges
  /** @internal Who may pass; absent where everybody may. */
  readonly auth: Authenticator | undefined
  /** @internal What tokens are issued for; absent where none are. */
  readonly resources: Resources | undefined
  /** @internal Ends streams with their tokens; absent where everybody may pass. */
  readonly expiry: Expiry | undefined
  /** @internal Tells whom the places count for that a request takes; undefined where it counts for nobody. */
  readonly holderOf: (request: FastifyRequest) => string | undefined
  /** @internal HTTP+SSE, for old clients; absent where it is off. */
  readonly legacySse: LegacySse | undefined
  /** @internal The paths that it serves, by what makes them others than those of another mount. */
  readonly endpoints: ReadonlyMap<string, string>
  /** @internal What it was registered with, completed. */
  readonly options: ResolvedOptions
  readonly #app: FastifyInstance
  readonly #forgetting: Forgetting
  #entered: Entered<unknown> | undefined
  #isClosing = false

  /** @internal */
  constructor (app: FastifyInstance, options: ResolvedOptions) {
    checkScope(app.prefix, options)
    this.path = joinPath(app.prefix, options.prefix, options.path)
    this.name = options.name ?? options.definition.info?.name ?? this.path
    this.server = options.server
    this.definition = options.definition
    this.#forgetting = new Forgetting(options.definition, (err) => { app.log.error({ err, mcp: this.name }, "a session's server failed to close") })
    const onFailure = (err: unknown, what: string): void => { app.log.error({ err, mcp: this.name }, `${what} failed`) }
    const watching = new WatchBudget(options)
    const settings = { ...options, watching }
    this.cluster = options.cluster && new Membership(options.cluster, settings, this.#createMember(app.log, onFailure))
    this.legacySse = this.#createLegacySse(app.prefix, settings, onFailure)
    this.sessionManager = this.cluster?.sessions ?? this.#heedEnds(this.legacySse?.sessions ?? new SessionManager(settings, onFailure))
    this.sessions = this.sessionManager
    this.changes = new ChangeHub(this.sessionManager, {
      streams: createStreamLimits(options, this.cluster),
      watching,
      onFailure: (err) => { app.log.error({ err, mcp: this.name }, 'changes could not be published') },
      others: this.cluster
    })
    this.notify = this.changes.notify
    this.exchanges = new OpenExchanges(options.keepAliveInterval)
    this.streams = new OpenExchanges(options.keepAliveInterval)
    this.holderOf = createHolderOf(options.shares)
    const { auth, publicUrl } = options
    if (auth !== undefined) {
      this.resources = 'verify' in auth && publicUrl !== undefined ? createResources(publicUrl, this.path) : undefined
      this.auth = new Authenticator(auth, this.resources)
      this.expiry = new Expiry()
    }
    const { ssePath, messagesPath } = options.legacySse || {}
    const paths = [options.path, ssePath, messagesPath].flatMap((path) => path === undefined ? [] : joinPath(app.prefix, options.prefix, path))
    this.endpoints = new Map(paths.map((path) => [keyOf(path, options.constraints), path]))
    this.#app = app
    this.options = options
  }

  #createLegacySse (appPrefix: string, options: ResolvedOptions & { readonly watching: WatchBudget }, onFailure: Member['onFailure']): LegacySse | undefined {
    const { legacySse, prefix } = options
    if (legacySse === false) return undefined
    return createLegacySse(legacySse, new SseSessions(options, onFailure), options, joinPath(appPrefix, prefix, legacySse.ssePath))
  }

  #heedEnds (sessions: SessionManager): SessionManager {
    if (this.definition.ended !== undefined) sessions.on('ended', (session) => this.#forgetting.begin(session))
    return sessions
  }

  #createMember (log: FastifyBaseLogger, onFailure: Member['onFailure']): Member {
    const { name, definition } = this
    return {
      name,
      log,
      changes: {
        tell: (events) => this.changes.tell(events),
        tellAll: () => this.changes.tellAll(),
        tellSession: (session) => this.changes.tellSession(session)
      },
      isNotified: definition.notified !== undefined,
      onNotified: (session, method, params) => definition.notified?.(method, params, session, createMuteChannel(log, this.lifespan)),
      onLeft: (session) => this.#forgetting.begin(session),
      onFailure
    }
  }

  /** Where clients reach the endpoint: below `publicUrl`, else at the address listened on, else the path alone. */
  get url (): string {
    const { publicUrl } = this.options
    const base = publicUrl?.href.replace(/\/$/, '') ?? listeningUrl(this.#app)
    return `${base}${encodeUri(this.path) ?? this.path}`
  }

  /** @internal What the lifespan returned. */
  get lifespan (): unknown { return this.#entered?.value }

  /** @internal Whether the app has begun to close. */
  get isClosing (): boolean { return this.#isClosing }

  /** Figures for health checks and metrics. */
  stats (): MountStats {
    return { sessions: this.sessions.size, exchanges: this.exchanges.size, streams: this.streams.size }
  }

  /**
   * Calls a tool from the host's own code, which no `scopes` and no `visible` restrict.
   * @throws RpcError when there is no such tool, or it threw one.
   */
  async call (tool: string, args: { readonly [name: string]: unknown } = {}): Promise<CallToolResult> {
    // tools/call comes to nothing else.
    return await this.ask('tools/call', { name: tool, arguments: args }) as CallToolResult
  }

  /** @internal Asks as the host app, whom nothing restricts. @throws RpcError */
  async ask (method: string, params: { readonly [name: string]: unknown } = {}): Promise<object> {
    // A copy, because checking the arguments of a tool writes defaults into them.
    const message = { id: 0, method, params: structuredClone(params) }
    try {
      return await this.definition.serve(message, HOST_APP, { ...createMuteChannel(this.#app.log, this.lifespan), isTrusted: true })
    } catch (error) {
      // A handler of another mount may call this one, and pass on what it throws.
      throw withoutRefusal(error)
    }
  }

  /** @internal Enters the lifespan and begins to keep time. */
  async start (): Promise<void> {
    this.#entered = await this.definition.enter(this.#app).catch(rethrow)
    this.changes.start(this.definition)
    await (this.cluster ?? this.sessionManager).start()
    this.exchanges.start()
    this.streams.start()
  }

  /** @internal Ends the streams, and waits for the requests being served for as long as the grace period. */
  async drain (): Promise<void> {
    this.#isClosing = true
    await Promise.all([this.streams.drain(0), this.exchanges.drain(this.options.closeGracePeriod)])
  }

  /** @internal Ends the sessions and leaves the lifespan. */
  async stop (): Promise<void> {
    this.changes.stop()
    await (this.cluster ?? this.sessionManager).stop()
    this.exchanges.stop()
    this.streams.stop()
    await this.#forgetting.done()
    this.expiry?.stop()
    try {
      await this.#entered?.close?.()
    } catch (err) {
      this.#app.log.error({ err, mcp: this.name }, 'a lifespan failed to close')
      throw err
    }
  }
}

// What is wrong with the mount's own prefix and path, its options have said.
function checkScope (scopePrefix: string, { prefix, path }: ResolvedOptions): void {
  const problem = scopePrefix.endsWith('/') && joinPath(prefix, path) === '/' ? "must not end with '/' where the mount is at its root" : findPathProblem(scopePrefix)
  if (problem !== undefined) throw new MCP_ERR_INVALID_OPTION('prefix', `is below '${scopePrefix}', the prefix of the scope around it, which ${problem}`)
}

function createStreamLimits ({ maxStreams, shares: { by, streams } }: ResolvedOptions, others: Membership | undefined): SubscriptionLimits {
  return { max: maxStreams, share: by === undefined || streams === Infinity ? undefined : { by, max: streams }, others }
}

function joinPath (...parts: string[]): string {
  const path = parts.join('/').replace(/\/{2,}/g, '/').replace(/\/$/, '')
  return path === '' ? '/' : path
}

function keyOf (path: string, constraints: ResolvedOptions['constraints']): string {
  return JSON.stringify([path, constraints], (_name, value: unknown) => value instanceof RegExp ? String(value) : value)
}

function listeningUrl (app: FastifyInstance): string {
  const address = app.server.address()
  // A server that listens on a path, or not at all, has no URL.
  if (address === null || typeof address === 'string') return ''
  const protocol = app.server instanceof TlsServer ? 'https' : 'http'
  return `${protocol}://${hostOf(address)}:${address.port}`
}

// An address that stands for all of this machine's is no name to connect to.
function hostOf ({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost'
  return family === 'IPv6' ? `[${address}]` : address
}

// Fastify takes null and undefined for no error.
function rethrow (error: unknown): never {
  throw error ?? new Error(`a lifespan threw ${String(error)}; throw an Error`)
}
