// A `fetch` whose exchanges are shown on the wire, and whose streams can be broken.
import { createParser } from 'eventsource-parser'
import { publish, type WireEvent, type WireExchange } from './exchanges.ts'

const MAX_EVENTS = 200
const MAX_TEXT = 200_000

let lastId = 0

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
    const elapsed = (): number => performance.now() - startedAt
    const secrets = new Headers(credentials())
    const headers = new Headers(given.headers)
    secrets.forEach((value, name) => headers.set(name, value))
    const init = { ...given, headers }
    let exchange = begin(new URL(url, location.href), init, secrets)
    const update = (change: Partial<WireExchange>): void => {
      exchange = { ...exchange, ...change }
      publish(exchange)
    }
    publish(exchange)
    try {
      const response = await fetch(url, init)
      update({ status: response.status, responseHeaders: [...response.headers] })
      onResponse(response)
      return observe(response, {
        mount,
        resumedAfter: headers.get('last-event-id'),
        add (event) {
          const events = [...exchange.events, { ...event, at: elapsed() }]
          const surplus = Math.max(events.length - MAX_EVENTS, 0)
          update({ events: events.slice(surplus), dropped: exchange.dropped + surplus })
        },
        end (failure) {
          update({ duration: elapsed(), ...(failure !== undefined && { failure }) })
        }
      })
    } catch (error) {
      update({ duration: elapsed(), failure: describeFailure(error) })
      throw error
    }
  }
}

function describeFailure (error: unknown): string {
  return error instanceof DOMException && error.name === 'AbortError' ? 'aborted' : String(error)
}

interface SentRequest extends RequestInit { readonly headers: Headers }

function begin (url: URL, { method = 'GET', headers, body }: SentRequest, secrets: Headers): WireExchange {
  const text = typeof body === 'string' ? body : undefined
  const message = parseMessage(text)
  return {
    id: ++lastId,
    method,
    url: url.href,
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

/** Where the body of a reply is recorded. */
interface Recorder {
  readonly mount: string
  /** The event after which the request resumes a stream; null if it does not. */
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
function observe (response: Response, recorder: Recorder): Response {
  if (response.body === null) {
    recorder.end()
    return response
  }
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const text = isStream ? readEvents(recorder) : readBody(recorder)
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  const stream: OpenStream = { mount: recorder.mount, break: () => {} }
  const end = (failure?: string): void => {
    openStreams.delete(stream)
    recorder.end(failure)
  }
  const body = new ReadableStream<Uint8Array>({
    start (controller) {
      if (!isStream) return
      // The official client forgets where it was if a stream breaks a second time before it has brought an event.
      if (recorder.resumedAfter !== null) {
        controller.enqueue(new TextEncoder().encode(`id: ${recorder.resumedAfter}\ndata:\n\n`))
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
          text.finish()
          end()
          return controller.close()
        }
        text.take(decoder.decode(value, { stream: true }))
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

interface TextReader {
  take (chunk: string): void
  finish (): void
}

function readEvents ({ add }: Recorder): TextReader {
  const parser = createParser({ onEvent: ({ data, id }) => { add({ id, text: data.slice(0, MAX_TEXT) }) } })
  return { take: (chunk) => { parser.feed(chunk) }, finish () {} }
}

function readBody ({ add }: Recorder): TextReader {
  let text = ''
  return {
    take (chunk) { if (text.length < MAX_TEXT) text += chunk },
    finish () { if (text !== '') add({ text: text.slice(0, MAX_TEXT) }) }
  }
}
