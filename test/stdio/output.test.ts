import { PassThrough } from 'node:stream'
import t from 'tap'
import { McpServer } from '../../lib/index.ts'
import { Output } from '../../lib/stdio/output.ts'
import { modernCall, openPipe } from './pipe.ts'

t.test('a very long message is one line, too', async (t) => {
  const long = 'x'.repeat(2 ** 24)
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('long', {}, () => long)
  server.registerTool('short', {}, () => 'short')
  const { write, next } = await openPipe(t, server, { maxBuffered: 2 ** 26 })

  write(modernCall(1, 'long'))
  const reply = (await next()) as {
    readonly id: number
    readonly result: { readonly content: ReadonlyArray<{ readonly text: string }> }
  }
  write(modernCall(2, 'short'))

  t.equal(reply.id, 1)
  t.ok(reply.result.content[0]?.text === long)
  t.match(await next(), { id: 2, result: { content: [{ text: 'short' }] } })
})

t.test('nothing is written after stop(), and waiting senders go on', async (t) => {
  const stream = new PassThrough()
  const output = new Output({ stream, maxBuffered: 100 })

  output.send('{"id":1}')
  output.stop()
  output.send('{"id":2}')
  await Promise.all([output.drained(), output.flushed(60_000)])

  t.equal(String(stream.read()), '{"id":1}\n')
})
