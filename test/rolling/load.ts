// Official clients of both eras that call tools until they are stopped, and note each call that has no result.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'

interface Connected {
  callTool (params: { readonly name: string, readonly arguments: Record<string, unknown> }): Promise<unknown>
  close (): Promise<void>
}

// A client whose stream has ended comes back, however often.
const RECONNECTION = {
  initialReconnectionDelay: 500, maxReconnectionDelay: 1000, reconnectionDelayGrowFactor: 1.5, maxRetries: 1000
}
const INFO = { name: 'rolling', version: '1.0.0' }

async function connectV1 (url: URL): Promise<Connected> {
  const client = new ClientV1(INFO)
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(new TransportV1(url, { reconnectionOptions: RECONNECTION }) as Transport)
  return client
}

async function connectV2 (url: URL, mode: 'legacy' | { pin: string }): Promise<Connected> {
  const client = new ClientV2(INFO, { versionNegotiation: { mode } })
  await client.connect(new TransportV2(url, { reconnectionOptions: RECONNECTION }))
  return client
}

const KINDS = [
  connectV1,
  (url: URL) => connectV2(url, 'legacy'),
  (url: URL) => connectV2(url, { pin: '2026-07-28' }),
  (url: URL) => connectV2(url, { pin: '2026-07-28' })
]

const TOOLS = ['work', 'work_by_route']

/** What came of the calls. */
export class Tally {
  made = 0
  /** Why calls have failed, and how many for each reason. */
  readonly failures = new Map<string, number>()

  get dropped (): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0)
  }

  fail (reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1)
  }
}

/** Calls that go on. */
export interface Load {
  readonly tally: Tally
  /** Makes no more calls, and waits for those that are running. */
  stop (): Promise<void>
}

/**
 * Connects clients, of which each has one call running all the time.
 * @param longest How many milliseconds every tenth call takes. The others are short.
 */
export async function startLoad (url: string, count: number, longest = 1500): Promise<Load> {
  const tally = new Tally()
  const over = new AbortController()
  const clients = await Promise.all(Array.from({ length: count }, (_, index) => {
    return (KINDS[index % KINDS.length] ?? connectV1)(new URL(url))
  }))
  const running = clients.map(async (client, index) => {
    for (let turn = 0; !over.signal.aborted; turn++) await call(client, tally, { token: `${index}-${turn}`, longest })
  })
  return {
    tally,
    async stop () {
      over.abort()
      await Promise.all(running)
      await Promise.all(clients.map((client) => client.close()))
    }
  }
}

interface Work { readonly token: string, readonly longest: number }

async function call (client: Connected, tally: Tally, { token, longest }: Work): Promise<void> {
  const number = ++tally.made
  const ms = number % 10 === 0 ? longest : 20 + number % 200
  try {
    const result = await client.callTool({ name: TOOLS[number % 2] ?? 'work', arguments: { token, ms } })
    if (!JSON.stringify(result).includes(token)) tally.fail(`no result, but ${JSON.stringify(result)}`)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
    tally.fail(`${String(error)}${cause}`.replaceAll(/\d{4,}/g, 'N'))
  }
}
