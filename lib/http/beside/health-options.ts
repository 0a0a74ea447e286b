// The `health` option of a mount.
import { kindOf, nested, switchable, WHICH } from '../../options/checks.ts'
import type { ResolvedOf, TableOf } from '../../options/table.ts'

/** The health checks of a mount. */
export interface HealthOptions {
  /** Where they are, below the prefix: `PATH` and `PATH/ready`, `PATH/live` for liveness. @default '/health' */
  readonly path?: string
  /**
   * Returns whether all that the mount needs is available; called for each readiness check. An error is logged and
   * counts as `false`. @default () => true
   */
  readonly ready?: () => boolean | Promise<boolean>
}

const path = kindOf<string>("must begin with '/' and end with something else",
  (value) => typeof value === 'string' && /^\/.*[^/]$/.test(value))
const ready = kindOf<NonNullable<HealthOptions['ready']>>('must be a function', (value) => typeof value === 'function')

const HEALTH = {
  path: path('/health'),
  ready: ready(() => true)
} satisfies TableOf<HealthOptions>

/** Options that were checked and completed. */
export type ResolvedHealth = ResolvedOf<typeof HEALTH>

/** The `health` option. */
export const healthOption = switchable(
  nested(HEALTH, "must be true, false or an object, such as { path: '/health' }", WHICH))
