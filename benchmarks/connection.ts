// One keep-alive connection that sends prepared requests, as cheaply as can be: what the client does must not be what
// is measured.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A reply, read to its end. */
export interface RawReply {
  readonly status: number
  /** The head, with its names as they were sent. */
  readonly head: string
}

const HEAD_END = '\r\n\r\n'
const LAST_CHUNK = '\r\n0\r\n\r\n'

/** A connection. One request is under way at a time. */
export class Connection {
  readonly #socket: Socket
  #received = ''
  #resolve: ((reply: RawReply) => void) | undefined
  #reject: ((error: Error) => void) | undefined

  private constructor (socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed a connection')))
  }

  /** Connects to the host of a URL. */
  static async open (url: URL): Promise<Connection> {
    const socket = connect(Number(url.port), url.hostname)
    await once(socket, 'connect')
    return new Connection(socket)
  }

  /** Sends a request, and waits until its reply has ended. */
  send (request: string): Promise<RawReply> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#socket.write(request, 'latin1')
    })
  }

  close (): void {
    this.#reject = undefined
    this.#socket.destroy()
  }

  #receive (chunk: string): void {
    this.#received += chunk
    const headEnd = this.#received.indexOf(HEAD_END)
    if (headEnd === -1) return
    const head = this.#received.slice(0, headEnd)
    if (!isWhole(head, this.#received, headEnd + HEAD_END.length)) return

    this.#received = ''
    this.#resolve?.({ status: Number(head.slice(9, 12)), head })
  }

  #fail (error: Error): void {
    this.#reject?.(error)
  }
}

function isWhole (head: string, received: string, bodyStart: number): boolean {
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length !== undefined) return received.length - bodyStart >= Number(length)
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) return true
  // An empty body is nothing but the last chunk.
  return received.endsWith(LAST_CHUNK, received.length) || received.slice(bodyStart) === '0\r\n\r\n'
}

/** A request as it goes over the wire. */
export function encodeRequest (
  url: URL,
  {
    method,
    headers,
    body
  }: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly body: string }
): string {
  const lines = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  const length = method === 'POST' ? `content-length: ${Buffer.byteLength(body)}\r\n` : ''
  return `${method} ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n${lines}${length}\r\n${body}`
}
