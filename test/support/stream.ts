// Sends requests over sockets, and reads replies as they arrive.
import { request, type ClientRequest } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Post } from './app.ts'

/** A promise and the function that resolves it, to hold a handler back or to wait for it. */
export interface Gate<T = void> {
  readonly promise: Promise<T>
  open (value: T): void
}

export function createGate<T = void> (): Gate<T> {
  let open: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => { open = resolve })
  return { promise, open }
}

/** Resolves once a condition holds, which is checked in each turn of the event loop. */
export async function until (isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate)
}

/** Has the app listen on a free port, and resolves to its origin. */
export async function listen (app: FastifyInstance): Promise<string> {
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

/** Sends a request over a socket. */
export async function send (address: string, { url, headers, payload }: Post): Promise<Response> {
  return await fetch(`${address}${String(url)}`, { method: 'POST', headers, body: String(payload) })
}

/** Opens a GET stream, as a legacy client does to listen or to resume. */
export async function openGet (address: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  return await fetch(`${address}/mcp`, { headers: { accept: 'text/event-stream', ...headers } })
}

/** Sends a request over a connection of its own, which a test may break by `destroy()`. */
export function sendAlone (address: string, { url, headers, payload }: Post): ClientRequest {
  const sent = request(`${address}${String(url)}`, { method: 'POST', headers, agent: false })
  sent.on('error', () => {})
  sent.end(payload)
  return sent
}

/** Yields the frames of an event stream, each without its blank line. */
export async function * readFrames (response: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = frames.pop() ?? ''
    yield * frames
  }
}

/** Resolves to all frames once the stream has ended. */
export async function collectFrames (response: Response): Promise<string[]> {
  const frames: string[] = []
  for await (const frame of readFrames(response)) frames.push(frame)
  return frames
}

/** Returns the frame of one message. */
export function frameOf (message: object): string {
  return `event: message\ndata: ${JSON.stringify(message)}`
}

/** Returns the frame of one message with an event id. */
export function frameWithId (id: string, message: object): string {
  return `event: message\nid: ${id}\ndata: ${JSON.stringify(message)}`
}
