// Where the program writes. Much of what it writes comes from servers, which nobody has reason to trust.
import type { Readable, Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

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
  /** Writes lines to standard output. */
  out (text: string): void
  /** Writes lines to standard error. */
  err (text: string): void
  bold (text: string): string
  dim (text: string): string
}

const WIDEST = 100
const NARROWEST = 40

/** Colours are for eyes: where nobody looks, or does not want them (https://no-color.org), there are none. */
export function createTerminal (process: ProcessLike): Terminal {
  const { stdout, stderr, env } = process
  const isColourful = stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  // ECMA-48 8.3.117: 1 is bold, 2 faint, 22 neither.
  const paint = (style: 1 | 2) => (text: string): string => isColourful ? `\u001b[${style}m${text}\u001b[22m` : text
  return {
    process,
    columns: Math.min(Math.max(stdout.columns || 80, NARROWEST), WIDEST),
    out: (text) => { stdout.write(`${text}\n`) },
    err: (text) => { stderr.write(`${text}\n`) },
    bold: paint(1),
    dim: paint(2)
  }
}

// All that moves a cursor, or reverses the order of what is read (Unicode TR 36, 3.1), but not tabs and ends of lines.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text of somebody else, with nothing left in it that a terminal would obey. */
export function clean (text: string): string {
  return stripVTControlCharacters(text).replace(UNSEEN, '')
}

/** The same in one line. */
export function cleanLine (text: string): string {
  return clean(text.replace(/\s+/g, ' ')).trim()
}

/** A value of somebody else as JSON, which says the same with what {@link clean} drops escaped. */
export function cleanJson (value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNSEEN, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`)
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
