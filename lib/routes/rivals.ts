// Makes sure that a call reaches the route of its tool, whatever its arguments are.
import type { Candidate } from './choose.ts'
import { parsePath, type PathValues } from './path.ts'

/** What the router finds for a path. */
export interface FoundRoute {
  readonly params: { readonly [name: string]: unknown }
}

/**
 * Whether the router has found the route that a path was built for: the values of `/orders/:id` must not lead to
 * `/orders/export`. Routes are told apart by the names and values of their parameters.
 */
export function isOwnRoute (found: FoundRoute | null | undefined, values: PathValues): boolean {
  if (found === null || found === undefined) return false
  const names = Object.keys(found.params)
  return names.length === values.size && names.every((name) => values.get(name) === found.params[name])
}

/**
 * Finds another route that {@link isOwnRoute} could not tell from a route: one that takes the same parameters and may
 * answer the same request. Versions are told apart by a header that is always sent.
 */
export function findRival (candidate: Candidate, others: readonly Candidate[]): Candidate | undefined {
  const segments = toSegments(candidate.url)
  const names = nameParams(candidate.url)
  return others.find((other) => {
    const isOther = other !== candidate && other.method === candidate.method
    return isOther && other.constraints.version === candidate.constraints.version &&
      nameParams(other.url) === names && mayMeet(segments, toSegments(other.url))
  })
}

const PARAM = '\0'

function toSegments (url: string): readonly string[] {
  let text = ''
  for (const piece of parsePath(url).pieces) text += typeof piece === 'string' ? piece : PARAM
  return text.toLowerCase().split('/').filter((segment) => segment !== '')
}

function nameParams (url: string): string {
  return parsePath(url).params.map(({ name }) => name).sort().join('/')
}

function mayMeet (a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((segment, index) => {
    return segment === b[index] || segment.includes(PARAM) || (b[index] ?? '').includes(PARAM)
  })
}
