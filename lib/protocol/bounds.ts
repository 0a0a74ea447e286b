// The bounds of what is kept or repeated of a client's own words, and what applies them.

/** The longest id of a request, and the longest progress token, in bytes of UTF-8. Both are repeated in many messages. */
export const MAX_ID_BYTES = 256

/** The longest text of a client's that is kept for later, such as its name, in characters. The rest is cut off. */
export const MAX_TEXT_LENGTH = 1024

/** How many characters of a client's text an error message or a log line repeats. */
export const SHOWN_CHARACTERS = 128

// Rough figures of V8, in bytes: what an object, a member and an item of an array take besides what is in them.
const OBJECT_BYTES = 64
const MEMBER_BYTES = 32
const ITEM_BYTES = 8
const PRIMITIVE_BYTES = 16

/** Cuts a client's text to what is repeated of it. The text that is returned does not keep the whole one alive. */
export function shorten (text: string, maxLength = SHOWN_CHARACTERS): string {
  // A slice refers to the whole string, and may end between the halves of a character.
  return text.length > maxLength ? `${Buffer.from(text.slice(0, maxLength)).toString()}…` : text
}

/** Tells whether a text has at most so many bytes of UTF-8. */
export function fitsBytes (text: string, maxBytes: number): boolean {
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes)
}

/**
 * Estimates how many bytes of memory a value takes that was parsed from JSON, which may be twenty times the length of its text.
 * @param limit Counting ends as soon as the estimate exceeds it.
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

/** Takes the entries whose weights together do not exceed a limit, in their order; one that would exceed it is left out. */
export function takeFitting<K, V> (entries: Iterable<readonly [K, V]>, limit: number): { readonly kept: ReadonlyArray<readonly [K, V]>, readonly bytes: number } {
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
