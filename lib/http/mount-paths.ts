// Where a mount is: its paths, below the prefix of the scope that it is registered in.
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { findPathProblem } from './path-problem.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/** Joins the parts of a path. */
export function joinPath (...parts: string[]): string {
  const path = parts.join('/').replace(/\/{2,}/g, '/').replace(/\/$/, '')
  return path === '' ? '/' : path
}

/**
 * Checks where a mount is. Its options have been checked on their own; together with the prefix of the scope they may
 * still be wrong.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function checkScope (scopePrefix: string, { prefix, path }: ResolvedOptions): void {
  const isDoubled = scopePrefix.endsWith('/') && joinPath(prefix, path) === '/'
  const problem = isDoubled ? "must not end with '/' where the mount is at its root" : findPathProblem(scopePrefix)
  if (problem === undefined) return
  const where = `is below '${scopePrefix}', the prefix of the scope around it`
  throw new MCP_ERR_INVALID_OPTION('prefix', `${where}, which ${problem}`)
}

/** Lists the paths that a mount serves, each under a key that no other mount of the app may use. */
export function listEndpoints (
  scopePrefix: string, { path, prefix, legacySse, constraints }: ResolvedOptions
): ReadonlyMap<string, string> {
  const { ssePath, messagesPath } = legacySse || {}
  const own = [path, ssePath, messagesPath].filter((one) => one !== undefined)
  const paths = own.map((one) => joinPath(scopePrefix, prefix, one))
  return new Map(paths.map((one) => [keyOf(one, constraints), one]))
}

function keyOf (path: string, constraints: ResolvedOptions['constraints']): string {
  return JSON.stringify([path, constraints], (_name, value: unknown) => value instanceof RegExp ? String(value) : value)
}
