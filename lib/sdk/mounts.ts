// The mounts of a definition whose server is one for all of them.
import type { Entered } from '../server/definition.ts'

/** Returns what a definition does when a mount enters. @param close Called when the last mount has left. */
export function countMounts (close: () => unknown): () => Entered<undefined> {
  let mounts = 0
  return function enter () {
    mounts++
    return { value: undefined, async close () { if (--mounts === 0) await close() } }
  }
}
