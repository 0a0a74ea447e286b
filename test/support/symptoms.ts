// Collects what the official clients, curl and the log of the app say when something goes wrong.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, { type McpMountOptions } from '../../lib/index.ts'
import { createHost, type LogLine } from './app.ts'
import { runInShell } from './child.ts'

/** How a client is made. */
export interface ClientOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces `fetch`, as a proxy between client and app would. */
  readonly fetch?: typeof fetch
  /** Milliseconds that a client waits for the answer to a call. */
  readonly timeout?: number
}

/** The interface of all clients here. */
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
    return {
      call: (name, args = {}, onprogress) =>
        client.callTool({ name, arguments: args }, undefined, {
          ...timeoutOf(options),
          ...(onprogress && { onprogress })
        }),
      close: () => client.close()
    }
  }
}

function createV2 (label: string, mode: 'legacy' | { readonly pin: string }): Kind {
  return {
    label,
    async connect (url, options = {}) {
      const client = new ClientV2(INFO, { versionNegotiation: { mode } })
      await client.connect(new TransportV2(new URL(url), transportOptions(options)))
      return {
        call: (name, args = {}, onprogress) =>
          client.callTool({ name, arguments: args }, { ...timeoutOf(options), ...(onprogress && { onprogress }) }),
        close: () => client.close()
      }
    }
  }
}

export const v2Legacy = createV2('v2, legacy', 'legacy')
export const v2Modern = createV2('v2, modern', { pin: '2026-07-28' })
export const kinds: readonly Kind[] = [v1, v2Legacy, v2Modern]

function timeoutOf ({ timeout }: ClientOptions): { timeout?: number } {
  return timeout === undefined ? {} : { timeout }
}

/** An app with one mount that listens, and what it logs. */
export interface Scene {
  readonly app: FastifyInstance
  readonly url: string
  readonly logLines: readonly LogLine[]
}

/** Starts an app with one mount. */
export async function listen (
  t: Test, options: McpMountOptions, prepare: (app: FastifyInstance) => unknown = () => {}
): Promise<Scene> {
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

/** Resolves to the result of a client's call, or to the message of its error. */
export async function tell (label: string, action: () => Promise<unknown>): Promise<string> {
  try {
    return `${label}: ${JSON.stringify(await action())}`
  } catch (error) {
    return `${label}: ${error instanceof Error ? error.message : String(error)}`
  }
}

type ToolCall = readonly [name: string, args?: Record<string, unknown>]

/** Connects each client, calls a tool with it, and resolves to the outcome of each. */
export async function tellAll (
  url: string, options: ClientOptions = {}, call: ToolCall = ['echo', { text: 'Hello' }]
): Promise<string[]> {
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

/** Resolves to what curl prints: the status and the body. */
export async function curl (args: string): Promise<string> {
  const printed = await runInShell(`curl -s -w '\\n%{http_code}' ${args}`)
  return `curl: ${printed.replace(/^([\s\S]*)\n(\d+)$/, 'HTTP $2 $1').trimEnd()}`
}

/** Returns the messages of the log from a level on. @param level @default 40 */
export function logged ({ logLines }: Pick<Scene, 'logLines'>, level = 40): string[] {
  return logLines.filter((line) => Number(line['level']) >= level).map(({ msg }) => `log: ${String(msg)}`)
}
