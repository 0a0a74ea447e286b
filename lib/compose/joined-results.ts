// Joins the introductions of the members of a composition, and the filters of what a client listens to.
import { isWireObject, type WireObject } from '../protocol/message.ts'
import { LISTS } from '../protocol/subscription.ts'

/** Joins the results of `initialize` or `server/discover`: the first one's, with the capabilities of all. */
export function joinIntroductions (results: readonly object[]): object {
  const [first = {}] = results
  const instructions = results.map(fieldsOf).flatMap(({ instructions }) => instructions ?? [])
  return {
    ...first,
    capabilities: results.map((result) => fieldsOf(result).capabilities).reduce(merge, {}),
    ...(instructions.length > 0 && { instructions: instructions.join('\n\n') }),
    ...joinCacheFields(results)
  }
}

/** Joins the results of `subscriptions/listen`. */
export function joinFilters (results: readonly object[]): object {
  const [first = {}] = results
  const filters = results.map((result) => fieldsOf(fieldsOf(result).notifications))
  const lists = LISTS.filter((list) => filters.some((filter) => filter[list] === true)).map((list) => [list, true])
  const uris = new Set(filters.flatMap(({ resourceSubscriptions }) => resourceSubscriptions ?? []))
  const notifications = {
    ...Object.fromEntries(lists),
    ...(uris.size > 0 && { resourceSubscriptions: [...uris] })
  }
  return { ...first, notifications }
}

/** Joins the caching fields of results: the joined result is fresh and shared only as long as every part is. */
export function joinCacheFields (results: readonly object[]): object {
  const fields = results.map(fieldsOf)
  if (fields.some(({ cacheScope }) => cacheScope === undefined)) return {}
  const isPrivate = fields.some(({ cacheScope }) => cacheScope !== 'public')
  return {
    ttlMs: Math.min(...fields.map(({ ttlMs }) => Number(ttlMs))),
    cacheScope: isPrivate ? 'private' : 'public'
  }
}

function fieldsOf (value: unknown): WireObject {
  return isWireObject(value) ? value : {}
}

function merge (one: unknown, other: unknown): unknown {
  if (!isWireObject(one) || !isWireObject(other)) return other ?? one
  const merged = Object.entries(other).map(([key, value]) => [key, merge(one[key], value)] as const)
  return { ...one, ...Object.fromEntries(merged) }
}
