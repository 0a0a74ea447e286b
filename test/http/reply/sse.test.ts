import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { frameComment, frameMessage, SSE_HEADERS, SseStream } from '../../../lib/http/reply/sse.ts'

t.test('a message is one event, a comment is none', async (t) => {
  t.equal(frameMessage('{"a":"b\\nc"}'), 'event: message\ndata: {"a":"b\\nc"}\n\n')
  t.equal(frameComment('open'), ': open\n\n')
})

t.test('characters that some clients take for line breaks are escaped', async (t) => {
  const json = JSON.stringify('a\u0085b\u2028c\u2029d')

  t.equal(frameMessage(json, '7'), 'event: message\nid: 7\ndata: "a\\u0085b\\u2028c\\u2029d"\n\n')
  t.equal(JSON.parse(frameMessage(json).slice('event: message\ndata: '.length)), 'a\u0085b\u2028c\u2029d')
})

t.test('a message of any length is one event, and no character of it is lost', async (t) => {
  const length = 2 ** 24
  for (const json of [`"${'x'.repeat(length)}"`, `"${'x'.repeat(length - 2)}\u{1F600}${'y'.repeat(length)}\u2028"`]) {
    const stream = new SseStream(1000)
    const read = text(stream)

    stream.send(json, '1')
    stream.end()

    t.ok(await read === `: open\n\n${frameMessage(json, '1')}`)
  }
})

t.test('the headers keep proxies from holding events back', async (t) => {
  t.same(SSE_HEADERS, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no'
  })
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

t.test('messages that are sent without waiting for I/O go out as one chunk', async (t) => {
  const stream = new SseStream(1000)
  const chunks: string[] = []
  stream.on('data', (chunk) => chunks.push(String(chunk)))

  stream.send('1')
  for (let hop = 0; hop < 100; hop++) await null
  stream.send('2')
  await once(stream, 'data')
  stream.send('3')
  stream.end()
  await once(stream, 'close')

  t.same(chunks, [': open\n\nevent: message\ndata: 1\n\nevent: message\ndata: 2\n\n', 'event: message\ndata: 3\n\n'])
})

for (const hops of [0, 1, 2]) {
  t.test(`a client that reads is not cut for a long message with others behind it, begun ${hops} ticks after it`, async (t) => {
    const stream = new SseStream(1000)
    const long = JSON.stringify('x'.repeat(stream.readableHighWaterMark))
    const read = text(stream)
    for (let hop = 0; hop < hops; hop++) await new Promise<void>((resolve) => process.nextTick(resolve))

    stream.send(long)
    await new Promise<void>((resolve) => process.nextTick(resolve))
    stream.send('2')
    stream.send('3')
    stream.end()

    t.equal(await read, `: open\n\n${frameMessage(long)}${frameMessage('2')}${frameMessage('3')}`)
  })
}

t.test('drained() resolves when the client has read enough or has left', async (t) => {
  const stream = new SseStream(1_000_000)
  const long = JSON.stringify('x'.repeat(stream.readableHighWaterMark))

  stream.send('1')
  await stream.drained()
  stream.send(long)
  const read = stream.drained()
  stream.resume()
  await read
  stream.pause()
  stream.send(long)
  const left = stream.drained()
  stream.destroy()
  await left

  t.same(await stream.drained(), undefined)
})

t.test('a stream that is destroyed before its first chunk sends nothing and calls onClose once', async (t) => {
  let closed = 0
  const stream = new SseStream(1000, { onClose: () => closed++ })
  const chunks: unknown[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  await new Promise((resolve) => process.nextTick(resolve))

  stream.destroy()
  stream.destroy()
  stream.end()
  await new Promise((resolve) => setImmediate(resolve))

  t.same(chunks, [])
  t.equal(closed, 1)
})

t.test('priming events and messages are sent in order', async (t) => {
  const stream = new SseStream(1000)

  stream.prime('a.0', undefined)
  stream.prime('a.0', 500)
  stream.replay('1', 'a.1')
  stream.send('2', 'a.2')
  stream.end()
  stream.replay('3', 'a.3')

  t.equal(
    await text(stream),
    ': open\n\nid: a.0\ndata: \n\nid: a.0\nretry: 500\ndata: \n\nevent: message\nid: a.1\ndata: 1\n\n' +
      'event: message\nid: a.2\ndata: 2\n\n'
  )
})
