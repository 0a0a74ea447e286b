// The URL to which a client of HTTP+SSE sends its messages.

/** The parts of the URL, in addition to the URL that the client requested. */
export interface MessagesUrlParts {
  readonly ssePath: string
  readonly messagesPath: string
  /** The path of `publicUrl`, which a proxy removes from the request. */
  readonly publicPath: string
}

/**
 * Creates a function that builds such URLs. They are paths, because clients refuse another origin. The beginning of the
 * path is taken from the client's request, because the prefix may have parameters.
 */
export function createMessagesUrl (
  { ssePath, messagesPath, publicPath }: MessagesUrlParts
): (requestUrl: string, sessionId: string) => string {
  const ownSegments = segmentsOf(ssePath).length
  const before = segmentsOf(publicPath)
  const behind = segmentsOf(messagesPath)

  return function messagesUrl (requestUrl, sessionId) {
    // RFC 9112 3.2.2: a request line may name the host.
    const path = requestUrl.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
    const asked = segmentsOf(path)
    const prefix = asked.slice(0, asked.length - ownSegments)
    return `/${[...before, ...prefix, ...behind].join('/')}?sessionId=${sessionId}`
  }
}

function segmentsOf (path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '')
}
