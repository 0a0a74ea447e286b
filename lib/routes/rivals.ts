// Makes sure that a call reaches the route of its tool, whatever its arguments are.
import type { Candidate } from './choose.ts'
import { parsePath, type PathValues } from './path.ts'

/** The route that the router finds for a path. */
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

/** Finds a route that {@link isOwnRoute} could not tell from another one. */
export type FindRival = (candidate: Candidate) => Candidate | undefined

/** What decides which requests a route answers. */
interface Shape {
  readonly candidate: Candidate
  readonly segments: readonly string[]
}

/**
 * Creates the function that finds a rival of a route: another route of the app with the same parameters that may answer
 * the same request. Versions are told apart by a header that is always sent.
 */
export function createRivalFinder (candidates: readonly Candidate[]): FindRival {
  const shapes = new Map<string, Shape[]>()
  for (const candidate of candidates) {
    const key = toKey(candidate)
    const alike = shapes.get(key) ?? []
    alike.push({ candidate, segments: toSegments(candidate.url) })
    shapes.set(key, alike)
  }
  return function findRival (candidate) {
    const segments = toSegments(candidate.url)
    const alike = shapes.get(toKey(candidate)) ?? []
    return alike.find(({ candidate: other, segments: others }) => {
      return other !== candidate && mayMeet(segments, others) && !haveOwnHosts(candidate, other)
    })?.candidate
  }
}

// The request to a route with a host of its own has that host.
function haveOwnHosts (candidate: Candidate, rival: Candidate): boolean {
  const [one, other] = [candidate.constraints.host, rival.constraints.host]
  return typeof one === 'string' && typeof other === 'string' && one !== other
}

const PARAM = '\0'

function toKey ({ method, url, constraints: { version } }: Candidate): string {
  const names = parsePath(url).params.map(({ name }) => name).sort()
  return JSON.stringify([method, version, names])
}

function toSegments (url: string): readonly string[] {
  let text = ''
  for (const piece of parsePath(url).pieces) text += typeof piece === 'string' ? piece : PARAM
  return text.toLowerCase().split('/').filter((segment) => segment !== '')
}

function mayMeet (a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((segment, index) => {
    return segment === b[index] || segment.includes(PARAM) || b[index]?.includes(PARAM) === true
  })
}
