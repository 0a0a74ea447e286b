// The wire: every HTTP exchange of this page with the mounts, as it was sent and received, without secrets.
import { signal } from '@preact/signals'
import { createParser } from 'eventsource-parser'

/** One event of a stream, or the whole body of a reply that is no stream. */
export interface WireEvent {
  /** Milliseconds since the request was sent. */
  readonly at: number
  readonly id?: string | undefined
  readonly text: string
}

/** One exchange. */
export interface WireExchange {
  readonly id: number
  readonly mount: string
  readonly method: string
  readonly url: string
  /** The time at which it began, in milliseconds since the page was opened. */
  readonly startedAt: number
  /** The JSON-RPC method, if there is one message. */
  readonly rpc: string | undefined
  /** The tool, prompt or URI that it names. */
  readonly target: string | undefined
  readonly requestHeaders: readonly (readonly [string, string])[]
  readonly requestBody: string | undefined
  readonly status?: number
  readonly responseHeaders?: readonly (readonly [string, string])[]
  readonly events: readonly WireEvent[]
  /** How many events were dropped to save memory. */
  readonly dropped: number
  /** How many milliseconds it took; undefined while it is open. */
  readonly duration?: number
  readonly failure?: string
}

const MAX_EXCHANGES = 200
const MAX_EVENTS = 200
const MAX_TEXT = 200_000

/** The exchanges, the newest last. */
export const exchanges = signal<readonly WireExchange[]>([])

let lastId = 0
// Streams may bring thousands of events a second, and the page is drawn once a frame.
const changed = new Map<number, WireExchange>()
let isScheduled = false

function publish (exchange: WireExchange): void {
  changed.set(exchange.id, exchange)
  if (isScheduled) return
  isScheduled = true
  setTimeout(flush, 50)
}

function flush (): void {
  isScheduled = false
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

/**
 * Creates a `fetch` that records what it sends and receives.
 * @param credentials Returns the headers to send as well, whose values are not recorded.
 * @param onResponse Is called with each reply.
 */
export function createRecordingFetch (
  mount: string, credentials: () => Readonly<Record<string, string>>, onResponse: (response: Response) => void
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async function recordingFetch (url, given = {}) {
    const startedAt = performance.now()
    const secrets = credentials()
    const headers = new Headers(given.headers)
    for (const [name, value] of Object.entries(secrets)) headers.set(name, value)
    const init = { ...given, headers }
    const exchange = begin(mount, new URL(url, location.href), init, new Headers(secrets))
    let current: WireExchange = exchange
    const update = (change: Partial<WireExchange>): void => {
      current = { ...current, ...change }
      publish(current)
    }
    publish(current)
    try {
      const response = await fetch(url, init)
      update({ status: response.status, responseHeaders: [...response.headers] })
      onResponse(response)
      return observe(response, {
        mount,
        resumedAfter: headers.get('last-event-id'),
        add: (event) => {
          const events = [...current.events, { ...event, at: performance.now() - startedAt }]
          const surplus = Math.max(events.length - MAX_EVENTS, 0)
          update({ events: events.slice(surplus), dropped: current.dropped + surplus })
        },
        end: (failure) => update({
          duration: performance.now() - startedAt, ...(failure !== undefined && { failure })
        })
      })
    } catch (error) {
      update({ duration: performance.now() - startedAt, failure: describeFailure(error) })
      throw error
    }
  }
}

function describeFailure (error: unknown): string {
  return error instanceof DOMException && error.name === 'AbortError' ? 'aborted' : String(error)
}

interface SentRequest extends RequestInit { readonly headers: Headers }

function begin (
  mount: string, url: URL, { method = 'GET', headers, body }: SentRequest, secrets: Headers
): WireExchange {
  const text = typeof body === 'string' ? body : undefined
  const message = parseMessage(text)
  return {
    id: ++lastId,
    mount,
    method,
    url: url.href,
    startedAt: performance.now(),
    rpc: message?.method,
    target: message?.params?.name ?? message?.params?.uri ?? describeResumption(headers),
    requestHeaders: [...headers].map(([name, value]) => [name, secrets.has(name) ? mask(value) : value] as const),
    requestBody: text?.slice(0, MAX_TEXT),
    events: [],
    dropped: 0
  }
}

function describeResumption (headers: Headers): string | undefined {
  const last = headers.get('last-event-id')
  return last === null ? undefined : `resumes after ${last}`
}

interface SentMessage { readonly method?: string, readonly params?: { readonly name?: string, readonly uri?: string } }

// The client of this page has written it.
function parseMessage (text: string | undefined): SentMessage | undefined {
  return text === undefined ? undefined : JSON.parse(text) as SentMessage
}

function mask (value: string): string {
  const scheme = /^(Bearer|Basic|DPoP) /i.exec(value)?.[0] ?? ''
  return `${scheme}••••••`
}

interface Sink {
  readonly mount: string
  readonly resumedAfter: string | null
  add (event: Omit<WireEvent, 'at'>): void
  end (failure?: string): void
}

interface OpenStream { readonly mount: string, break (): void }

const openStreams = new Set<OpenStream>()

/** Breaks all open streams of a mount, as a lost network would. */
export function dropStreams (mount: string): void {
  for (const stream of openStreams) if (stream.mount === mount) stream.break()
}

// Reads the body as it passes through to the client, so that it is buffered only once.
function observe (response: Response, sink: Sink): Response {
  if (response.body === null) {
    sink.end()
    return response
  }
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const decoder = new TextDecoder()
  let text = ''
  const parser = createParser({
    onEvent: ({ data, id }) => { sink.add({ id, text: data.slice(0, MAX_TEXT) }) },
    onComment: () => {}
  })
  const read = (chunk: string): void => {
    if (isStream) parser.feed(chunk)
    else if (text.length < MAX_TEXT) text += chunk
  }
  const reader = response.body.getReader()
  const stream: OpenStream = { mount: sink.mount, break: () => {} }
  const end = (failure?: string): void => {
    openStreams.delete(stream)
    sink.end(failure)
  }
  const body = new ReadableStream<Uint8Array>({
    start (controller) {
      if (!isStream) return
      // The official client forgets where it was if a stream breaks a second time before it has brought an event.
      if (sink.resumedAfter !== null) {
        controller.enqueue(new TextEncoder().encode(`id: ${sink.resumedAfter}\ndata:\n\n`))
      }
      stream.break = () => {
        end('broken by hand')
        controller.error(new TypeError('The stream was broken by hand'))
        reader.cancel().catch(() => {})
      }
      openStreams.add(stream)
    },
    async pull (controller) {
      try {
        const { done, value } = await reader.read()
        if (isStream && !openStreams.has(stream)) return
        if (done) {
          if (text !== '') sink.add({ text: text.slice(0, MAX_TEXT) })
          end()
          return controller.close()
        }
        read(decoder.decode(value, { stream: true }))
        controller.enqueue(value)
      } catch (error) {
        end(describeFailure(error))
        controller.error(error)
      }
    },
    async cancel (reason) {
      end('aborted')
      await reader.cancel(reason)
    }
  })
  return new Response(body, response)
}
