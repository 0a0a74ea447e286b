// Where results are kept: the interface, and the store in memory.
import { OrderedMap } from '../ordered-map.ts'

/** What a cached result is kept with. */
export interface CachedEntry {
  /** The JSON of the result. */
  readonly text: string
  /** For how many milliseconds it may be used. */
  readonly ttl: number
  /** The groups that it belongs to. Dropping one of them drops it. */
  readonly groups: readonly string[]
}

/**
 * A store of results. It may forget any of them at any time. A store that fails, hangs or is slow makes calls run as
 * without a cache.
 */
export interface CacheStore {
  /** Returns the JSON of a result, or undefined if there is none, or it is too old. */
  get (key: string): string | undefined | Promise<string | undefined>
  /** Keeps a result. */
  set (key: string, entry: CachedEntry): void | Promise<void>
  /** Forgets all results of a group. */
  drop (group: string): void | Promise<void>
}

interface Kept {
  readonly key: string
  readonly text: string
  readonly expiresAt: number
  readonly groups: readonly string[]
}

// What an entry takes beside its texts: its objects, and its places in the maps.
const ENTRY_BYTES = 400

/** Keeps results in this process. If there are too many, those that have not been used for longest are forgotten. */
export class MemoryCache implements CacheStore {
  readonly #maxBytes: number
  readonly #now: () => number
  // The entry that has not been used for longest is first.
  readonly #entries = new OrderedMap<string, Kept>()
  readonly #groups = new Map<string, Set<string>>()
  #bytes = 0

  /** @param now The clock, in milliseconds. */
  constructor (maxBytes: number, now: () => number = Date.now) {
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /** The number of results. */
  get size (): number { return this.#entries.size }

  /** About how many bytes of memory they take. */
  get bytes (): number { return this.#bytes }

  get (key: string): string | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAt <= this.#now()) {
      this.#forget(entry)
      return undefined
    }
    this.#entries.set(key, entry)
    return entry.text
  }

  set (key: string, { text, ttl, groups }: CachedEntry): void {
    this.#forget(this.#entries.get(key))
    const entry: Kept = { key, text, expiresAt: this.#now() + ttl, groups }
    const bytes = weigh(entry)
    if (bytes > this.#maxBytes) return
    this.#entries.set(key, entry)
    this.#bytes += bytes
    for (const group of groups) this.#groups.set(group, (this.#groups.get(group) ?? new Set()).add(key))
    while (this.#bytes > this.#maxBytes) this.#forget(this.#entries.first)
  }

  drop (group: string): void {
    for (const key of this.#groups.get(group) ?? []) this.#forget(this.#entries.get(key))
  }

  #forget (entry: Kept | undefined): void {
    if (entry === undefined) return
    this.#entries.delete(entry.key)
    this.#bytes -= weigh(entry)
    for (const group of entry.groups) {
      const keys = this.#groups.get(group)
      keys?.delete(entry.key)
      if (keys?.size === 0) this.#groups.delete(group)
    }
  }
}

// A character takes one byte or two, and each group has a name.
function weigh ({ key, text, groups }: Kept): number {
  return ENTRY_BYTES + 2 * (key.length + text.length + groups.reduce((sum, group) => sum + group.length, 0))
}
