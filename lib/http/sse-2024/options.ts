// The `legacySse` option of a mount.
import { kindOf, nested, switchable, whole } from '../../options/checks.ts'
import type { OptionProblem, ResolvedOf, TableOf } from '../../options/table.ts'

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

// Clients are told a URL that is made of the one that they asked for.
const plainPath = kindOf<string>("must begin with '/', and have neither parameters nor wildcards",
  (value) => typeof value === 'string' && /^\/[^\s:*?#]*$/.test(value))

const LEGACY_SSE = {
  ssePath: plainPath('/sse'),
  messagesPath: plainPath('/messages'),
  maxRequests: whole(100)
} satisfies TableOf<LegacySseOptions>

/** Options that were checked and completed. */
export type ResolvedLegacySse = ResolvedOf<typeof LEGACY_SSE>

/** The `legacySse` option. */
export const legacySseOption = switchable(nested(
  LEGACY_SSE,
  "must be true, false or an object, such as { ssePath: '/sse', messagesPath: '/messages' }"
))

/** The options of a mount that `legacySse` may contradict. */
interface Beside {
  readonly legacySse?: boolean | LegacySseOptions
  readonly path?: string
  readonly legacy?: boolean
  readonly stateless?: boolean
  readonly jsonResponse?: boolean
  readonly cluster?: object
}

/** Finds what makes the `legacySse` option contradict others; undefined where it does not. */
export function findLegacySseConflict (options: Beside): OptionProblem | undefined {
  const resolved = legacySseOption.complete(options.legacySse)
  const problem = resolved === false ? undefined : findProblemBeside(options, resolved)
  return problem === undefined ? undefined : { name: 'legacySse', problem }
}

function findProblemBeside (
  { path = '/mcp', legacy, stateless, jsonResponse, cluster }: Beside, own: ResolvedLegacySse
): string | undefined {
  if (legacy === false) {
    return "contradicts 'legacy: false', which serves none of the clients that it is for; leave one of them out"
  }
  if (stateless === true) {
    return "contradicts 'stateless: true': HTTP+SSE is nothing but sessions; leave one of them out"
  }
  if (jsonResponse === true) {
    return "contradicts 'jsonResponse: true': HTTP+SSE answers by a stream only; leave one of them out"
  }
  if (cluster !== undefined) {
    return "contradicts 'cluster': the stream of HTTP+SSE, by which all is answered, belongs to one process; " +
      "mount the server a second time without 'cluster', behind sticky sessions, or leave one of them out"
  }
  const paths = [path, own.ssePath, own.messagesPath].map((one) => one.replace(/\/+$/, ''))
  if (new Set(paths).size < paths.length) {
    return "needs paths that differ from each other and from 'path': " +
      `not '${own.ssePath}' and '${own.messagesPath}' beside '${path}'`
  }
}
