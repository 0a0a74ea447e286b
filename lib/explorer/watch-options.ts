// The `watch` option of the explorer.
import { flag, nested, switchable, whole, WHICH } from '../options/checks.ts'
import type { ResolvedOf, TableOf } from '../options/table.ts'
import { redact } from '../telemetry/log/options.ts'

/** What the page shows of the calls of all clients. */
export interface WatchOptions {
  /** Whether the page shows the arguments of calls, which may be confidential. @default false */
  readonly arguments?: boolean
  /**
   * The arguments that the page shows as `[Redacted]`, by paths as in the `redact` option of pino, in addition to those
   * that the option `log` of the mount redacts.
   * @default none
   */
  readonly redact?: readonly string[]
  /** How many pages watch at once, in this process. Others get 503, and try again. @default 10 */
  readonly maxWatchers?: number
}

const WATCH = {
  arguments: flag(false),
  redact: redact([]),
  maxWatchers: whole(10)
} satisfies TableOf<WatchOptions>

/** Options that have been checked and completed. */
export type ResolvedWatch = ResolvedOf<typeof WATCH>

/** The `watch` option. */
export const watchOption = switchable(
  nested(WATCH, 'must be true, false or an object, such as { arguments: true }', WHICH))
