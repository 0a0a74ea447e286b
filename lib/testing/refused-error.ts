// The error that a test client throws if a request is refused.

/**
 * A request was refused. Thrown by `createTestClient` if the mount refuses the client, and by `injectFetch` with
 * `origin` if a browser would block the request or its reply.
 *
 * @example
 * const options = { auth: 'wrong' }
 * await assert.rejects(createTestClient(app, 'Notes', options), { name: 'RefusedError', status: 401 })
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  /** The HTTP status of the reply. */
  readonly status: number
  /** The headers of the reply, such as `www-authenticate`. */
  readonly headers: Headers
  /** The parsed body of the reply if it is JSON, else its text. */
  readonly body: unknown

  /** @internal */
  constructor (message: string, { status, headers }: Response, body: unknown, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/** Creates the error of a refused request. @param explain Creates the message from the text of the reply. */
export async function readRefusal (
  response: Response, explain: (text: string) => string, options?: ErrorOptions
): Promise<RefusedError> {
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
