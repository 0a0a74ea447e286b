// Who may see and use a tool, prompt, resource or template.
import { InsufficientScopeError } from '../../errors.ts'
import { func, isScopes, kindOf } from '../../options/checks.ts'
import type { TableOf } from '../../options/table.ts'
import { hasScopes } from '../../protocol/scope.ts'
import type { Call } from '../call/call.ts'
import type { Access, Collection, Entry } from './collection.ts'
import type { RequestContext } from '../call/request-context.ts'

/** Who may see and use a tool, prompt, resource or template. The host app's own calls are never restricted. */
export interface AccessConfig<Lifespan = unknown> {
  /**
   * The scopes that a caller needs, all of them. A caller has the scopes of `ctx.auth`, and none if the mount has no
   * auth. Other callers do not find the entry in lists; if they use it, they are refused with the scopes needed, over
   * HTTP with status 403.
   * @default none are needed
   */
  readonly scopes?: readonly string[]
  /**
   * Decides whether a caller sees the entry, by `ctx.auth` or `ctx.request`, not by the message. For other callers the
   * entry does not exist: it is in no list, and using it is answered as an unknown name or URI is. Only `true` shows
   * the entry; an error, or exceeding the server's `timeout`, is logged and hides it. Runs for each list and each use,
   * so keep it quick.
   * @default everybody sees it
   */
  // Declared as a method for bivariance: configurations of different lifespans stay assignable.
  visible? (ctx: RequestContext<Lifespan>): boolean | Promise<boolean>
}

/** The access keys of a configuration. */
export const ACCESS = {
  scopes: kindOf<readonly string[]>("must be an array of scopes, such as ['notes:write']", isScopes)(),
  visible: func<NonNullable<AccessConfig<never>['visible']>>('must be a function (ctx) => boolean')
} satisfies TableOf<AccessConfig<never>>

/** Returns what restricts an entry; undefined when nothing does. The configuration has been checked. */
export function resolveAccess ({ scopes = [], visible }: AccessConfig<never>): Access | undefined {
  if (scopes.length === 0 && visible === undefined) return undefined
  return Object.freeze({ scopes: Object.freeze([...scopes]), visible })
}

/** Whether an entry exists for the caller. */
export async function isVisible ({ access, label }: Entry, call: Call): Promise<boolean> {
  if (access?.visible === undefined || call.channel.isTrusted === true) return true
  try {
    // Contexts are typed by the lifespan of the server that the entry was registered on.
    return await call.inTime(access.visible(call.ctx as RequestContext<never>)) === true
  } catch (err) {
    call.channel.log.error({ err }, `${label} was hidden from a caller, because its 'visible' failed`)
    return false
  }
}

/** Whether the caller has the scopes that an entry needs. */
export function isAllowed ({ access }: Entry, { channel }: Call): boolean {
  return access === undefined || channel.isTrusted === true || hasScopes(access.scopes, channel.auth?.scopes ?? [])
}

/** Tells of each entry whether the caller finds it in a list. */
export async function areListed (entries: readonly Entry[], call: Call): Promise<readonly boolean[]> {
  return Promise.all(entries.map(async (entry) => isAllowed(entry, call) && await isVisible(entry, call)))
}

/** The entries that the caller finds in a list. */
export async function findListed<E extends Entry> (
  { enabled, isRestricted }: Collection<E>, call: Call
): Promise<readonly E[]> {
  if (!isRestricted) return enabled
  const listed = await areListed(enabled, call)
  return enabled.filter((_entry, index) => listed[index])
}

/**
 * Decides on the use of an entry; comes to false when it does not exist for the caller.
 * @throws InsufficientScopeError
 */
export async function isAdmitted (entry: Entry, call: Call): Promise<boolean> {
  if (!await isVisible(entry, call)) return false
  requireScopes([entry], call)
  return true
}

/** Refuses the use of entries for which the caller lacks a scope: all scopes at once. @throws InsufficientScopeError */
export function requireScopes (entries: readonly Entry[], call: Call): void {
  if (entries.every((entry) => isAllowed(entry, call))) return
  throw new InsufficientScopeError([...new Set(entries.flatMap(({ access }) => access?.scopes ?? []))])
}
