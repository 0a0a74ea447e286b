// The output of others: libraries and the official client in this process, and the process that `dev` runs.
import type { Readable, Writable } from 'node:stream'
import { clean } from './clean.ts'

// ECMA-48 8.3.117: colours and the like, which move no cursor.
// eslint-disable-next-line no-control-regex
const COLOUR = /(\u001b\[[\d;:]*m)/
// A sequence that the next chunk may complete.
// eslint-disable-next-line no-control-regex
const UNFINISHED = /\u001b(?:\[[\d;:]*)?$/

/** Text of somebody else with colours left in it, and nothing else that a terminal obeys. */
export function cleanAllButColours (text: string): string {
  return text.split(COLOUR).map((part, index) => index % 2 === 1 ? part : clean(part)).join('')
}

/** Writes what a process prints, of whose control sequences only colours are left. */
export function forwardOutput (from: Readable, write: (text: string) => void): void {
  let kept = ''
  from.setEncoding('utf8').on('data', (chunk: string) => {
    const text = kept + chunk
    kept = UNFINISHED.exec(text)?.[0] ?? ''
    write(cleanAllButColours(text.slice(0, text.length - kept.length)))
  })
}

/** Takes control sequences out of all that this process writes from now on, such as the warnings of a client. */
export function cleanOutput (...streams: readonly Writable[]): void {
  for (const stream of streams) {
    const write = stream.write.bind(stream)
    // The cast stands for the overloads of write.
    stream.write = ((chunk: string | Uint8Array, ...others: []) => write(clean(textOf(chunk)), ...others)) as typeof stream.write
  }
}

function textOf (chunk: string | Uint8Array): string {
  return typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
}

/** Prints warnings and errors that nothing has caught as Node.js does, but without control sequences. */
export function cleanFaults (process: NodeJS.EventEmitter & Pick<NodeJS.Process, 'exit'>, print: (text: string) => void): void {
  // Node.js prints warnings by a listener, past the streams of the process, unless it was told not to.
  if (process.listenerCount('warning') > 0) {
    process.removeAllListeners('warning').on('warning', ({ name, message }: Error) => { print(clean(`${name}: ${message}`)) })
  }
  process.on('uncaughtException', (error: unknown) => {
    print(clean(String(Object(error).stack ?? error)))
    process.exit(1)
  })
}
