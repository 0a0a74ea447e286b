// What is wrong with wrong options of a mount.
import { findAuthProblem } from './auth/auth-options.ts'
import { findMeant } from './did-you-mean.ts'
import { MCP_ERR_INVALID_OPTION } from './errors.ts'
import { parseEntry } from './http/authority.ts'
import { findCorsProblem } from './http/cors.ts'
import { findHealthProblem } from './http/health-options.ts'
import { findPathProblem } from './http/path-problem.ts'
import { findHooksProblem } from './http/hooks.ts'
import { ANY_ORIGIN, NO_ORIGIN } from './http/host-check.ts'
import { findLegacySseConflict, findLegacySseProblem } from './http/legacy-sse-options.ts'
import { isBoolean, isCount, isHttpUrl, isText, type Check, type Checks } from './option-check.ts'
import type { McpMountOptions } from './options.ts'
import type { ServerDefinition } from './server/definition.ts'
import { findTimeoutProblem } from './server/timeout.ts'
import { findShareProblem, SHARE_CHECKS } from './shares/share-options.ts'

const isFunction: Check = (value) => typeof value === 'function' ? undefined : 'must be a function, such as async (scope) => { … }'
const isObject: Check = (value) => typeof value === 'object' && value !== null ? undefined : 'must be an object'
const isPrefix: Check = (value) =>
  value === '' || (typeof value === 'string' && value.startsWith('/')) ? findPathProblem(value) : "must be '' or begin with '/'"
const isPath: Check = (value) => typeof value === 'string' && value.startsWith('/') ? findPathProblem(value) : "must begin with '/'"
const isPublicUrl: Check = (value) => isHttpUrl(value) && /^[^?#@]*$/.test(String(value))
  ? undefined
  : "must be an absolute URL without user, query and fragment, such as 'https://api.example.com'"
const isHosts: Check = (value) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string' && parseEntry(entry)?.scheme === '')
    ? undefined
    : "must be an array of hosts, such as ['api.example.com', 'localhost:*', '[::1]:8080']; only a port may be '*'"
const isOrigins: Check = (value) =>
  value === ANY_ORIGIN || (Array.isArray(value) && value.every(isOrigin))
    ? undefined
    : "must be an array of origins without a path, such as ['https://app.example.com', 'http://localhost:*'], or '*' for pages of every origin"
const isOrigin = (entry: unknown): boolean => entry === NO_ORIGIN || (typeof entry === 'string' && Boolean(parseEntry(entry)?.scheme))

const isEventStore: Check = (value) =>
  ['append', 'read', 'forget'].every((method) => typeof Object(value)[method] === 'function')
    ? undefined
    : 'must be an event store, such as createMemoryEventStore()'

const isCluster: Check = (value) =>
  typeof Object(value).join === 'function'
    ? undefined
    : 'must be a cluster, such as createMemoryCluster()'

const CHECKS: Checks<Omit<McpMountOptions, 'server'>> = {
  prefix: isPrefix,
  path: isPath,
  name: isText,
  allowedHosts: isHosts,
  allowedOrigins: isOrigins,
  dnsRebindingProtection: isBoolean,
  publicUrl: isPublicUrl,
  auth: findAuthProblem,
  cors: findCorsProblem,
  routes: isFunction,
  health: findHealthProblem,
  hooks: findHooksProblem,
  stateless: isBoolean,
  jsonResponse: isBoolean,
  legacy: isBoolean,
  legacySse: findLegacySseProblem,
  sessionIdleTimeout: findTimeoutProblem,
  maxSessions: isCount,
  maxStreams: isCount,
  maxCallsInFlight: isCount,
  maxWatched: isCount,
  maxWatchedTotal: isCount,
  ...SHARE_CHECKS,
  eventStore: isEventStore,
  cluster: isCluster,
  retryInterval: findTimeoutProblem,
  storeTimeout: findTimeoutProblem,
  keepAliveInterval: findTimeoutProblem,
  bodyLimit: isCount,
  maxDepth: isCount,
  maxValues: isCount,
  maxBatch: isCount,
  maxBuffered: isCount,
  closeGracePeriod: findTimeoutProblem,
  constraints: isObject,
  logLevel: isText
}

const NAMES: readonly string[] = ['server', ...Object.keys(CHECKS)]

// Fastify adds this one to the options of every plugin that sets it.
const FASTIFY_OWN = 'logSerializers'

/** Lists the options that are none of a mount: `@fastify/autoload` hands the same options to every plugin of a folder. */
export function listForeign (options: object): readonly string[] {
  return Object.keys(options).filter((name) => !NAMES.includes(name) && name !== FASTIFY_OWN)
}

/**
 * Checks the options of a mount, each by itself and beside the others.
 * @param definition What `server` stands for.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function checkOptions (options: McpMountOptions, definition: ServerDefinition): void {
  checkEach(options)
  checkContradictions(options)
  const share = findShareProblem(options)
  if (share !== undefined) throw new MCP_ERR_INVALID_OPTION(share.name, share.problem)
  const conflict = findLegacySseConflict(options)
  if (conflict !== undefined) throw new MCP_ERR_INVALID_OPTION('legacySse', conflict)
  if (options.cluster !== undefined) checkCluster(options, definition)
}

function checkEach (options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'server' || name === FASTIFY_OWN || value === undefined) continue
    const problem = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof typeof CHECKS](value) : findMistake(name)
    if (problem !== undefined) throw new MCP_ERR_INVALID_OPTION(name, problem)
  }
}

// A misspelled 'auth' must not leave a mount open. An option that resembles none of ours is meant for another plugin.
function findMistake (name: string): string | undefined {
  const meant = findMeant(name, NAMES)
  return meant && `does not exist; the options are ${NAMES.join(', ')}; did you mean '${meant}'?`
}

// Each of these settings would be without effect, which its user should know.
function checkContradictions (options: McpMountOptions): void {
  const { auth, dnsRebindingProtection, allowedHosts, allowedOrigins, cors = false, publicUrl, legacy, stateless, jsonResponse, eventStore, cluster, retryInterval } = options
  const lists = { allowedHosts, ...(cors === false && { allowedOrigins }) }
  for (const [name, list] of Object.entries(lists)) {
    if (dnsRebindingProtection === false && list !== undefined) {
      throw new MCP_ERR_INVALID_OPTION(name, "contradicts 'dnsRebindingProtection: false', which checks no host and no origin; leave one of them out")
    }
  }
  if (auth !== undefined && 'verify' in auth && publicUrl === undefined) {
    throw new MCP_ERR_INVALID_OPTION('auth', "needs 'publicUrl', the URL of this app that tokens are issued for, such as 'https://api.example.com'")
  }
  if (cors !== false && allowedOrigins?.length === 0 && publicUrl === undefined) {
    throw new MCP_ERR_INVALID_OPTION('cors', "has no effect without an origin in 'allowedOrigins'; name the origins of the pages there, or leave this one out")
  }
  if (allowedOrigins === ANY_ORIGIN && typeof cors === 'object' && cors.credentials === true) {
    throw new MCP_ERR_INVALID_OPTION('cors', "has 'credentials', which contradicts allowedOrigins: '*': any page could act with the cookies of its visitors; list the origins that may")
  }
  if (legacy === false && stateless === true) {
    throw new MCP_ERR_INVALID_OPTION('stateless', "contradicts 'legacy: false', which serves no client that it would apply to; leave one of them out")
  }
  if (eventStore === undefined && cluster === undefined && retryInterval !== undefined) {
    throw new MCP_ERR_INVALID_OPTION('retryInterval', "has no effect without 'eventStore' or 'cluster', which keeps what a client comes back for; set it or leave this one out")
  }
  if (eventStore !== undefined && (legacy === false || stateless === true || jsonResponse === true)) {
    throw new MCP_ERR_INVALID_OPTION('eventStore', "has no effect without the streams of sessions, which 'legacy: false', 'stateless: true' and 'jsonResponse: true' do away with; leave one of them out")
  }
}

function checkCluster ({ eventStore, sessionIdleTimeout }: McpMountOptions, { opensElsewhere = true }: ServerDefinition): void {
  if (eventStore !== undefined) {
    throw new MCP_ERR_INVALID_OPTION('eventStore', "contradicts 'cluster', which keeps the events of all nodes; leave it out")
  }
  if (sessionIdleTimeout === 0) {
    throw new MCP_ERR_INVALID_OPTION('sessionIdleTimeout', "must be above 0 with 'cluster': what nodes share outlives each of them, so that it has to expire")
  }
  if (!opensElsewhere) {
    throw new MCP_ERR_INVALID_OPTION('cluster', 'needs a server whose requestState opens on every node: new McpServer(info, { requestState: { keys: [process.env.MCP_STATE_KEY] } }), a secret of 32 bytes or more that all nodes have')
  }
}
