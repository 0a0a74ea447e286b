// What a client is told that does not get in.

/**
 * A request was refused by its HTTP status, or its reply would not reach a page: thrown by `createTestClient` where it
 * cannot connect, and by `injectFetch` with `origin` where a browser would fail.
 *
 * @example await assert.rejects(createTestClient(app, 'Notes', { auth: 'wrong' }), { name: 'RefusedError', status: 401 })
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  /** The HTTP status of the reply. */
  readonly status: number
  /** The headers of the reply, such as `www-authenticate`. */
  readonly headers: Headers
  /** The body of the reply: what its JSON says, else its text. */
  readonly body: unknown

  /** @internal */
  constructor (message: string, { status, headers }: Response, body: unknown, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/** Reads a reply that refuses something. @param explain Says what is refused, from the text of the reply. */
export async function readRefusal (response: Response, explain: (text: string) => string, options?: ErrorOptions): Promise<RefusedError> {
  const text = await response.text()
  return new RefusedError(explain(text), response, parse(text), options)
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
