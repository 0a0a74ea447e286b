import { once } from 'node:events'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { LastingStream } from '../../../lib/http/reply/lasting-stream.ts'
import { OpenExchanges } from '../../../lib/http/reply/open-exchanges.ts'
import { createHost } from '../../support/app.ts'
import { createGate, listen } from '../../support/stream.ts'

async function createStreaming (t: Test, maxBuffered: number, onCut?: (stream: LastingStream) => void) {
  const open = new OpenExchanges(0)
  const stream: LastingStream = new LastingStream(open, maxBuffered, onCut && { onCut: () => onCut(stream) })
  const { app, logLines } = createHost(t)
  app.get('/', (_request, reply) => stream.start(reply))
  return { app, logLines, open, stream, address: await listen(app) }
}

t.test('a stream is open from its start until its client leaves', async (t) => {
  const { open, stream, address } = await createStreaming(t, 1000)

  const before = open.size
  const sent = get(address, { agent: false })
  const [response] = await once(sent, 'response')
  const during = open.size
  sent.destroy()
  await once(stream, 'close')

  t.same([before, during, open.size], [0, 1, 0])
  t.equal(response.headers['content-type'], 'text/event-stream')
})

t.test('each beat sends a comment, and onCut can send a last message', async (t) => {
  const { open, stream, address } = await createStreaming(t, 1000, (stream) => stream.send('"goodbye"'))

  const response = await fetch(address)
  open.beat()
  await open.drain(0)

  t.equal(await response.text(), ': open\n\n: keep-alive\n\nevent: message\ndata: "goodbye"\n\n')
  t.ok(stream.destroyed)
})

t.test('a stream without onCut ends without a last message', async (t) => {
  const { open, address } = await createStreaming(t, 1000)

  const response = await fetch(address)
  await open.drain(0)

  t.equal(await response.text(), ': open\n\n')
})

t.test('a client that leaves too much unread is cut, which is logged', async (t) => {
  const { stream, logLines, address } = await createStreaming(t, 1000)
  const response = await fetch(address)
  const closed = new Promise((resolve) => stream.once('close', resolve))

  for (let i = 0; i < 20; i++) stream.send(JSON.stringify('x'.repeat(1_000_000)))
  await closed

  await t.rejects(response.text())
  t.match(
    logLines.filter(({ level }) => level === 40),
    [{ msg: 'stream cut: its client left more than 1000 bytes unread' }]
  )
})

t.test('a stream that is cut before its start sends nothing', async (t) => {
  const open = new OpenExchanges(0)
  const stream = new LastingStream(open, 10)

  for (let i = 0; i < 3; i++) stream.send('"too much"')
  await new Promise((resolve) => stream.once('close', resolve))

  t.equal(open.size, 0)
})

t.test('a stream that an onSend hook replaces is closed', async (t) => {
  const closed = createGate()
  const { app } = createHost(t)
  app.addHook('onSend', async (_request, reply) => { reply.type('text/plain'); return 'something else' })
  app.get('/', (_request, reply) => {
    const stream = new LastingStream(new OpenExchanges(0), 1000)
    stream.once('close', () => closed.open())
    stream.start(reply)
  })

  const response = await app.inject('/')

  t.equal(response.body, 'something else')
  await t.resolves(closed.promise)
})

t.test('a replay of any length is not cut, and ends with the stream', async (t) => {
  const stream = new LastingStream(new OpenExchanges(0), 10)

  for (const id of ['s.1.1', 's.1.2']) stream.replay('"longer than the limit"', id)
  stream.end()
  stream.replay('"too late"', 's.1.3')

  t.equal(
    await text(stream),
    ': open\n\nevent: message\nid: s.1.1\ndata: "longer than the limit"\n\n' +
      'event: message\nid: s.1.2\ndata: "longer than the limit"\n\n'
  )
})
