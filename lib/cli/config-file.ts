// Reads and replaces the configuration file of a client. A crash leaves either the old file or the new one.
import {
  closeSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync
} from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from './command.ts'

/** Returns the text of a file, or an empty text if the file does not exist. @throws Failure */
export function readConfig (file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new Failure(`${file} cannot be read, and was not changed: ${(cause as Error).message}.`, { cause })
  }
}

/** A change of a file. */
export interface ConfigChange {
  /** The text that the change is based on. */
  readonly old: string
  readonly changed: string
  /** Whether a file that is created is for its owner alone. */
  readonly isSecret: boolean
}

/** Replaces a file at once. It keeps its mode, and a symbolic link to it. @throws Failure */
export function writeConfig (file: string, { old, changed, isSecret }: ConfigChange): void {
  if (readConfig(file) !== old) throw new Failure(`${file} has been changed by another program meanwhile. Try again.`)
  try {
    mkdirSync(dirname(file), { recursive: true })
    const { target, mode } = locate(file, isSecret ? 0o600 : 0o666)
    const temporary = `${target}.${process.pid}.tmp`
    try {
      const handle = openSync(temporary, 'wx', mode)
      try {
        writeFileSync(handle, changed)
        fsyncSync(handle)
      } finally {
        closeSync(handle)
      }
      renameSync(temporary, target)
    } finally {
      rmSync(temporary, { force: true })
    }
  } catch (cause) {
    throw new Failure(`${file} cannot be written, and was not changed: ${(cause as Error).message}.`, { cause })
  }
}

function locate (file: string, otherwise: number): { readonly target: string, readonly mode: number } {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode
  return mode === undefined ? { target: file, mode: otherwise } : { target: realpathSync(file), mode: mode & 0o777 }
}
