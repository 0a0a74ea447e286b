// Remembers what may be used only once.
import { createHash } from 'node:crypto'

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
  // In the order in which they expire.
  const seen = new Map<string, number>()

  return function isNew (text) {
    const key = createHash('sha256').update(text).digest('base64url')
    for (const [old, expiresAt] of seen) {
      if (expiresAt > now()) break
      seen.delete(old)
    }
    if (seen.has(key)) return false
    seen.set(key, now() + ttl)
    if (seen.size > max) seen.delete(String(seen.keys().next().value))
    return true
  }
}
