// Where the authorization server keeps what must outlive a request: texts under keys, each for a limited time.
// `sealed-store.ts` stands before every store, so what a store gets is hashed and encrypted.
import { ExpiryQueue, type Expiring } from '../expiry-queue.ts'
import { OrderedMap } from '../ordered-map.ts'

/**
 * A store of the authorization server. Every value is a text that expires. All nodes of an app share one store; an
 * implementation for a database needs no more than the first four commands. Values are encrypted before they are
 * stored, and keys are a kind, a colon and a hash, so a copy of the store lets no one sign in.
 */
export interface OAuthStore {
  /** Returns the value of a key; undefined if there is none, or it has expired. */
  get (key: string): Promise<string | undefined>
  /** Sets the value of a key. @param ttl Milliseconds until it expires. */
  set (key: string, value: string, ttl: number): Promise<void>
  /**
   * Sets the value of a key that has none, and returns whether it did. Of several calls at once, exactly one sets it.
   * @param ttl Milliseconds until it expires.
   */
  add (key: string, value: string, ttl: number): Promise<boolean>
  /** Removes a key, and returns the value that it had. Of several calls at once, only one returns it. */
  take (key: string): Promise<string | undefined>
  /**
   * Adds to the number of a key, which begins with 0, and returns the sum. Of several calls at once, each counts. With
   * this command, `registrationLimit` and `signInLimit` hold over all nodes; without it, in each process.
   * @param change 1 or -1.
   * @param ttl Milliseconds until the number expires, which may be counted from any of its changes.
   */
  count? (key: string, change: number, ttl: number): Promise<number>
}

/** What a store in this process does with its values, without waiting. */
export interface StoreOperations {
  /** Returns the value of a key; undefined if there is none, or it has expired. */
  find (key: string): string | undefined
  put (key: string, value: string, ttl: number): void
  remove (key: string): void
}

/** Makes a store of operations that need no waiting, so no other call comes between two of them. */
export function createStore ({ find, put, remove }: StoreOperations): OAuthStore {
  return {
    get: async (key) => find(key),
    set: async (key, value, ttl) => { put(key, value, ttl) },
    async add (key, value, ttl) {
      if (find(key) !== undefined) return false
      put(key, value, ttl)
      return true
    },
    async take (key) {
      const value = find(key)
      remove(key)
      return value
    }
  }
}

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * How many values of one kind are kept. The oldest are dropped first, so a flood of registrations ends no sign-in.
   * @default 10000
   */
  readonly maxPerKind?: number
}

interface Entry extends Expiring { readonly key: string, readonly value: string }

interface Kind { readonly entries: OrderedMap<string, Entry>, readonly queue: ExpiryQueue<Entry> }

/**
 * Creates a store in the memory of this process. Sign-ins end when the process does, and other processes know nothing
 * of them. The kind of a value is its key up to the first colon.
 * @param now The clock, in milliseconds.
 */
export function memoryStore ({ maxPerKind = 10_000 }: MemoryStoreOptions = {}, now = Date.now): OAuthStore {
  const kinds = new Map<string, Kind>()

  function kindOf (key: string): Kind {
    const name = key.slice(0, key.indexOf(':'))
    const kind = kinds.get(name) ?? { entries: new OrderedMap(), queue: new ExpiryQueue() }
    kinds.set(name, kind)
    return kind
  }

  function find (key: string): string | undefined {
    const entry = kindOf(key).entries.get(key)
    if (entry === undefined || entry.expiresAt > now()) return entry?.value
    remove(key)
  }

  function put (key: string, value: string, ttl: number): void {
    remove(key)
    const kind = kindOf(key)
    const entry = { key, value, expiresAt: now() + ttl, place: 0 }
    kind.entries.set(key, entry)
    kind.queue.add(entry)
    if (kind.entries.size > maxPerKind) drop(kind)
  }

  // The oldest value may still be needed, so it is dropped only if none has expired.
  function drop ({ entries, queue }: Kind): void {
    const isExpired = queue.first !== undefined && queue.first.expiresAt <= now()
    const entry = isExpired ? queue.first : entries.first
    if (entry !== undefined) remove(entry.key)
  }

  function remove (key: string): void {
    const { entries, queue } = kindOf(key)
    const entry = entries.get(key)
    if (entry !== undefined) queue.delete(entry)
    entries.delete(key)
  }

  return createStore({ find, put, remove })
}
