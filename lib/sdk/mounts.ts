// Counts the mounts that share one server.
import type { Entered } from '../server/definition.ts'

/** Creates the `enter` of a definition. @param close Called when the last mount has left. */
export function countMounts (close: () => unknown): () => Entered<undefined> {
  let mounts = 0
  return function enter () {
    mounts++
    return { value: undefined, async close () { if (--mounts === 0) await close() } }
  }
}
