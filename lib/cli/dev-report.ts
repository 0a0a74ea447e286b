// What a run of `dev` serves, written down for the next run and for the process that started both.
import { readFileSync, writeFileSync } from 'node:fs'

/** One mount, as it was announced. */
export interface ReportedMount {
  readonly name: string
  readonly url: string
  /** The URL of the explorer; absent if there is none. */
  readonly explorer?: string
  /** What the server offers: the JSON of each item, by its kind and name, such as `tool add_note`. */
  readonly offered: { readonly [item: string]: string }
}

/** Reads the report of the last run; undefined before there is one. */
export function readReport (file: string): readonly ReportedMount[] | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as readonly ReportedMount[]
  } catch {
    return undefined
  }
}

/** Writes the report of this run. */
export function writeReport (file: string, mounts: readonly ReportedMount[]): void {
  writeFileSync(file, JSON.stringify(mounts))
}
