// What a route may do with the request and the reply that stand in for those of a socket.
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { RequestContext } from '../../lib/index.ts'
import { sendInner, type InnerRequest, type Receiving } from '../../lib/routes/inner-request.ts'
import type { InnerReply } from '../../lib/routes/inner-response.ts'

type Handle = (request: InnerRequest, response: ServerResponse) => unknown

/** Sends a request to an app that does nothing but handle it. */
function send (handle: Handle, receiving: Partial<Receiving> = {}): Promise<InnerReply> {
  const init = { method: 'GET', url: '/', headers: { a: '1', b: '2' }, body: undefined, ctx: {} as RequestContext }
  const app = { routing: handle } as unknown as FastifyInstance
  return sendInner(app, init, { signal: new AbortController().signal, maxLength: 1000, ...receiving })
}

t.test('a request has what handlers look for in one of a socket', async (t) => {
  await send((request, response) => {
    const { socket } = request
    t.same(request.rawHeaders, ['a', '1', 'b', '2'])
    t.equal(request.connection, socket)
    t.equal(request.setTimeout(), request)
    t.equal(socket.setTimeout().setKeepAlive().setNoDelay(), socket)
    t.equal(socket.destroyed, false)
    t.equal(socket.destroy().destroyed, true)
    response.end()
  })
})

t.test('a head may be written in each form that Node knows', async (t) => {
  const heads: ReadonlyArray<readonly [object, (response: ServerResponse) => unknown]> = [
    [{ a: '1' }, (response) => response.writeHead(201, 'Made', { a: '1' })],
    [{ a: '1' }, (response) => response.writeHead(201, { a: '1', b: undefined })],
    [{ a: '1', b: '2' }, (response) => response.writeHead(201, ['a', '1', 'b', '2'])],
    [{}, (response) => response.writeHead(201, 'Made')],
    [{}, (response) => response.writeHead(201)]
  ]

  for (const [headers, write] of heads) {
    const reply = await send((_request, response) => { write(response); response.end() })
    t.equal(reply.status, 201)
    t.same({ ...reply.headers }, headers)
  }
})

t.test('a body may be written in each form that Node knows', async (t) => {
  const called: string[] = []
  const { body } = await send((_request, response) => {
    response.write('6162', 'hex', () => called.push('write'))
    response.write('c', () => called.push('write'))
    response.write(new Uint8Array([100]))
    response.end('e', () => {
      called.push('end')
      t.equal(response.write('late'), true)
    })
    response.end('again')
  })

  t.equal(String(body), 'abcde')
  t.equal(String((await send((_request, response) => { response.end('6162', 'hex') })).body), 'ab')
  t.same(called, ['write', 'write', 'end'])
})

t.test('a reply that does not come to its end is a failure', async (t) => {
  await t.rejects(send((_request, response) => { response.destroy().destroy() }), { message: /closed the connection/ })
  await t.rejects(send((_request, response) => { response.write('too long') }, { maxLength: 3 }), {
    name: 'TooLongError', message: 'the reply is longer than 3 bytes'
  })
  await t.rejects(send((_request, response) => { response.destroy(); response.end('late') }), {
    message: /closed the connection/
  })
  for (const reason of ['gone', new Error('gone')]) {
    const onChunk = (): Promise<never> => Promise.reject(reason)
    await t.rejects(send((_request, response) => { response.write('a') }, { onChunk }), new Error('gone'))
  }
})
