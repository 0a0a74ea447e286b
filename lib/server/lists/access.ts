// Decides who may see and use a tool, prompt, resource or template.
import { InsufficientScopeError } from '../../errors.ts'
import { func, isScopes, kindOf } from '../../options/checks.ts'
import type { TableOf } from '../../options/table.ts'
import { hasScopes } from '../../protocol/scope.ts'
import type { Call } from '../call/call.ts'
import type { Access, Collection, Entry } from './collection.ts'
import type { RequestContext } from '../call/request-context.ts'

/** Restricts who may see and use a tool, prompt, resource or template. The app's own calls are never restricted. */
export interface AccessConfig<Lifespan = unknown> {
  /**
   * The scopes that a caller needs, all of them. A caller has the scopes of `ctx.auth`, and none if the mount has no
   * `auth`. Lists omit the entry for other callers. If they use it, they get an error that names the scopes, over HTTP
   * with status 403.
   * @default no scopes are needed
   */
  readonly scopes?: readonly string[]
  /**
   * Decides whether a caller sees the entry. It should depend on `ctx.auth` or `ctx.request`, and not on the message.
   * For other callers the entry does not exist: lists omit it, and using it fails like an unknown name or URI. Only
   * `true` shows the entry. An error or a timeout (the server's `timeout`) is logged and hides it. Runs for each list
   * and each use, so keep it fast.
   * @default everybody sees the entry
   */
  // Declared as a method for bivariance: configurations of different lifespans stay assignable.
  visible? (ctx: RequestContext<Lifespan>): boolean | Promise<boolean>
}

/** The table of the configuration keys that restrict access. */
export const ACCESS = {
  scopes: kindOf<readonly string[]>("must be an array of scopes, such as ['notes:write']", isScopes)(),
  visible: func<NonNullable<AccessConfig<never>['visible']>>('must be a function (ctx) => boolean')
} satisfies TableOf<AccessConfig<never>>

/** Returns the restriction of an entry, or undefined if it has none. The configuration has been checked. */
export function resolveAccess ({ scopes = [], visible }: AccessConfig<never>): Access | undefined {
  if (scopes.length === 0 && visible === undefined) return undefined
  return Object.freeze({ scopes: Object.freeze([...scopes]), visible })
}

/** Returns whether the caller sees an entry. */
export async function isVisible ({ access, label }: Entry, call: Call): Promise<boolean> {
  if (access?.visible === undefined || call.channel.isTrusted === true) return true
  try {
    // The context has the lifespan type of the server on which the entry was registered.
    return await call.inTime(access.visible(call.ctx as RequestContext<never>)) === true
  } catch (err) {
    call.channel.log.error({ err }, `${label} was hidden from a caller, because its 'visible' failed`)
    return false
  }
}

/** Returns whether the caller has the scopes that an entry needs. */
export function isAllowed ({ access }: Entry, { channel }: Call): boolean {
  return access === undefined || channel.isTrusted === true || hasScopes(access.scopes, channel.auth?.scopes ?? [])
}

/** Resolves to a list that says for each entry whether the caller's lists include it. */
export async function areListed (entries: readonly Entry[], call: Call): Promise<readonly boolean[]> {
  return Promise.all(entries.map(async (entry) => isAllowed(entry, call) && await isVisible(entry, call)))
}

/** Resolves to the entries that the caller's lists include. */
export async function findListed<E extends Entry> (
  { enabled, isRestricted }: Collection<E>, call: Call
): Promise<readonly E[]> {
  if (!isRestricted) return enabled
  const listed = await areListed(enabled, call)
  return enabled.filter((_entry, index) => listed[index])
}

/**
 * Resolves to whether the caller may use an entry: false if the caller does not see it.
 * @throws InsufficientScopeError if the caller sees it and lacks a scope.
 */
export async function isAdmitted (entry: Entry, call: Call): Promise<boolean> {
  if (!await isVisible(entry, call)) return false
  requireScopes([entry], call)
  return true
}

/** Checks the scopes for several entries. The error names the scopes of all of them. @throws InsufficientScopeError */
export function requireScopes (entries: readonly Entry[], call: Call): void {
  if (entries.every((entry) => isAllowed(entry, call))) return
  throw new InsufficientScopeError([...new Set(entries.flatMap(({ access }) => access?.scopes ?? []))])
}
