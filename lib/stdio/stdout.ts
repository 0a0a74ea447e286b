// Keeps other output off stdout while stdout carries messages.
import type { FastifyBaseLogger } from 'fastify'

/** Diverts everything written to `process.stdout` to stderr. @returns A function that ends the diversion. */
export function divertStdout (): () => void {
  const { stdout } = process
  const before = Object.getOwnPropertyDescriptor(stdout, 'write')
  // The cast is needed, because write has overloads.
  const diverted = ((...args: Parameters<typeof stdout.write>) => process.stderr.write(...args)) as typeof stdout.write
  stdout.write = diverted

  return function restoreStdout () {
    // Other code may have replaced the function in the meantime.
    if (stdout.write !== diverted) return
    Reflect.deleteProperty(stdout, 'write')
    if (before !== undefined) Object.defineProperty(stdout, 'write', before)
  }
}

/** Whether a logger bypasses `process.stdout` and writes to its file descriptor, as pino does by default. */
export function writesToStdout (log: FastifyBaseLogger): boolean {
  for (let holder: object | null = log; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const key = Object.getOwnPropertySymbols(holder).find(({ description }) => description === 'pino.stream')
    const stream: unknown = key && Reflect.get(holder, key)
    if (stream !== undefined) return stream !== process.stdout && Object(stream).fd === 1
  }
  return false
}
