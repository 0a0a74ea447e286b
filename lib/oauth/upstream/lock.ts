// A lock that all nodes share.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OAuthStore } from '../store.ts'

/** Runs a function while no other holder of the key runs one, on any node. */
export type Lock = <T>(key: string, run: () => Promise<T>) => Promise<T>

/** For how many milliseconds a node that dies holds others up. What takes longer is no longer alone. */
const TTL = 30_000
const POLL = 25

/**
 * Creates a lock.
 * @param pause Waits before the next attempt.
 */
export function createLock (store: OAuthStore, pause: (ms: number) => Promise<unknown> = sleep): Lock {
  return async function runAlone (key, run) {
    const holder = randomUUID()
    for (let waited = 0; !await store.add(key, holder, TTL); waited += POLL) {
      if (waited > TTL) throw new Error('another request that needs the same took too long')
      await pause(POLL)
    }
    try {
      return await run()
    } finally {
      if (await store.get(key) === holder) await store.take(key)
    }
  }
}
