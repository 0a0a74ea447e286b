// Where a client of HTTP+SSE is told to send its messages.

/** What the URL is made of, besides what the client has asked for. */
export interface MessagesUrlParts {
  readonly ssePath: string
  readonly messagesPath: string
  /** What a proxy has taken off the path: that of `publicUrl`. */
  readonly publicPath: string
}

/**
 * Builds what makes such URLs. As clients do not take another origin, they are paths; as the prefix may have parameters, they
 * are those that the client itself has asked for, but for the end.
 */
export function createMessagesUrl ({ ssePath, messagesPath, publicPath }: MessagesUrlParts): (requestUrl: string, sessionId: string) => string {
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
