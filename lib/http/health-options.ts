// The `health` option of a mount.

/** The health checks of a mount. */
export interface HealthOptions {
  /** Where they are, below the prefix: `PATH` and `PATH/ready` for readiness, `PATH/live` for liveness. @default '/health' */
  readonly path?: string
  /** Whether what the mount needs is there, asked with each readiness check; false, or an error, which is logged, is no. @default () => true */
  readonly ready?: () => boolean | Promise<boolean>
}

/** Says what is wrong with the `health` option. */
export function findHealthProblem (value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined
  if (typeof value !== 'object' || value === null) return "must be true, false or an object, such as { path: '/health' }"
  const { path, ready, ...others }: { readonly path?: unknown, readonly ready?: unknown } = value
  const unknown = Object.keys(others)
  if (unknown.length > 0) return `has '${unknown.join("', '")}', which does not exist; the options are path, ready`
  if (path !== undefined && !(typeof path === 'string' && /^\/.*[^/]$/.test(path))) return "has 'path', which must begin with '/' and end with something else"
  if (ready !== undefined && typeof ready !== 'function') return "has 'ready', which must be a function"
}
