// Requests as a client sends them that wants to know all of what comes of each.
import { EventSourceParserStream } from 'eventsource-parser/stream'

/** A JSON-RPC message. */
export interface Incoming {
  readonly id?: unknown
  readonly method?: string
  readonly params?: { readonly [name: string]: unknown }
  readonly result?: { readonly [name: string]: unknown }
  readonly error?: { readonly code: number, readonly message: string }
}

/** One event of a stream. */
export interface StreamEvent {
  readonly id: string | undefined
  /** Absent from the event that only tells an id. */
  readonly message: Incoming | undefined
}

/** Sends a message. @throws TypeError when there is no answer. */
export function post (
  url: string, message: object, headers: Readonly<Record<string, string>>, signal: AbortSignal
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    signal
  })
}

/** The events of a stream as they come. It ends without an error, and another way when the connection breaks. */
export async function * readEvents (response: Response): AsyncGenerator<StreamEvent, void> {
  if (response.body === null) return
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const { id, data } of events) {
    yield { id, message: data === '' ? undefined : JSON.parse(data) as Incoming }
  }
}

/** Whether a response is a stream. */
export function isStream ({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}

/** Waits. */
export function pause (milliseconds: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds) })
}
