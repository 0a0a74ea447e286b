// A server on a pair of streams in this process, and the client's end of them.
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import type { Test } from 'tap'
import type { Mountable } from '../../lib/index.ts'
import { serveStdio, type StdioConnection, type StdioOptions } from '../../lib/stdio.ts'
import { createHost, createServer, MODERN_META, type LogLine } from '../support/app.ts'

/** The client's end of a pipe. */
export interface Piped {
  readonly connection: StdioConnection
  readonly input: PassThrough
  readonly output: PassThrough
  readonly logLines: readonly LogLine[]
  /** Writes each message as a line; text as it is. */
  write (...messages: ReadonlyArray<object | string>): void
  /** The next message; undefined when there is none any more. */
  next (): Promise<unknown>
  /** As many messages. */
  take (count: number): Promise<readonly unknown[]>
}

/** Serves a definition, or {@link createServer}'s. The connection ends with the test. */
export async function openPipe (
  t: Test, server: Mountable = createServer(), options: StdioOptions = {}
): Promise<Piped> {
  const { app, logLines } = createHost(t)
  const input = new PassThrough()
  const output = new PassThrough()
  const connection = await serveStdio(server, { app, input, output, ...options })
  t.teardown(() => connection.close().catch(() => {}))
  const lines = createInterface({ input: output })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const { value } = await lines.next()
    return value === undefined ? undefined : JSON.parse(value)
  }

  return {
    connection,
    input,
    output,
    logLines,
    write: (...messages) => {
      for (const message of messages) {
        input.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`)
      }
    },
    next,
    take: async (count) => {
      const taken: unknown[] = []
      while (taken.length < count) taken.push(await next())
      return taken
    }
  }
}

/** A request of the modern era. */
export function modern (id: unknown, method: string, params: object = {}, meta: object = {}): object {
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...MODERN_META, ...meta } } }
}

/** A call of a tool in the modern era. */
export function modernCall (id: unknown, name: string, args: object = {}, meta: object = {}): object {
  return modern(id, 'tools/call', { name, arguments: args }, meta)
}

/** A request of the legacy era. */
export function legacy (id: unknown, method: string, params: object = {}): object {
  return { jsonrpc: '2.0', id, method, params }
}

/** A call of a tool in the legacy era. */
export function legacyCall (id: unknown, name: string, args: object = {}, meta?: object): object {
  return legacy(id, 'tools/call', { name, arguments: args, ...(meta && { _meta: meta }) })
}

export function notification (method: string, params: object = {}): object {
  return { jsonrpc: '2.0', method, params }
}

export function initialize (id: unknown = 'init', protocolVersion = '2025-11-25', capabilities: object = {}): object {
  return legacy(id, 'initialize', { protocolVersion, capabilities, clientInfo: { name: 'test', version: '1' } })
}

export const INITIALIZED = notification('notifications/initialized')

/** Opens a legacy session. */
export async function openSession (
  { write, next }: Piped, protocolVersion?: string, capabilities?: object
): Promise<void> {
  write(initialize('init', protocolVersion, capabilities), INITIALIZED)
  await next()
}

/** Replies by their ids; they come as they are ready. */
export function byId (replies: unknown): ReadonlyArray<{ readonly id: unknown }> {
  // Each of them has one.
  return (replies as Array<{ readonly id: unknown }>).toSorted((a, b) => Number(a.id) - Number(b.id))
}

export function result (id: unknown, value: object): object {
  return { jsonrpc: '2.0', id, result: value }
}

/** The result of a tool that came to a text, as legacy clients get it. */
export function text (id: unknown, value: string): object {
  return result(id, { content: [{ type: 'text', text: value }] })
}

export function failure (id: unknown, code: number, message: string): object {
  return { jsonrpc: '2.0', id, error: { code, message } }
}
