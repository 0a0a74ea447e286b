// The official clients, each with a server in a process of its own that it has started.
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Client as ClientV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as TransportV2 } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import type { Test } from 'tap'
import { LOADER } from './child.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A call as both clients take its options. */
export interface CallOptions {
  readonly onprogress?: (progress: object) => void
  readonly signal?: AbortSignal
}

/** The interface of all clients. */
export interface StdioClient {
  readonly era: string | undefined
  readonly pid: number | null
  readonly serverName: string | undefined
  readonly instructions: string | undefined
  /** The lines that the server has written to stderr. */
  readonly errors: readonly string[]
  /** How many notifications of changed tools it has received. */
  readonly changes: () => number
  toolNames (): Promise<readonly string[]>
  /** The text of the result of a tool. */
  call (name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>
  /** Subscribes to changes. */
  listen (): Promise<void>
  close (): Promise<void>
}

/** How a server is started, and what its client says when it is asked for a form. */
export interface StdioClientOptions {
  readonly args?: readonly string[]
  readonly answer?: Record<string, string | boolean>
}

/** One of the official clients, speaking one era. */
export interface StdioClientKind {
  readonly title: string
  /** Starts a TypeScript file and connects to it; both end with the test. */
  connect (t: Test, file: string, options?: StdioClientOptions): Promise<StdioClient>
}

export const stdioClientKinds: readonly StdioClientKind[] = [
  { title: 'the v1 client', connect: connectV1 },
  { title: 'the v2 client, legacy', connect: (...server) => connectV2('legacy', ...server) },
  { title: 'the v2 client, modern', connect: (...server) => connectV2({ pin: '2026-07-28' }, ...server) }
]

const IDENTITY = { name: 'test', version: '1.0.0' }
const CAPABILITIES = { capabilities: { elicitation: { form: {} } } }

function createParameters (file: string, args: readonly string[] = []) {
  return {
    command: process.execPath,
    args: [...LOADER, join(root, file), ...args],
    cwd: root,
    stderr: 'pipe' as const
  }
}

function collectLines (stream: unknown): readonly string[] {
  const lines: string[] = []
  // A PassThrough, whatever its type says.
  ;(stream as Readable).on('data', (chunk) => lines.push(...String(chunk).split('\n').filter((line) => line !== '')))
  return lines
}

function textOf ({ content }: { readonly [field: string]: unknown }): unknown {
  return Array.isArray(content) ? content.map((block: { text?: string }) => block.text).join('\n') : content
}

async function connectV1 (t: Test, file: string, { args, answer = {} }: StdioClientOptions = {}): Promise<StdioClient> {
  const transport = new TransportV1(createParameters(file, args))
  const errors = collectLines(transport.stderr)
  const client = new ClientV1(IDENTITY, CAPABILITIES)
  t.teardown(() => client.close())
  let changes = 0
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: answer }))
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => { changes++ })
  await client.connect(transport)

  return {
    era: 'legacy',
    pid: transport.pid,
    serverName: client.getServerVersion()?.name,
    instructions: client.getInstructions(),
    errors,
    changes: () => changes,
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, options = {}) =>
      textOf(await client.callTool({ name, arguments: args }, undefined, options)),
    listen: async () => {},
    close: () => client.close()
  }
}

async function connectV2 (
  mode: 'legacy' | { pin: string }, t: Test, file: string, { args, answer = {} }: StdioClientOptions = {}
): Promise<StdioClient> {
  const transport = new TransportV2(createParameters(file, args))
  const errors = collectLines(transport.stderr)
  const client = new ClientV2(IDENTITY, { ...CAPABILITIES, versionNegotiation: { mode } })
  t.teardown(() => client.close())
  let changes = 0
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: answer }))
  client.setNotificationHandler('notifications/tools/list_changed', () => { changes++ })
  await client.connect(transport)

  return {
    era: client.getProtocolEra(),
    pid: transport.pid,
    serverName: client.getServerVersion()?.name,
    instructions: client.getInstructions(),
    errors,
    changes: () => changes,
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, options = {}) => textOf(await client.callTool({ name, arguments: args }, options)),
    listen: async () => { if (mode !== 'legacy') await client.listen({ toolsListChanged: true }) },
    close: () => client.close()
  }
}
