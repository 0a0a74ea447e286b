// The official clients, which come back as they see fit.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { reasonOf, untilAnswered } from './call.ts'
import { textOf } from './legacy-client.ts'
import type { Ledger } from './ledger.ts'
import { Progress } from './progress.ts'
import { ATTEMPT_KEY } from './server.ts'
import { pause } from './wire.ts'

const RECONNECTION = {
  initialReconnectionDelay: 100,
  maxReconnectionDelay: 1000,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 1000
}
const RETRY_DELAY = 200

type CallTool = (
  params: {
    readonly name: string
    readonly arguments: Record<string, unknown>
    readonly _meta: Record<string, unknown>
  },
  options: {
    readonly signal: AbortSignal
    readonly timeout: number
    readonly onprogress: (progress: { readonly progress: number; readonly message?: string | undefined }) => void
  }
) => Promise<{ readonly [name: string]: unknown }>

interface Connected { readonly callTool: CallTool, close (): Promise<void> }

/** How a client connects. */
export type Connect = (name: string, url: string) => Promise<Connected>

export const connectV1: Connect = async (name, url) => {
  const client = new ClientV1({ name, version: '1.0.0' })
  const transport = new TransportV1(new URL(url), { reconnectionOptions: RECONNECTION })
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(transport as Transport)
  return {
    callTool: ({ name, arguments: args, _meta }, options) =>
      client.callTool({ name, arguments: args, _meta }, undefined, options),
    close: async () => {
      await transport.terminateSession().catch(() => {})
      await client.close()
    }
  }
}

export const connectV2Legacy: Connect = (name, url) => connectV2('legacy', name, url)
export const connectV2Modern: Connect = (name, url) => connectV2({ pin: '2026-07-28' }, name, url)

async function connectV2 (mode: 'legacy' | { pin: string }, name: string, url: string): Promise<Connected> {
  const client = new ClientV2({ name, version: '1.0.0' }, { versionNegotiation: { mode } })
  const transport = new TransportV2(new URL(url), { reconnectionOptions: RECONNECTION })
  await client.connect(transport)
  return {
    callTool: ({ name, arguments: args, _meta }, options) => client.callTool({ name, arguments: args, _meta }, options),
    close: async () => {
      await transport.terminateSession().catch(() => {})
      await client.close()
    }
  }
}

/** An official client. */
export class OfficialClient {
  readonly name: string
  readonly #url: string
  readonly #ledger: Ledger
  readonly #connect: Connect
  readonly #timeout: number
  #client: Connected | undefined

  /** @param timeout Milliseconds after which it gives a call up. */
  constructor (
    name: string,
    url: string,
    ledger: Ledger,
    { connect, timeout }: { readonly connect: Connect, readonly timeout: number }
  ) {
    this.name = name
    this.#url = url
    this.#ledger = ledger
    this.#connect = connect
    this.#timeout = timeout
  }

  async open (): Promise<void> {
    while (this.#client === undefined) {
      try {
        this.#client = await this.#connect(this.name, this.#url)
      } catch (error) {
        this.#ledger.reason(reasonOf(error))
        await pause(RETRY_DELAY)
      }
    }
  }

  async echo (): Promise<void> {
    await this.#callTool('echo')
  }

  async count (to: number): Promise<void> {
    await this.#callTool('count', { to }, to)
  }

  async close (): Promise<void> {
    await this.#client?.close()
  }

  async #callTool (tool: string, args: object = {}, events = 0): Promise<void> {
    await untilAnswered(`${this.name}/${tool}`, this.#ledger, async (attempt, signal) => {
      const progress = new Progress(this.#ledger, attempt)
      const params = { name: tool, arguments: { ...args, token: attempt }, _meta: { [ATTEMPT_KEY]: attempt } }
      const result = await this.#client?.callTool(params, {
        signal,
        timeout: this.#timeout,
        onprogress: (event) => progress.hear(event)
      })
      if (textOf(result) !== attempt) this.#ledger.breach('answers', `${attempt} got ${textOf(result)}`)
      progress.end(events)
      return { answer: { result: result ?? {} } }
    })
  }
}
