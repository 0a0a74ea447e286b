// What else is written to stdout while it carries messages: it goes to stderr.
import type { FastifyBaseLogger } from 'fastify'

/** Has whatever is written to `process.stdout` go to stderr. The function returned ends it. */
export function divertStdout (): () => void {
  const { stdout } = process
  const before = Object.getOwnPropertyDescriptor(stdout, 'write')
  // Of all overloads.
  const diverted = ((...args: Parameters<typeof stdout.write>) => process.stderr.write(...args)) as typeof stdout.write
  stdout.write = diverted

  return function restoreStdout () {
    // Somebody else may have taken over meanwhile.
    if (stdout.write !== diverted) return
    Reflect.deleteProperty(stdout, 'write')
    if (before !== undefined) Object.defineProperty(stdout, 'write', before)
  }
}

/** Whether a logger writes to stdout past `process.stdout`, as pino does by default: it writes to the file itself. */
export function writesToStdout (log: FastifyBaseLogger): boolean {
  for (let holder: object | null = log; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const key = Object.getOwnPropertySymbols(holder).find(({ description }) => description === 'pino.stream')
    const stream: unknown = key && Reflect.get(holder, key)
    if (stream !== undefined) return stream !== process.stdout && Object(stream).fd === 1
  }
  return false
}
