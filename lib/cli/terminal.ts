// The terminal that the program writes to.
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { forwardOutput } from './foreign-output.ts'

/** The parts of a process that the program uses. Tests pass others. */
export interface ProcessLike {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean, readonly columns?: number }
  readonly stderr: Writable
  readonly env: { readonly [name: string]: string | undefined }
  cwd (): string
  on (signal: NodeJS.Signals, listener: () => void): unknown
  off (signal: NodeJS.Signals, listener: () => void): unknown
}

/** A terminal, or the file or pipe to which output is redirected. */
export interface Terminal {
  readonly process: ProcessLike
  /** The number of characters in a line. */
  readonly columns: number
  readonly isColourful: boolean
  /** Whether there is a user who can answer questions. */
  readonly isInteractive: boolean
  /** Writes lines to standard output. */
  out (text: string): void
  /** Writes lines to standard error. */
  err (text: string): void
  /**
   * Forwards the output of a process, without control sequences other than colours.
   * @param edit Changes each chunk before it is written.
   */
  forward (child: Pick<ChildProcess, 'stdout' | 'stderr'>, edit?: (text: string) => string): void
  bold (text: string): string
  dim (text: string): string
}

const WIDEST = 100
const NARROWEST = 40

/** Creates a terminal. It has colours on a TTY or with FORCE_COLOR, and none with NO_COLOR (https://no-color.org). */
export function createTerminal (process: ProcessLike): Terminal {
  const { stdin, stdout, stderr, env } = process
  // Bound before cleanOutput replaces the functions, because it would remove the colours.
  const [writeOut, writeErr] = [stdout.write.bind(stdout), stderr.write.bind(stderr)]
  const isForced = !['', '0'].includes(env.FORCE_COLOR ?? '')
  const isColourful = (stdout.isTTY === true || isForced) && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  // ECMA-48 8.3.117: 1 is bold, 2 is faint, and 22 resets both.
  const paint = (style: 1 | 2) => (text: string): string => isColourful ? `\u001b[${style}m${text}\u001b[22m` : text
  return {
    process,
    columns: Math.min(Math.max(stdout.columns || Number(env.COLUMNS) || 80, NARROWEST), WIDEST),
    isColourful,
    isInteractive: stdin.isTTY === true && stdout.isTTY === true,
    out: (text) => { writeOut(`${text}\n`) },
    err: (text) => { writeErr(`${text}\n`) },
    forward (child, edit) {
      if (child.stdout !== null) forwardOutput(child.stdout, writeOut, edit)
      if (child.stderr !== null) forwardOutput(child.stderr, writeErr, edit)
    },
    bold: paint(1),
    dim: paint(2)
  }
}

/** Breaks a text into lines of at most `width` characters. A longer word gets a line of its own. */
export function wrap (text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= width) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
  }
  return [...lines, line]
}

// Stack frames that are not in the user's own files.
const FOREIGN_FRAME = /^\s+at .*(?:node_modules|node:|<anonymous>\)?$)/

/** Returns the stack of an error without the frames that are not in the user's own files. */
export function formatStack (error: unknown): string {
  const { stack } = Object(error) as { readonly stack?: unknown }
  if (typeof stack !== 'string') return String(error)
  return stack.split('\n').filter((line) => !FOREIGN_FRAME.test(line)).join('\n')
}
