// The lists of a composition: those of its members, one after the other.
import { invalidParams, RefusedError } from '../errors.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { RequestMessage, WireObject } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { Incoming, Outcome } from '../server/call/incoming.ts'
import { PreparedResult, resultOf } from '../server/call/result.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { joinCacheFields } from './joined-results.ts'
import { isNotOffered } from './not-offered.ts'

/** A definition, and what it has. */
interface Listed {
  readonly definition: ServerDefinition
  owns (message: RequestMessage): boolean
}

/**
 * Serves a page of a list. Where the last page of a member ends, the first one of the next follows on the same page:
 * not every client asks for a second one.
 * @param field The field of the result that holds the items, e.g. `tools`.
 * @throws RpcError -32602 for an unknown cursor, -32601 when no member has the list.
 */
type ServeList = (incoming: Incoming, field: string) => Promise<Outcome>

const INVALID_CURSOR = 'Invalid cursor: it is malformed or the list has changed; list again from the start'

/** Creates the function that serves the lists of a composition. */
export function createListService (members: readonly Listed[]): ServeList {
  // Lists whose entries are not restricted are the same object for each request, until they change.
  const refined = new WeakMap<PreparedResult, PreparedResult>()
  const joined = new WeakMap<PreparedResult, WeakMap<PreparedResult, PreparedResult>>()

  return async function serveList (incoming, field) {
    const start = readPlace(incoming.message, members.length)
    let page: Outcome | undefined
    let refusal: unknown
    for (const [index, member] of members.entries()) {
      if (index < start.index) continue
      try {
        const cursor = index === start.index ? start.cursor : undefined
        const next = refine(await servePage(member, cursor, incoming), index, field)
        page = page === undefined ? next : join(page, next, field)
      } catch (error) {
        if (!isNotOffered(error)) throw error
        refusal ??= error
        continue
      }
      if (valueOf(page).nextCursor !== undefined) break
    }
    if (page === undefined) throw refusal
    return incoming.channel.takesJson === true ? page : valueOf(page)
  }

  // A tool that another member serves is listed by that one. The cursor says which member made it.
  function refine (page: Outcome, index: number, field: string): Outcome {
    const known = page instanceof PreparedResult ? refined.get(page) : undefined
    if (known !== undefined) return known
    const value = valueOf(page)
    const { nextCursor } = value
    const items = listOf(value[field])
    const others = members.filter((_member, other) => other !== index)
    const own = field === 'tools' ? items.filter((item) => !others.some((other) => ownsTool(other, item))) : items
    const isChanged = nextCursor !== undefined || own.length < items.length
    const next = nextCursor === undefined ? {} : { nextCursor: `${index}.${String(nextCursor)}` }
    const changed = { ...value, [field]: own, ...next }
    if (!(page instanceof PreparedResult)) return isChanged ? changed : page
    const prepared = isChanged ? new PreparedResult(changed) : page
    refined.set(page, prepared)
    return prepared
  }

  function join (page: Outcome, next: Outcome, field: string): Outcome {
    if (!(page instanceof PreparedResult && next instanceof PreparedResult)) return joinPages(page, next, field)
    const known = joined.get(page) ?? new WeakMap<PreparedResult, PreparedResult>()
    joined.set(page, known)
    const result = known.get(next) ?? new PreparedResult(joinPages(page, next, field))
    known.set(next, result)
    return result
  }
}

// Returns where a page begins: at which member, and at which cursor of that one.
function readPlace (
  { params: { cursor } }: RequestMessage, count: number
): { readonly index: number, readonly cursor?: string | undefined } {
  if (cursor === undefined) return { index: 0 }
  if (typeof cursor !== 'string') throw invalidParams("'cursor' must be a string")
  const [, index, own] = /^(\d+)\.(.*)$/s.exec(cursor) ?? []
  if (Number(index) < count) return { index: Number(index), cursor: own }
  throw new RefusedError(ErrorCode.InvalidParams, INVALID_CURSOR)
}

async function servePage (
  { definition }: Listed, cursor: string | undefined, { message, ...origin }: Incoming
): Promise<Outcome> {
  const { cursor: given, ...params } = message.params
  const own = cursor === undefined ? params : { ...params, cursor }
  return await definition.serve({ ...origin, message: { ...message, params: own } })
}

function ownsTool ({ owns }: Listed, item: unknown): boolean {
  const { name } = Object(item) as WireObject
  return owns({ id: 0, method: Method.ToolsCall, params: { name } })
}

function joinPages (page: Outcome, next: Outcome, field: string): object {
  const [one, other] = [valueOf(page), valueOf(next)]
  const { nextCursor } = other
  return {
    ...one,
    [field]: [...listOf(one[field]), ...listOf(other[field])],
    ...(nextCursor !== undefined && { nextCursor }),
    ...joinCacheFields([one, other])
  }
}

function valueOf (outcome: Outcome): WireObject {
  return (outcome instanceof PreparedResult ? outcome.value : resultOf(outcome)) as WireObject
}

function listOf (value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
