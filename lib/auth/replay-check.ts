// Remembers what may be used only once.
import { createHash } from 'node:crypto'
import { OrderedMap } from '../ordered-map.ts'

/** How much is remembered, and for how long. */
export interface ReplayLimits {
  /** How many texts are remembered. The oldest are forgotten first. */
  readonly max: number
  /** For how many milliseconds each is remembered. */
  readonly ttl: number
}

/**
 * Creates a function that returns whether a text is new, and remembers it. Only hashes are kept, so the length of the
 * texts does not matter.
 * @param now The clock, in milliseconds.
 */
export function createReplayCheck ({ max, ttl }: ReplayLimits, now: () => number): (text: string) => boolean {
  // When each expires. The first one expires first.
  const seen = new OrderedMap<string, number>()

  return function isNew (text) {
    const key = createHash('sha256').update(text).digest('base64url')
    while (seen.first !== undefined && seen.first <= now()) seen.deleteFirst()
    if (seen.has(key)) return false
    seen.set(key, now() + ttl)
    if (seen.size > max) seen.deleteFirst()
    return true
  }
}
