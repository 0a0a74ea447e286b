// Opaque cursors over lists whose items have a key. MCP 2026-07-28 server/utilities/pagination.
import { isUtf8 } from 'node:buffer'

/** One page of a list; without `nextCursor` it is the last one. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string
}

/** Makes the cursor that points behind the item with this key. The key is well-formed Unicode and not empty. */
export function encodeCursor (key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url')
}

/** Reads the key out of a cursor; `undefined` when `encodeCursor` cannot have made it. */
export function decodeCursor (cursor: string): string | undefined {
  if (cursor === '') return undefined

  const bytes = Buffer.from(cursor, 'base64url')
  // Node decodes leniently: only what encodes to the same text again was canonical.
  return bytes.toString('base64url') === cursor && isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/**
 * Takes the page that follows `cursor`, or the first one, from a list whose keys are unique. A cursor stays good while
 * the item it names is in the list, whatever else is added or removed. `undefined` means an invalid cursor (-32602).
 * `pageSize` is a positive integer.
 */
export function paginate<T> (
  items: readonly T[], keyOf: (item: T) => string, cursor: string | undefined, pageSize: number
): Page<T> | undefined {
  const start = cursor === undefined ? 0 : findStart(items, keyOf, cursor)
  if (start === undefined) return undefined

  const page = items.slice(start, start + pageSize)
  const last = page.at(-1)
  if (last === undefined || start + page.length === items.length) return { items: page }
  return { items: page, nextCursor: encodeCursor(keyOf(last)) }
}

function findStart<T> (items: readonly T[], keyOf: (item: T) => string, cursor: string): number | undefined {
  const key = decodeCursor(cursor)
  if (key === undefined) return undefined

  // The last match, so that keys which are not unique shorten a walk instead of making it endless.
  const index = items.findLastIndex((item) => keyOf(item) === key)
  return index === -1 ? undefined : index + 1
}
