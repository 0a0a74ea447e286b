// Prints the log of an app that `dev` has made, for people to read.
import { clean } from './clean.ts'
import { formatStack, type Terminal } from './terminal.ts'

const WORDS: ReadonlyMap<unknown, string> = new Map([[40, 'warning'], [50, 'error'], [60, 'fatal']])
// Fields that are printed in another way, or not at all.
const USUAL = new Set(['level', 'time', 'pid', 'hostname', 'reqId', 'msg', 'err'])

interface LogLine {
  readonly level: number
  readonly msg?: string
  readonly err?: object
  readonly [field: string]: unknown
}

/** Creates a destination for pino that prints each line as text to standard error. */
export function createDevLog ({ err, bold, dim }: Terminal): { write (line: string): void } {
  return {
    write (line) {
      const entry = JSON.parse(line) as LogLine
      const { level, msg = '', err: failure } = entry
      const fields = Object.entries(entry)
        .filter(([name]) => !USUAL.has(name))
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      err(`${bold(`${WORDS.get(level) ?? 'info'}:`)} ${clean(msg)} ${dim(clean(fields.join(' ')))}`.trimEnd())
      if (failure !== undefined) err(dim(clean(formatStack(failure))))
    }
  }
}
