// Where the program writes. Much of what it writes comes from servers, which nobody has reason to trust.
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { forwardOutput } from './foreign-output.ts'

/** What the program is given of its process; tests give it something else. */
export interface ProcessLike {
  readonly stdin: Readable
  readonly stdout: Writable & { readonly isTTY?: boolean, readonly columns?: number }
  readonly stderr: Writable
  readonly env: { readonly [name: string]: string | undefined }
  cwd (): string
  on (signal: NodeJS.Signals, listener: () => void): unknown
  off (signal: NodeJS.Signals, listener: () => void): unknown
}

/** A terminal, or what its output has been redirected to. */
export interface Terminal {
  readonly process: ProcessLike
  /** Characters of a line. */
  readonly columns: number
  readonly isColourful: boolean
  /** Writes lines to standard output. */
  out (text: string): void
  /** Writes lines to standard error. */
  err (text: string): void
  /** Writes what a process prints to its pipes, with its colours and without any other control sequence. */
  forward (child: Pick<ChildProcess, 'stdout' | 'stderr'>): void
  bold (text: string): string
  dim (text: string): string
}

const WIDEST = 100
const NARROWEST = 40

/** Makes a terminal. It has colours on a TTY or with FORCE_COLOR, and none with NO_COLOR (https://no-color.org). */
export function createTerminal (process: ProcessLike): Terminal {
  const { stdout, stderr, env } = process
  // Bound now, before the output of others is cleaned.
  const [writeOut, writeErr] = [stdout.write.bind(stdout), stderr.write.bind(stderr)]
  const isForced = !['', '0'].includes(env.FORCE_COLOR ?? '')
  const isColourful = (stdout.isTTY === true || isForced) && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  // ECMA-48 8.3.117: 1 is bold, 2 faint, 22 neither.
  const paint = (style: 1 | 2) => (text: string): string => isColourful ? `\u001b[${style}m${text}\u001b[22m` : text
  return {
    process,
    columns: Math.min(Math.max(stdout.columns || Number(env.COLUMNS) || 80, NARROWEST), WIDEST),
    isColourful,
    out: (text) => { writeOut(`${text}\n`) },
    err: (text) => { writeErr(`${text}\n`) },
    forward (child) {
      if (child.stdout !== null) forwardOutput(child.stdout, writeOut)
      if (child.stderr !== null) forwardOutput(child.stderr, writeErr)
    },
    bold: paint(1),
    dim: paint(2)
  }
}

/** Breaks a text into lines of at most so many characters; a word that is longer has a line of its own. */
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

// What no user of the program has written.
const STRANGE_FRAME = /^\s+at .*(?:node_modules|node:|<anonymous>\)?$)/

/** The stack of an error, without the places that are not in the user's own files. */
export function formatStack (error: unknown): string {
  const { stack } = Object(error) as { readonly stack?: unknown }
  if (typeof stack !== 'string') return String(error)
  return stack.split('\n').filter((line) => !STRANGE_FRAME.test(line)).join('\n')
}
