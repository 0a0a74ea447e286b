// Limits on how much of a client's input is kept or repeated, and the functions that apply them.

/** The longest request id or progress token, in bytes of UTF-8. Both are repeated in many messages. */
export const MAX_ID_BYTES = 256

/** The longest text of a client that is kept, such as its name, in characters. Longer texts are cut. */
export const MAX_TEXT_LENGTH = 1024

/** How many characters of a client's text an error message or a log line repeats. */
export const SHOWN_CHARACTERS = 128

// Rough figures for V8, in bytes: the overhead of an object, of a member and of an array item.
const OBJECT_BYTES = 64
const MEMBER_BYTES = 32
const ITEM_BYTES = 8
const PRIMITIVE_BYTES = 16

/** Cuts a client's text. The result does not keep the whole text in memory. */
export function shorten (text: string, maxLength = SHOWN_CHARACTERS): string {
  // V8's slices refer to the whole string. A slice may also end between the halves of a surrogate pair.
  return text.length > maxLength ? `${Buffer.from(text.slice(0, maxLength)).toString()}…` : text
}

/** Whether a text has at most `maxBytes` bytes of UTF-8. */
export function fitsBytes (text: string, maxBytes: number): boolean {
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes)
}

/**
 * Estimates how many bytes of memory a value parsed from JSON takes. It may be twenty times the length of its text.
 * @param limit The estimate at which counting stops.
 */
export function weigh (value: unknown, limit: number): number {
  if (typeof value === 'string') return PRIMITIVE_BYTES + value.length
  if (typeof value !== 'object' || value === null) return PRIMITIVE_BYTES

  let bytes = OBJECT_BYTES
  const isArray = Array.isArray(value)
  for (const [key, member] of isArray ? value.entries() : Object.entries(value)) {
    bytes += isArray ? ITEM_BYTES : MEMBER_BYTES + String(key).length
    if (bytes > limit) break
    bytes += weigh(member, limit - bytes)
  }
  return bytes
}

/** The entries that fit into a limit, and the bytes they take together. */
export interface Fitting<K, V> {
  readonly kept: ReadonlyArray<readonly [K, V]>
  readonly bytes: number
}

/** Keeps the entries, in order, that fit into `limit` bytes together; an entry that would exceed it is left out. */
export function takeFitting<K, V> (entries: Iterable<readonly [K, V]>, limit: number): Fitting<K, V> {
  const kept: Array<readonly [K, V]> = []
  let bytes = 0
  for (const entry of entries) {
    if (bytes >= limit) break
    if (entry[1] === undefined) continue
    const more = weigh(entry, limit - bytes)
    if (bytes + more > limit) continue
    kept.push(entry)
    bytes += more
  }
  return { kept, bytes }
}
