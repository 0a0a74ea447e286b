// Shows what somebody sees who can read a store.
import type { OAuthStore } from '../../lib/oauth/index.ts'

/** Resolves to all keys and values that are in the store, or ever were. */
export type Dump = () => Promise<readonly string[]>

/** Wraps a store, and notes what it is given. */
export function createDump (store: OAuthStore): { readonly store: OAuthStore, readonly dump: Dump } {
  const seen: string[] = []
  return {
    store: {
      ...store,
      async set (key, value, ttl) {
        seen.push(key, value)
        await store.set(key, value, ttl)
      },
      async add (key, value, ttl) {
        seen.push(key, value)
        return await store.add(key, value, ttl)
      }
    },
    dump: async () => seen
  }
}
