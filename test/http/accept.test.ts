import t from 'tap'
import { readAccept, takesStream } from '../../lib/http/accept.ts'
import { createApp, modern, modernCall } from '../support/app.ts'

const NOT_ACCEPTABLE = {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32600, message: 'Not Acceptable: accept application/json, text/event-stream or both' }
}

t.test('a client that says nothing, or takes anything, means JSON', async (t) => {
  for (const header of [undefined, '', ' ', '*/*', '*/*;q=0.8', 'application/json', 'Application/JSON; charset=utf-8', 'application/*', 'text/html, */*;q=0.1']) {
    t.same(readAccept(header), { json: true, stream: false }, String(header))
  }
})

t.test('a client that names both kinds takes both', async (t) => {
  for (const header of [
    'application/json, text/event-stream', 'text/event-stream,application/json', 'TEXT/EVENT-STREAM , */*', 'application/json;q=0.5, text/event-stream;q=0.9',
    'text/*, application/*', 'application/json, text/event-stream;q=0.001'
  ]) {
    t.same(readAccept(header), { json: true, stream: true }, header)
  }
})

t.test('a client that names only event streams takes no JSON', async (t) => {
  for (const header of ['text/event-stream', 'text/*', 'text/event-stream; charset=utf-8', 'text/event-stream, application/json;q=0']) {
    t.same(readAccept(header), { json: false, stream: true }, header)
  }
})

t.test('where there is nothing but a stream, a client that takes anything takes it', async (t) => {
  for (const header of [undefined, '*/*', '*/*;q=0.8', 'text/html, */*;q=0.1', 'text/event-stream', 'application/json, text/event-stream', 'text/*']) {
    t.ok(takesStream(header), String(header))
  }
  for (const header of ['application/json', 'text/event-stream;q=0', 'text/html']) t.notOk(takesStream(header), header)
})

t.test('a kind of weight 0 is not taken', async (t) => {
  for (const header of ['application/json, text/event-stream;q=0', 'application/json, text/event-stream; q=0.000', 'application/json, text/event-stream;Q=0.0 ']) {
    t.same(readAccept(header), { json: true, stream: false }, header)
  }
  t.same(readAccept('application/json;q=0'), { json: false, stream: false })
  t.same(readAccept('*/*;q=0'), { json: false, stream: false })
})

t.test('a client that takes neither kind gets 406', async (t) => {
  const { app } = await createApp(t)

  for (const accept of ['text/html', 'application/xml, image/png', 'application/json;q=0', 'application/jsonp', 'json']) {
    const response = await app.inject(modern('server/discover', {}, { headers: { accept } }))

    t.equal(response.statusCode, 406, accept)
    t.same(response.json(), NOT_ACCEPTABLE)
  }
})

t.test('where streams are switched off, a client that takes nothing else gets 406', async (t) => {
  const { app } = await createApp(t, { jsonResponse: true })

  const response = await app.inject(modern('server/discover', {}, { headers: { accept: 'text/event-stream' } }))

  t.equal(response.statusCode, 406)
  t.same(response.json(), NOT_ACCEPTABLE)
})

t.test('a client that takes only event streams gets its result as one', async (t) => {
  const { app } = await createApp(t)

  const response = await app.inject(modernCall('echo', { text: 'hi' }, { headers: { accept: 'text/event-stream' } }))

  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'text/event-stream')
  t.equal(response.body, ': open\n\nevent: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"hi"}],"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"Notes","version":"1.0.0"}}}}\n\n')
})

t.test('an error keeps its HTTP status even for a client that takes only event streams', async (t) => {
  const { app } = await createApp(t)

  const response = await app.inject(modern('nope', {}, { headers: { accept: 'text/event-stream' } }))

  t.equal(response.statusCode, 404)
  t.same(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found: nope' } })
})
