// What goes wrong, as the official clients, curl and the log of the app tell it.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, { type McpMountOptions } from '../../lib/index.ts'
import { createHost, type LogLine } from './app.ts'
import { runInShell } from './child.ts'

/** What clients of an app are made with. */
export interface ClientOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Stands for what is between client and app. */
  readonly fetch?: typeof fetch
  /** Milliseconds that a client waits for the answer to a call. */
  readonly timeout?: number
}

/** What all clients can do here. */
export interface SomeClient {
  call (name: string, args?: Record<string, unknown>, onprogress?: () => void): Promise<unknown>
  close (): Promise<void>
}

/** One of the official clients. */
export interface Kind {
  readonly label: string
  connect (url: string, options?: ClientOptions): Promise<SomeClient>
}

const INFO = { name: 'client', version: '1.0.0' }

function transportOptions ({ headers, fetch }: ClientOptions) {
  return { ...(headers && { requestInit: { headers } }), ...(fetch && { fetch }) }
}

export const v1: Kind = {
  label: 'v1',
  async connect (url, options = {}) {
    const client = new ClientV1(INFO)
    // Its optional fields are not declared for exactOptionalPropertyTypes.
    await client.connect(new TransportV1(new URL(url), transportOptions(options)) as Transport)
    return { call: (name, args = {}, onprogress) => client.callTool({ name, arguments: args }, undefined, { ...timeoutOf(options), ...(onprogress && { onprogress }) }), close: () => client.close() }
  }
}

function createV2 (label: string, mode: 'legacy' | { readonly pin: string }): Kind {
  return {
    label,
    async connect (url, options = {}) {
      const client = new ClientV2(INFO, { versionNegotiation: { mode } })
      await client.connect(new TransportV2(new URL(url), transportOptions(options)))
      return { call: (name, args = {}, onprogress) => client.callTool({ name, arguments: args }, { ...timeoutOf(options), ...(onprogress && { onprogress }) }), close: () => client.close() }
    }
  }
}

export const v2Legacy = createV2('v2, legacy', 'legacy')
export const v2Modern = createV2('v2, modern', { pin: '2026-07-28' })
export const kinds: readonly Kind[] = [v1, v2Legacy, v2Modern]

function timeoutOf ({ timeout }: ClientOptions): { timeout?: number } {
  return timeout === undefined ? {} : { timeout }
}

/** An app with one mount that listens; what clients of it show, and what it logs. */
export interface Scene {
  readonly app: FastifyInstance
  readonly url: string
  readonly logLines: readonly LogLine[]
}

/** Starts an app with one mount. */
export async function listen (t: Test, options: McpMountOptions, prepare: (app: FastifyInstance) => unknown = () => {}): Promise<Scene> {
  // Clients keep connections that they do not use.
  const { app, logLines } = createHost(t)
  await prepare(app)
  await app.register(mcpPlugin, options)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [mount] = app.mcp
  if (mount === undefined) throw new Error('there is no mount')
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the app has no port')
  return { app, url: `http://127.0.0.1:${address.port}${mount.path}`, logLines }
}

/** What a client tells whoever called it: the message of its error, or the result. */
export async function tell (label: string, action: () => Promise<unknown>): Promise<string> {
  try {
    return `${label}: ${JSON.stringify(await action())}`
  } catch (error) {
    return `${label}: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** What each client tells that connects and calls a tool. */
export async function tellAll (url: string, options: ClientOptions = {}, call: readonly [name: string, args?: Record<string, unknown>] = ['echo', { text: 'Hello' }]): Promise<string[]> {
  const lines: string[] = []
  for (const { label, connect } of kinds) {
    lines.push(await tell(label, async () => {
      const client = await connect(url, options)
      try {
        return await client.call(...call)
      } finally {
        await client.close()
      }
    }))
  }
  return lines
}

/** What curl prints: the status, and the body. */
export async function curl (args: string): Promise<string> {
  return `curl: ${(await runInShell(`curl -s -w '\\n%{http_code}' ${args}`)).replace(/^([\s\S]*)\n(\d+)$/, 'HTTP $2 $1').trimEnd()}`
}

/** The log, as far as it is worth a look. */
export function logged ({ logLines }: Pick<Scene, 'logLines'>, level = 40): string[] {
  return logLines.filter((line) => Number(line['level']) >= level).map(({ msg }) => `log: ${String(msg)}`)
}
