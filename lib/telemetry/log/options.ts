// The `log` option of a mount.
import { flag, kind, kindOf, nested, isText } from '../../options/checks.ts'
import type { Option, ResolvedOf, TableOf } from '../../options/table.ts'

/** How calls are logged. */
export interface CallLogOptions {
  /** The level of the lines, as in the app's logger. @default 'info' */
  readonly level?: string
  /** Whether the lines have the arguments, which may be confidential. @default false */
  readonly arguments?: boolean
  /**
   * Whether the lines of messages, which there are at the level `trace`, have bodies of up to 16384 bytes. They may be
   * confidential.
   * @default false
   */
  readonly bodies?: boolean
  /**
   * The arguments that a line has as `[Redacted]`, by paths as in the `redact` option of pino: `card.number`,
   * `items[*].secret`. In bodies they hold at every depth, and in texts that are JSON.
   * @default none
   */
  readonly redact?: readonly string[]
}

/** The paths of arguments that nobody may see. */
export const redact = kind<readonly string[]>((value) => {
  const isPaths = Array.isArray(value) && value.every(isText)
  return isPaths ? undefined : "must be an array of paths, such as ['card.number']"
})

const CALL_LOG = {
  level: kindOf<string>('must be the name of a level, such as info', isText)('info'),
  arguments: flag(false),
  bodies: flag(false),
  redact: redact([])
} satisfies TableOf<CallLogOptions>

/** Options of the call log that have been checked and completed. */
export type ResolvedCallLog = ResolvedOf<typeof CALL_LOG>

const PROBLEM = "must be 'calls', false or an object, such as { level: 'info', arguments: true }"
const { check, complete } = nested(CALL_LOG, PROBLEM)

/** The `log` option. */
export const logOption: Option<'calls' | false | CallLogOptions, ResolvedCallLog | false> = {
  check: (value) => value === 'calls' || value === false ? undefined : check(value),
  isRequired: false,
  complete: (given = false) => given === false ? false : complete(given === 'calls' ? {} : given)
}
