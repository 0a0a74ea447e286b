import t from 'tap'
import { readAccept, takesStream } from '../../lib/http/accept.ts'
import { createApp, modern, modernCall } from '../support/app.ts'

const NOT_ACCEPTABLE = {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32600, message: 'Not Acceptable: accept application/json, text/event-stream or both' }
}

t.test('without an Accept header, and with a wildcard, a client gets JSON', async (t) => {
  for (const header of [
    undefined, '', ' ', '*/*', '*/*;q=0.8', 'application/json', 'Application/JSON; charset=utf-8', 'application/*',
    'text/html, */*;q=0.1'
  ]) {
    t.same(readAccept(header), { json: true, stream: false }, String(header))
  }
})

t.test('a client that lists JSON and event streams accepts both', async (t) => {
  for (const header of [
    'application/json, text/event-stream',
    'text/event-stream,application/json',
    'TEXT/EVENT-STREAM , */*',
    'application/json;q=0.5, text/event-stream;q=0.9',
    'text/*, application/*',
    'application/json, text/event-stream;q=0.001'
  ]) {
    t.same(readAccept(header), { json: true, stream: true }, header)
  }
})

t.test('a client that lists only event streams does not accept JSON', async (t) => {
  for (const header of [
    'text/event-stream', 'text/*', 'text/event-stream; charset=utf-8', 'text/event-stream, application/json;q=0'
  ]) {
    t.same(readAccept(header), { json: false, stream: true }, header)
  }
})

t.test('where the only reply is a stream, a wildcard accepts it', async (t) => {
  for (const header of [
    undefined, '*/*', '*/*;q=0.8', 'text/html, */*;q=0.1', 'text/event-stream', 'application/json, text/event-stream',
    'text/*'
  ]) {
    t.ok(takesStream(header), String(header))
  }
  for (const header of ['application/json', 'text/event-stream;q=0', 'text/html']) t.notOk(takesStream(header), header)
})

t.test('a media type with weight 0 is not accepted', async (t) => {
  for (const header of [
    'application/json, text/event-stream;q=0', 'application/json, text/event-stream; q=0.000',
    'application/json, text/event-stream;Q=0.0 '
  ]) {
    t.same(readAccept(header), { json: true, stream: false }, header)
  }
  t.same(readAccept('application/json;q=0'), { json: false, stream: false })
  t.same(readAccept('*/*;q=0'), { json: false, stream: false })
})

t.test('a client that accepts neither JSON nor event streams gets 406', async (t) => {
  const { app } = await createApp(t)

  for (const accept of [
    'text/html', 'application/xml, image/png', 'application/json;q=0', 'application/jsonp', 'json'
  ]) {
    const response = await app.inject(modern('server/discover', {}, { headers: { accept } }))

    t.equal(response.statusCode, 406, accept)
    t.same(response.json(), NOT_ACCEPTABLE)
  }
})

t.test('with jsonResponse, a client that accepts only event streams gets 406', async (t) => {
  const { app } = await createApp(t, { jsonResponse: true })

  const response = await app.inject(modern('server/discover', {}, { headers: { accept: 'text/event-stream' } }))

  t.equal(response.statusCode, 406)
  t.same(response.json(), NOT_ACCEPTABLE)
})

t.test('a client that accepts only event streams gets its result on a stream', async (t) => {
  const { app } = await createApp(t)

  const response = await app.inject(modernCall('echo', { text: 'hi' }, { headers: { accept: 'text/event-stream' } }))

  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'text/event-stream')
  t.equal(
    response.body,
    ': open\n\nevent: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete",' +
      '"content":[{"type":"text","text":"hi"}],"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"Notes",' +
      '"version":"1.0.0"}}}}\n\n'
  )
})

t.test('an error keeps its HTTP status even for a client that accepts only event streams', async (t) => {
  const { app } = await createApp(t)

  const response = await app.inject(modern('nope', {}, { headers: { accept: 'text/event-stream' } }))

  t.equal(response.statusCode, 404)
  t.same(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found: nope' } })
})
