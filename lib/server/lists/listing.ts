// Serves the pages of one list, which are serialised once per era and cursor.
import { ErrorCode } from '../../protocol/error-code.ts'
import { paginate } from '../../protocol/cursor.ts'
import type { Params } from '../../protocol/message.ts'
import type { Era } from '../../protocol/revisions.ts'
import { invalidParams, RefusedError } from '../../errors.ts'
import { PreparedResult } from '../call/result.ts'

/** How the pages of a list are built. */
export interface PageSource<Item> {
  /** The field of the result that holds the items, e.g. `tools`. */
  readonly field: string
  readonly pageSize: number
  keyOf (item: Item): string
  /** Completes a page for its era. */
  finish (page: object, era: Era): object
}

/** A list: its items, and how its pages are built. */
export interface ListSource<Item> extends PageSource<Item> {
  items (era: Era): readonly Item[]
}

/** Serves a list whose items change rarely. */
export class Listing<Item> {
  readonly #source: ListSource<Item>
  readonly #pages: { readonly [era in Era]: Map<string | undefined, PreparedResult> } = {
    modern: new Map(), legacy: new Map()
  }

  constructor (source: ListSource<Item>) {
    this.#source = source
  }

  /** Drops all cached pages, because an item has changed. */
  drop (): void {
    this.#pages.modern.clear()
    this.#pages.legacy.clear()
  }

  /** Returns the page that a list request asks for. @throws RpcError -32602 for an unknown cursor. */
  page (params: Params, era: Era): PreparedResult {
    const cursor = readCursor(params)
    const pages = this.#pages[era]
    const known = pages.get(cursor)
    if (known !== undefined) return known

    const items = this.#source.items(era)
    const page = new PreparedResult(takePage(this.#source, items, cursor, era))
    // A cursor may begin a page at any item. Caching a page for each would take memory quadratic in the length of the
    // list, so no more pages are cached than a walk through the list needs.
    if (pages.size * this.#source.pageSize < items.length) pages.set(cursor, page)
    return page
  }
}

/** Returns the cursor of a list request. @throws RpcError -32602 if it is not a string. */
export function readCursor (params: Params): string | undefined {
  const { cursor } = params
  if (cursor === undefined || typeof cursor === 'string') return cursor
  throw invalidParams("'cursor' must be a string")
}

/** Returns one page of a list. @throws RpcError -32602 for an unknown cursor. */
export function takePage<Item> (
  source: PageSource<Item>, items: readonly Item[], cursor: string | undefined, era: Era
): object {
  const page = paginate(items, source.keyOf, cursor, source.pageSize)
  if (page === undefined) {
    const problem = 'Invalid cursor: it is malformed or the list has changed; list again from the start'
    throw new RefusedError(ErrorCode.InvalidParams, problem)
  }
  return source.finish({
    [source.field]: page.items,
    ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor })
  }, era)
}
