// Makes one mount: its parts, in the order in which they depend on each other, and its public face.
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createEndpointAuth, type EndpointAuth } from './auth/endpoint-auth.ts'
import { Membership, type Member } from './session/nodes/membership.ts'
import { createNoOpChannel } from './conversation/no-op-channel.ts'
import { Expiry } from './http/reply/expiry.ts'
import { Withdrawal } from './http/reply/withdrawal.ts'
import { createHolderOf } from './http/guard/holder.ts'
import type { LegacySse } from './http/sse-2024/parts.ts'
import { OpenExchanges } from './http/reply/open-exchanges.ts'
import type { MountParts } from './http/parts.ts'
import { checkScope, joinPath, listEndpoints } from './http/mount-paths.ts'
import { Mount } from './mount.ts'
import { createLifecycle, type MountLifecycle } from './mount-lifecycle.ts'
import { ChangeHub } from './notify/change-hub.ts'
import type { SubscriptionLimits } from './notify/subscriptions.ts'
import type { ResolvedOptions } from './http/resolve-options.ts'
import { SessionDisposal } from './server/session-disposal.ts'
import type { LogFailure } from './session/log-failure.ts'
import { LocalHome } from './session/local-home.ts'
import { Sessions } from './session/sessions.ts'
import type { LocalSessionSettings } from './session/settings.ts'
import { WatchBudget } from './notify/watch-budget.ts'
import { Places } from './shares/shares.ts'
import { OutcomeCounts } from './telemetry/outcome-counts.ts'
import { SessionPublisher } from './telemetry/session-events.ts'

/** One mount, as the plugin and the registry know it. */
export interface Mounted extends MountLifecycle, Pick<EndpointAuth, 'resources'> {
  /** The mount as the app sees it. */
  readonly face: Mount
  /** What the handlers of requests use. */
  readonly parts: MountParts
  /** HTTP+SSE, for old clients; absent where it is off. */
  readonly legacySse: LegacySse | undefined
  /** The paths that the mount serves, each under a key that no other mount of the app may use. */
  readonly endpoints: ReadonlyMap<string, string>
}

/** Makes one mount. @throws MCP_ERR_INVALID_OPTION if its options do not fit the scope that it is registered in. */
export function createMount (app: FastifyInstance, options: ResolvedOptions): Mounted {
  checkScope(app.prefix, options)
  const { definition, keepAliveInterval, shares } = options
  const path = joinPath(app.prefix, options.prefix, options.path)
  const name = options.name ?? definition.info?.name ?? path
  const identity = Object.freeze({ mount: name, app })
  const log = app.log.child({ mcp: name })
  const logFailure: LogFailure = (err, what) => { log.error({ err }, `${what} failed`) }

  const watching = new WatchBudget(options)
  const settings = { ...options, watching }
  const disposal = new SessionDisposal(definition, (err) => {
    log.error({ err }, "a session's server failed to close")
  })
  const known = { name, identity, definition, log, appLog: app.log, disposal, logFailure, auth: options.auth }
  const cluster = options.cluster && new Membership(options.cluster, settings, createMember(known, () => parts))
  const sessions = cluster?.sessions ?? createLocalSessions(settings, logFailure, definition.ended && disposal)
  publishSessions(sessions, new SessionPublisher(identity))
  const legacySse = sessions.home instanceof LocalHome ? createSse(app.prefix, options, sessions.home) : undefined
  const changes = new ChangeHub(sessions, {
    streams: createStreamLimits(options, cluster),
    watching,
    onFailure: (err) => { log.error({ err }, 'changes could not be published') },
    others: cluster
  })
  const { auth, resources } = createEndpointAuth(options.auth, options.publicUrl, path)
  const revocations = options.auth?.revocations
  const withdrawal = revocations && new Withdrawal(revocations)
  const holderOf = createHolderOf(shares)
  const parts: MountParts = {
    name,
    identity,
    outcomes: new OutcomeCounts(identity),
    options,
    definition,
    log,
    sessions,
    cluster,
    changes,
    exchanges: new OpenExchanges(keepAliveInterval),
    streams: new OpenExchanges(keepAliveInterval),
    auth,
    expiry: auth && new Expiry(withdrawal),
    withdrawal,
    holderOf,
    calls: createCallPlaces(options),
    callHolderOf: shares.calls === Infinity ? undefined : holderOf,
    lifespan: undefined,
    isClosing: false
  }
  return {
    ...createLifecycle(app, parts, disposal),
    face: new Mount(app, path, parts),
    parts,
    legacySse,
    resources,
    endpoints: listEndpoints(app.prefix, options)
  }
}

/** The properties of a mount that exist before its parts are created. */
interface KnownOfMount
  extends Pick<MountParts, 'name' | 'identity' | 'definition' | 'log'>, Pick<Member, 'logFailure'> {
  readonly appLog: FastifyBaseLogger
  readonly auth: ResolvedOptions['auth']
  readonly disposal: SessionDisposal
}

// Other nodes call back only after the mount has started, so the parts exist by then.
function createMember (
  { name, identity, definition, log, appLog, disposal, logFailure, auth }: KnownOfMount,
  parts: () => MountParts
): Member {
  return {
    name,
    identity,
    log: appLog,
    changes: {
      notifyClients: (events) => parts().changes.notifyClients(events),
      notifySubscribers: () => parts().changes.notifySubscribers(),
      notifyAll: () => parts().changes.notifyAll(),
      notifySession: (session) => parts().changes.notifySession(session)
    },
    isNotified: definition.notified !== undefined,
    onNotified: (session, method, params) => definition.notified?.({
      message: { method, params }, caller: session, channel: createNoOpChannel(log, parts().lifespan)
    }),
    onLeft: (session) => disposal.begin(session),
    describe: () => ({
      contents: definition.contents?.(),
      version: definition.info?.version,
      tokenKeys: auth !== undefined && 'verify' in auth ? auth.verify.keys : undefined
    }),
    logFailure
  }
}

function createLocalSessions (
  settings: LocalSessionSettings, logFailure: LogFailure, disposal: SessionDisposal | undefined
): Sessions<LocalHome> {
  const sessions = new Sessions({ logFailure, createHome: (table) => new LocalHome(settings, { table, logFailure }) })
  if (disposal !== undefined) sessions.on('ended', (session) => disposal.begin(session))
  return sessions
}

function publishSessions (sessions: MountParts['sessions'], publisher: SessionPublisher): void {
  sessions.on('opened', (session) => publisher.opened(session))
  sessions.on('ended', (session, reason) => publisher.ended(session, reason))
}

function createSse (scopePrefix: string, options: ResolvedOptions, home: LocalHome): LegacySse | undefined {
  const { prefix, legacySse, publicUrl } = options
  if (legacySse === false) return undefined
  // Clients request their token for the URL of their stream.
  const auth = createEndpointAuth(options.auth, publicUrl, joinPath(scopePrefix, prefix, legacySse.ssePath))
  return { ...legacySse, ...auth, home, connections: new Map() }
}

function createStreamLimits (
  { maxStreams, shares: { by, streams } }: ResolvedOptions, others: Membership | undefined
): SubscriptionLimits {
  return { max: maxStreams, share: by === undefined || streams === Infinity ? undefined : { by, max: streams }, others }
}

function createCallPlaces (
  { maxCallsInFlight: max, maxCallsInFlightPerSession: perSession, shares: { by, calls: share } }: ResolvedOptions
): Places {
  return new Places({ max, by, share, perSession })
}
