// Pages of lists whose items have a key, and opaque cursors. MCP 2026-07-28 server/utilities/pagination.
import { isUtf8 } from 'node:buffer'

/** One page of a list. The last page has no `nextCursor`. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string
}

/** Returns a cursor to the page that follows the item with this key. The key is well-formed Unicode and not empty. */
export function encodeCursor (key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url')
}

/** Returns the key in a cursor, or `undefined` if `encodeCursor` cannot have made the cursor. */
export function decodeCursor (cursor: string): string | undefined {
  if (cursor === '') return undefined

  const bytes = Buffer.from(cursor, 'base64url')
  // Node.js decodes leniently. The cursor is canonical only if the bytes encode to the same text again.
  return bytes.toString('base64url') === cursor && isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/**
 * Returns the page that follows `cursor`, or the first page, of a list whose keys are unique. A cursor stays valid as
 * long as the item that it names is in the list. Returns `undefined` if the cursor is invalid (-32602).
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

  // Searched from the end: if keys repeat after all, a client skips items instead of reading the same page for ever.
  const index = items.findLastIndex((item) => keyOf(item) === key)
  return index === -1 ? undefined : index + 1
}
