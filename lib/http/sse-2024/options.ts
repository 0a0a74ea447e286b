// The `legacySse` option of a mount.
import { kindOf, nested, switchable, whole } from '../../options/checks.ts'
import type { OptionProblem, ResolvedOf, TableOf } from '../../options/table.ts'

/**
 * Where HTTP+SSE is served, below the prefix, and how many requests at once.
 * @deprecated Revision 2025-03-26 replaced this transport by Streamable HTTP, which the endpoint serves.
 */
export interface LegacySseOptions {
  /** The path at which clients open their stream. It has no parameters and no wildcards. @default '/sse' */
  readonly ssePath?: string
  /** The path to which clients post their messages. It has no parameters and no wildcards. @default '/messages' */
  readonly messagesPath?: string
  /** How many requests of one session may be served at once. Beyond that, they get 503. @default 100 */
  readonly maxRequests?: number
}

// The URL for messages is built from the URL that a client requested, so parameters could not be filled in.
const plainPath = kindOf<string>("must begin with '/', and have neither parameters nor wildcards",
  (value) => typeof value === 'string' && /^\/[^\s:*?#]*$/.test(value))

const LEGACY_SSE = {
  ssePath: plainPath('/sse'),
  messagesPath: plainPath('/messages'),
  maxRequests: whole(100)
} satisfies TableOf<LegacySseOptions>

/** Options that have been checked and completed. */
export type ResolvedLegacySse = ResolvedOf<typeof LEGACY_SSE>

/** The `legacySse` option. */
export const legacySseOption = switchable(nested(
  LEGACY_SSE,
  "must be true, false or an object, such as { ssePath: '/sse', messagesPath: '/messages' }"
))

/** The options of a mount that can contradict `legacySse`. */
interface Beside {
  readonly legacySse?: boolean | LegacySseOptions
  readonly path?: string
  readonly legacy?: boolean
  readonly stateless?: boolean
  readonly jsonResponse?: boolean
  readonly cluster?: object
}

/** Finds a contradiction between the `legacySse` option and another one; undefined if there is none. */
export function findLegacySseConflict (options: Beside): OptionProblem | undefined {
  const resolved = legacySseOption.complete(options.legacySse)
  const problem = resolved === false ? undefined : findProblemBeside(options, resolved)
  return problem === undefined ? undefined : { name: 'legacySse', problem }
}

function findProblemBeside (
  { path = '/mcp', legacy, stateless, jsonResponse, cluster }: Beside, own: ResolvedLegacySse
): string | undefined {
  if (legacy === false) {
    return "contradicts 'legacy: false': only legacy clients use HTTP+SSE; leave one of them out"
  }
  if (stateless === true) {
    return "contradicts 'stateless: true': HTTP+SSE cannot work without sessions; leave one of them out"
  }
  if (jsonResponse === true) {
    return "contradicts 'jsonResponse: true': HTTP+SSE answers only on a stream; leave one of them out"
  }
  if (cluster !== undefined) {
    return "contradicts 'cluster': a stream of HTTP+SSE, which carries every answer, belongs to one process; " +
      "mount the server a second time without 'cluster', behind sticky sessions, or leave one of them out"
  }
  const paths = [path, own.ssePath, own.messagesPath].map((one) => one.replace(/\/+$/, ''))
  if (new Set(paths).size < paths.length) {
    return "needs paths that differ from each other and from 'path': " +
      `they are '${own.ssePath}', '${own.messagesPath}' and '${path}'`
  }
}
