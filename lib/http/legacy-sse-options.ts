// The `legacySse` option of a mount: what it is, and what is wrong with a wrong one.
import { findOptionProblem, isBoolean, isCount, optional, type Check, type Checks } from '../option-check.ts'

/**
 * Where HTTP+SSE is served, below the prefix, and how much of it.
 * @deprecated Revision 2025-03-26 replaced this transport by Streamable HTTP, which the endpoint speaks.
 */
export interface LegacySseOptions {
  /** Where clients open their stream. @default '/sse' */
  readonly ssePath?: string
  /** Where they send their messages. @default '/messages' */
  readonly messagesPath?: string
  /** Requests of one session served at once; past it one gets 503. @default 100 */
  readonly maxRequests?: number
}

/** Options that were checked and completed. */
export type ResolvedLegacySse = Readonly<Required<LegacySseOptions>>

/** The options of a mount that `legacySse` may contradict. */
interface Beside {
  readonly legacySse?: boolean | LegacySseOptions
  readonly path?: string
  readonly legacy?: boolean
  readonly stateless?: boolean
  readonly jsonResponse?: boolean
  readonly cluster?: object
}

// The URL that clients are told is made of that they asked for.
const isPlainPath: Check = (value) =>
  typeof value === 'string' && /^\/[^\s:*?#]*$/.test(value) ? undefined : "must begin with '/', and have neither parameters nor wildcards"

const CHECKS: Checks<LegacySseOptions> = { ssePath: optional(isPlainPath), messagesPath: optional(isPlainPath), maxRequests: optional(isCount) }

/** Says what is wrong with the `legacySse` option. */
export function findLegacySseProblem (value: unknown): string | undefined {
  if (isBoolean(value) === undefined) return undefined
  if (typeof value !== 'object' || value === null) return "must be true, false or an object, such as { ssePath: '/sse', messagesPath: '/messages' }"
  const problem = findOptionProblem(value, CHECKS)
  return problem && `has a '${problem.name}' that ${problem.problem}`
}

/** Says why the `legacySse` option cannot be had beside others. */
export function findLegacySseConflict (options: Beside): string | undefined {
  const { path = '/mcp', legacy, stateless, jsonResponse, cluster } = options
  const resolved = resolveLegacySse(options.legacySse)
  if (resolved === false) return undefined
  if (legacy === false) return "contradicts 'legacy: false', which serves none of the clients that it is for; leave one of them out"
  if (stateless === true) return "contradicts 'stateless: true': HTTP+SSE is nothing but sessions; leave one of them out"
  if (jsonResponse === true) return "contradicts 'jsonResponse: true': HTTP+SSE answers by a stream only; leave one of them out"
  if (cluster !== undefined) return "contradicts 'cluster': the stream of HTTP+SSE, by which all is answered, belongs to one process; mount the server a second time without 'cluster', behind sticky sessions, or leave one of them out"
  const paths = [path, resolved.ssePath, resolved.messagesPath].map((one) => one.replace(/\/+$/, ''))
  if (new Set(paths).size < paths.length) return `needs paths that differ from each other and from 'path': not '${resolved.ssePath}' and '${resolved.messagesPath}' beside '${path}'`
}

/** Completes the `legacySse` option. */
export function resolveLegacySse (option: boolean | LegacySseOptions = false): ResolvedLegacySse | false {
  if (option === false) return false
  const { ssePath = '/sse', messagesPath = '/messages', maxRequests = 100 } = option === true ? {} : option
  return Object.freeze({ ssePath, messagesPath, maxRequests })
}
