import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { frameComment, frameMessage, SSE_HEADERS, SseStream } from '../../lib/http/sse.ts'

t.test('a message is one event, a comment is none', async (t) => {
  t.equal(frameMessage('{"a":"b\\nc"}'), 'event: message\ndata: {"a":"b\\nc"}\n\n')
  t.equal(frameComment('open'), ': open\n\n')
})

t.test('the headers keep proxies from holding events back', async (t) => {
  t.same(SSE_HEADERS, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
})

t.test('a stream opens with a comment and ends once all is read', async (t) => {
  const stream = new SseStream(1000)

  stream.send('1')
  stream.keepAlive()
  stream.send('2')
  stream.end()

  t.equal(await text(stream), ': open\n\nevent: message\ndata: 1\n\n: keep-alive\n\nevent: message\ndata: 2\n\n')
})

t.test('a message longer than the limit reaches a client that reads', async (t) => {
  const stream = new SseStream(100)
  const long = JSON.stringify('x'.repeat(1000))

  stream.send(long)
  stream.end()

  t.equal(await text(stream), `: open\n\nevent: message\ndata: ${long}\n\n`)
})

t.test('a stream is cut when more than the limit waits, and takes nothing more', async (t) => {
  const stream = new SseStream(100)
  const closed = once(stream, 'error')

  stream.send(JSON.stringify('x'.repeat(100)))
  stream.keepAlive()
  stream.keepAlive()

  const [error] = await closed
  t.match(error, new Error('stream cut: its client left more than 100 bytes unread'))
  t.ok(stream.destroyed)
})
