// Options of a mount that contradict each other, or that have no effect without another one.
import type { OptionProblem } from '../options/table.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { findShareProblem } from '../shares/share-options.ts'
import { ANY_ORIGIN } from './guard/host-check.ts'
import { findLegacySseConflict } from './sse-2024/options.ts'
import type { AnyMountOptions } from './mount-options.ts'

/**
 * Finds the first option that contradicts another one or has no effect. Returns undefined if all options fit together.
 * @param definition The definition that was made of the `server` option.
 */
export function findConflict (
  options: AnyMountOptions, definition: ServerDefinition
): OptionProblem | undefined {
  return findExposeConflict(options) ??
    findGuardConflict(options) ??
    findAuthConflict(options) ??
    findCorsConflict(options) ??
    findEraConflict(options) ??
    findShareProblem(options) ??
    findLegacySseConflict(options) ??
    findClusterConflict(options, definition)
}

function findExposeConflict ({ server, expose }: AnyMountOptions): OptionProblem | undefined {
  const { name, version } = typeof expose === 'object' ? expose : {}
  if (server === undefined && (name === undefined || version === undefined)) {
    return { name: 'expose', problem: "needs a 'name' and a 'version' where the mount has no 'server'" }
  }
  if (server !== undefined && (name !== undefined || version !== undefined)) {
    return { name: 'expose', problem: "has a 'name' or a 'version' beside 'server', which has its own; leave them out" }
  }
}

function findGuardConflict (
  { dnsRebindingProtection, allowedHosts, allowedOrigins, cors = false }: AnyMountOptions
): OptionProblem | undefined {
  if (dnsRebindingProtection !== false) return undefined
  const useless = { allowedHosts, ...(cors === false && { allowedOrigins }) }
  const name = Object.entries(useless).find(([, list]) => list !== undefined)?.[0]
  const problem = "contradicts 'dnsRebindingProtection: false', which checks no host and no origin; " +
    'leave one of them out'
  return name === undefined ? undefined : { name, problem }
}

function findAuthConflict ({ auth, publicUrl }: AnyMountOptions): OptionProblem | undefined {
  if (auth === undefined || !('verify' in auth) || publicUrl !== undefined) return undefined
  return {
    name: 'auth',
    problem: "needs 'publicUrl', the URL of this app that tokens are issued for, such as 'https://api.example.com'"
  }
}

function findCorsConflict ({ cors = false, allowedOrigins, publicUrl }: AnyMountOptions): OptionProblem | undefined {
  if (cors !== false && allowedOrigins?.length === 0 && publicUrl === undefined) {
    return {
      name: 'cors',
      problem: "has no effect without an origin in 'allowedOrigins'; list the origins of the pages there, " +
        'or leave this one out'
    }
  }
  if (allowedOrigins === ANY_ORIGIN && typeof cors === 'object' && cors.credentials === true) {
    return {
      name: 'cors',
      problem: "has 'credentials', which contradicts allowedOrigins: '*': any page could act with the cookies of its " +
        'visitors; list the origins that may'
    }
  }
}

function findEraConflict (
  { legacy, stateless, jsonResponse, eventStore, cluster, retryInterval, maxCallsInFlightPerSession }: AnyMountOptions
): OptionProblem | undefined {
  if (legacy === false && stateless === true) {
    return {
      name: 'stateless',
      problem: "contradicts 'legacy: false', which refuses all clients that have sessions; leave one of them out"
    }
  }
  if (maxCallsInFlightPerSession !== undefined && (legacy === false || stateless === true)) {
    return {
      name: 'maxCallsInFlightPerSession',
      problem: "has no effect without sessions, which 'legacy: false' and 'stateless: true' turn off; " +
        'leave one of them out'
    }
  }
  if (eventStore === undefined && cluster === undefined && retryInterval !== undefined) {
    return {
      name: 'retryInterval',
      problem: "has no effect without 'eventStore' or 'cluster', which store the events that a client resumes from; " +
        'set one of them, or leave this one out'
    }
  }
  if (eventStore !== undefined && (legacy === false || stateless === true || jsonResponse === true)) {
    return {
      name: 'eventStore',
      problem: "has no effect without the streams of sessions, which 'legacy: false', 'stateless: true' and " +
        "'jsonResponse: true' turn off; leave one of them out"
    }
  }
}

function findClusterConflict (
  { cluster, eventStore, sessionIdleTimeout }: AnyMountOptions, { sharesState = true }: ServerDefinition
): OptionProblem | undefined {
  if (cluster === undefined) return undefined
  if (eventStore !== undefined) {
    return { name: 'eventStore', problem: "contradicts 'cluster', which stores the events of all nodes; leave it out" }
  }
  if (sessionIdleTimeout === 0) {
    return {
      name: 'sessionIdleTimeout',
      problem: "must be above 0 with 'cluster': what nodes share outlives each node, so it must expire"
    }
  }
  if (!sharesState) {
    return {
      name: 'cluster',
      problem: 'needs a server whose requestState opens on every node: ' +
        'new McpServer(info, { requestState: { keys: [process.env.MCP_STATE_KEY] } }), ' +
        'a secret of 32 bytes or more that all nodes have'
    }
  }
}
