import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { createClosingReply } from '../../../lib/http/reply/closing-reply.ts'

/** Has Fastify's refusal of a request written, and returns the head and the body that the client gets. */
function refuse (paths: readonly string[], url: string): readonly [retryAfter: unknown, body: string] {
  const request = new IncomingMessage(new Socket())
  request.url = url
  const response = new ServerResponse(request)
  const ended: unknown[] = []
  response.end = function end (body: unknown) { ended.push(body); return response } as ServerResponse['end']

  createClosingReply(paths)(request, response)
  response.writeHead(503, { 'Content-Type': 'application/json', 'Content-Length': '5' })
  response.end('other')
  return [response.getHeader('retry-after') ?? /retry-after: (\d+)/.exec(headOf(response))?.[1], String(ended[0])]
}

// Node.js keeps the head that it will send.
function headOf (response: ServerResponse): string {
  return String((response as unknown as { readonly _header: unknown })._header)
}

const PATHS = ['/caf\u00e9/mcp', '/of/:tenant(^a%?$)/my notes/mcp', '/\ud800/mcp', '/plain.mcp']

for (const url of ['/caf%C3%A9/mcp', '/of/a%25/my%20notes/mcp/', '/plain.mcp?a=b', '/PLAIN.mcp']) {
  t.test(`the refusal of ${url} is replaced`, async (t) => {
    const [retryAfter, body] = refuse(PATHS, url)

    t.equal(retryAfter, '30')
    t.match(JSON.parse(body), { jsonrpc: '2.0', error: { code: -32603 } })
  })
}

for (const url of ['/caf/mcp', '/plainXmcp', '/of/a/b/my%20notes/mcp', '/plain.mcp/health', '/%ED%A0%80/mcp']) {
  t.test(`the refusal of ${url} stays as it is`, async (t) => {
    t.same(refuse(PATHS, url), [undefined, 'other'])
  })
}
