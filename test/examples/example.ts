// An example in a process of its own, started and ended as its user would, and ways to use it.
import { request, type IncomingHttpHeaders } from 'node:http'
import { json } from 'node:stream/consumers'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Test } from 'tap'
import type { Answer, Answering, ClientKind, OfficialClient } from '../support/clients.ts'
import { run } from '../support/child.ts'

/** An example that serves. */
export interface Example {
  /** The first endpoint that it has printed. */
  readonly url: string
  /** All of them. */
  readonly urls: readonly string[]
  /** What it has printed so far, by lines. */
  readonly lines: readonly string[]
}

/** How an example is started. */
export interface ExampleOptions {
  /** PORT is 0 where nothing else is said. */
  readonly env?: NodeJS.ProcessEnv
  /** How many endpoints it has. @default 1 */
  readonly endpoints?: number
}

/** Uses an example, which has to end properly when a signal asks for it afterwards. */
export async function withExample (
  t: Test, name: string, { env, endpoints = 1 }: ExampleOptions, use: (example: Example) => Promise<void>
): Promise<void> {
  const running = await run(t, `examples/${name}.ts`, {
    env: { PORT: '0', ...env },
    until: { line: /^MCP endpoint /, times: endpoints }
  })
  const urls = running.lines.flatMap((line) => /^MCP endpoint (\S+)$/.exec(line)?.[1] ?? [])
  await use({ url: urls[0] ?? '', urls, lines: running.lines })
  t.same(await running.stop(), { code: 0, signal: null }, 'it ends when it is asked to')
}

/** Connects a client until the test ends. */
export async function connect (t: Test, kind: ClientKind, url: string, answering?: Answering): Promise<OfficialClient> {
  const client = await kind.connect(url, kind.title, answering)
  t.teardown(() => client.close())
  return client
}

/** Connects the client v2, which sends headers with each request, until the test ends. */
export async function connectWithHeaders (
  t: Test, url: string, headers: Readonly<Record<string, string>>
): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  t.teardown(() => client.close())
  return client
}

/** What a result says in its first block. */
export function textOf ({ content }: Answer): string | undefined {
  return Array.isArray(content) ? content[0]?.text : undefined
}

/** A reply, its body read. */
export interface Reply {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** Calls a tool by hand, with whatever headers, such as a Host. */
export function callByHand (
  url: string, name: string, args: object, headers: Readonly<Record<string, string>> = {}
): Promise<Reply> {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name,
      arguments: args,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {}
      }
    }
  })
  return send(url, 'POST', {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
    ...headers
  }, body)
}

/** Sends a request over a connection of its own; a body that is answered has to be JSON. */
export function send (
  url: string, method: string, headers: Readonly<Record<string, string>>, body?: string
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const { statusCode: status, headers } = response
      const read = headers['content-length'] === '0' || status === 204 ? Promise.resolve(undefined) : json(response)
      if (status === 204 || headers['content-length'] === '0') response.resume()
      read.then((body) => resolve({ status, headers, body }), reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
