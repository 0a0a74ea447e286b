// Connects as a client of HTTP+SSE, frame by frame.
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { readFrames } from './stream.ts'

type Headers = Readonly<Record<string, string>>

/** A stream that has begun. */
export interface SseClient {
  /** The URL to post to, from the `endpoint` event. */
  readonly endpoint: string
  readonly sessionId: string
  readonly response: Response
  /** Resolves to the next frame, which may be a comment; undefined at the end. */
  next (): Promise<string | undefined>
  /** Resolves to the next frame that is no comment. */
  event (): Promise<string | undefined>
  /** Posts a body as it is, or as JSON. */
  post (body: unknown, headers?: Headers): Promise<Response>
  /** Sends a request and resolves to the next frame, which is the answer unless the server sends something first. */
  ask (method: string, params?: object, id?: number): Promise<string | undefined>
  /** Breaks the connection. */
  leave (): void
}

/** Opens a stream and reads the `endpoint` event. */
export async function openSse (address: string, path = '/sse', headers: Headers = {}): Promise<SseClient> {
  // The stream has a connection of its own, which breaks when the client leaves.
  const sent = get(`${address}${path}`, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
  const [incoming] = await once(sent, 'response') as [IncomingMessage]
  incoming.on('error', () => {})
  const response = new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers as Record<string, string>
  })
  const frames = readFrames(response)
  const next = async (): Promise<string | undefined> => (await frames.next()).value ?? undefined
  const event = async (): Promise<string | undefined> => {
    let frame = await next()
    while (frame?.startsWith(':') === true) frame = await next()
    return frame
  }
  const endpoint = /^event: endpoint\ndata: (.*)$/.exec(String(await event()))?.[1]
  if (endpoint === undefined) throw new Error('the first event is not that of the endpoint')

  const post: SseClient['post'] = (body, more = {}) => fetch(new URL(endpoint, address), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers, ...more },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
  return {
    endpoint,
    sessionId: String(new URL(endpoint, address).searchParams.get('sessionId')),
    response,
    next,
    event,
    post,
    ask: async (method, params = {}, id = 1) => {
      await post({ jsonrpc: '2.0', id, method, params })
      return await event()
    },
    leave: () => { sent.destroy() }
  }
}

/** Returns the parameters of `initialize`. */
export function opening (protocolVersion = '2024-11-05', capabilities: object = {}): object {
  return { protocolVersion, capabilities, clientInfo: { name: 'test', version: '1' } }
}
