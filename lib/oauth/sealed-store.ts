// Hides the entries from readers of the store: keys are hashed, and values are encrypted.
import { createHash } from 'node:crypto'
import type { Keys } from './keys.ts'
import type { OAuthStore } from './store.ts'

/**
 * Wraps a store. The kind of a key stays readable, and the rest is hashed, because codes, refresh tokens and sessions
 * are found by the secrets that their holders bring. A value is bound to its key: moved to another one, or sealed with
 * a secret that is no longer among `keys`, it counts as absent.
 */
export function sealStore (store: OAuthStore, { seal, open }: Keys): OAuthStore {
  const openMaybe = (key: string, sealed: string | undefined): string | undefined =>
    sealed === undefined ? undefined : open(sealed, key)

  return Object.freeze<OAuthStore>({
    async get (name) {
      const key = hashKey(name)
      return openMaybe(key, await store.get(key))
    },
    async set (name, value, ttl) {
      const key = hashKey(name)
      await store.set(key, seal(value, key), ttl)
    },
    async add (name, value, ttl) {
      const key = hashKey(name)
      return await store.add(key, seal(value, key), ttl)
    },
    async take (name) {
      const key = hashKey(name)
      return openMaybe(key, await store.take(key))
    },
    // The store could not add to a number that is encrypted.
    ...(store.count !== undefined && {
      count: async (name: string, change: number, ttl: number) => await store.count?.(hashKey(name), change, ttl) ?? 0
    })
  })
}

function hashKey (name: string): string {
  const end = name.indexOf(':') + 1
  return name.slice(0, end) + createHash('sha256').update(name.slice(end)).digest('base64url')
}
