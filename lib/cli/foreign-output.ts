// Cleans the output of other code: of libraries and the official client in this process, and of the process of `dev`.
import type { Readable, Writable } from 'node:stream'
import { clean } from './clean.ts'

// ECMA-48 8.3.117: colours and styles, which do not move the cursor.
// eslint-disable-next-line no-control-regex
const COLOUR = /(\u001b\[[\d;:]*m)/
// The beginning of a sequence that the next chunk may complete.
// eslint-disable-next-line no-control-regex
const UNFINISHED = /\u001b(?:\[[\d;:]*)?$/

/** Returns a text without control sequences other than colours. */
export function cleanAllButColours (text: string): string {
  return text.split(COLOUR).map((part, index) => index % 2 === 1 ? part : clean(part)).join('')
}

/**
 * Forwards the output of a process without control sequences other than colours.
 * @param edit Changes each chunk before it is written. A process writes its own messages in one chunk each.
 */
export function forwardOutput (
  from: Readable, write: (text: string) => void, edit = (text: string): string => text
): void {
  let kept = ''
  from.setEncoding('utf8').on('data', (chunk: string) => {
    const text = kept + chunk
    kept = UNFINISHED.exec(text)?.[0] ?? ''
    const edited = edit(text.slice(0, text.length - kept.length))
    if (edited !== '') write(cleanAllButColours(edited))
  })
}

/** Removes control sequences from everything that this process writes from now on, such as the warnings of a client. */
export function cleanOutput (...streams: readonly Writable[]): void {
  for (const stream of streams) {
    const write = stream.write.bind(stream)
    const writeClean = (chunk: string | Uint8Array, ...others: []): boolean => write(clean(textOf(chunk)), ...others)
    // The cast is needed, because write has overloads.
    stream.write = writeClean as typeof stream.write
  }
}

function textOf (chunk: string | Uint8Array): string {
  return typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
}

/** Prints warnings and uncaught errors as Node.js does, but without control sequences. */
export function cleanFaults (
  process: NodeJS.EventEmitter & Pick<NodeJS.Process, 'exit'>, print: (text: string) => void
): void {
  // Unless warnings are turned off, a listener of Node.js prints them, and it does not use the streams of the process.
  if (process.listenerCount('warning') > 0) {
    process.removeAllListeners('warning').on('warning', ({ name, message }: Error) => {
      print(clean(`${name}: ${message}`))
    })
  }
  process.on('uncaughtException', (error: unknown) => {
    print(clean(String(Object(error).stack ?? error)))
    process.exit(1)
  })
}
