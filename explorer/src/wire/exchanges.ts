// The wire: every HTTP exchange of this page with the mounts, as it was sent and received, without secrets.
import { signal } from '@preact/signals'

/** One event of a stream, or the whole body of a reply that is no stream. */
export interface WireEvent {
  /** Milliseconds since the request was sent. */
  readonly at: number
  readonly id?: string | undefined
  readonly text: string
}

/** Headers in the order in which they were sent. */
export type WireHeaders = ReadonlyArray<readonly [name: string, value: string]>

/** One exchange. */
export interface WireExchange {
  readonly id: number
  readonly method: string
  readonly url: string
  /** The JSON-RPC method, if there is one message. */
  readonly rpc: string | undefined
  /** The tool, prompt or URI that it names. */
  readonly target: string | undefined
  readonly requestHeaders: WireHeaders
  readonly requestBody: string | undefined
  readonly status?: number
  readonly responseHeaders?: WireHeaders
  readonly events: readonly WireEvent[]
  /** How many events were dropped to save memory. */
  readonly dropped: number
  /** How many milliseconds it took; undefined while it is open. */
  readonly duration?: number
  readonly failure?: string
}

const MAX_EXCHANGES = 200
// Streams may bring thousands of events a second. The page is drawn once for those that arrive together.
const DRAW_EVERY_MS = 50

/** The exchanges, the newest last. */
export const exchanges = signal<readonly WireExchange[]>([])

const changed = new Map<number, WireExchange>()

/** Shows an exchange as it is now. */
export function publish (exchange: WireExchange): void {
  if (changed.size === 0) setTimeout(flush, DRAW_EVERY_MS)
  changed.set(exchange.id, exchange)
}

function flush (): void {
  const known = new Set(exchanges.value.map(({ id }) => id))
  const added = [...changed.values()].filter(({ id }) => !known.has(id))
  exchanges.value = [...exchanges.value.map((one) => changed.get(one.id) ?? one), ...added].slice(-MAX_EXCHANGES)
  changed.clear()
}

/** Forgets all exchanges. */
export function clearExchanges (): void {
  changed.clear()
  exchanges.value = []
}
