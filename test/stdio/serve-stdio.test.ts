import { PassThrough, Writable } from 'node:stream'
import t from 'tap'
import { McpServer, type RequestContext } from '../../lib/index.ts'
import { serveStdio } from '../../lib/stdio.ts'
import { createHost, createServer } from '../support/app.ts'
import { createGate, until, type Gate } from '../support/stream.ts'
import { failure, INITIALIZED, legacy, legacyCall, modernCall, openPipe, openSession, result, text } from './pipe.ts'

interface Living {
  readonly server: McpServer<string>
  readonly started: Gate
  readonly go: Gate
  readonly events: string[]
}

/** A server with a lifespan, and a tool that waits. */
function createLiving (): Living {
  const [started, go] = [createGate(), createGate()]
  const events: string[] = []
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, {
    lifespan: async (app) => {
      events.push(`entered ${app.hasDecorator('mcp')}`)
      return { value: 'alive', close: () => { events.push('left') } }
    }
  })
  server.registerTool('wait', {}, async (_args: unknown, { lifespan, signal }: RequestContext<string>) => {
    signal.addEventListener('abort', () => { events.push(`aborted: ${signal.reason.message}`) })
    started.open()
    await go.promise
    return lifespan
  })
  return { server, started, go, events }
}

t.test('the lifespan is entered before the first message, and left at the end of the input', async (t) => {
  const { server, go, events } = createLiving()
  const piped = await openPipe(t, server)

  t.same(events, ['entered false'])
  go.open()
  await openSession(piped)
  piped.write(legacyCall(1, 'wait'))
  t.same(await piped.next(), text(1, 'alive'))
  piped.input.end()
  await piped.connection.closed

  t.same(events, ['entered false', 'left'])
})

t.test('a lifespan that throws is the error of serveStdio, and no message is read', async (t) => {
  const { app } = createHost(t)
  const input = new PassThrough()
  const output = new PassThrough()
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    {
      lifespan: () => { throw new Error('the database is away') }
    }
  )

  input.write(`${JSON.stringify(legacy(1, 'ping'))}\n`)
  await t.rejects(serveStdio(server, { app, input, output }), { message: 'the database is away' })
  await t.rejects(serveStdio(server, { input, output }), { message: 'the database is away' })

  t.equal(output.read(), null)
  t.ok(input.readableLength > 0)
})

t.test('a lifespan that throws when it is left is logged, and the error of closed', async (t) => {
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    {
      lifespan: () => ({
        value: undefined,
        close: () => { throw new Error('stuck') }
      })
    }
  )
  const { connection, input, logLines } = await openPipe(t, server)

  input.end()

  await t.rejects(connection.closed, { message: 'stuck' })
  await t.rejects(connection.close(), { message: 'stuck' })
  t.match(logLines, [{ level: 50, msg: 'a lifespan failed to close', err: { message: 'stuck' } }])
})

t.test('without an app a bare one is made, which logs to stderr and is closed at the end', async (t) => {
  const { write } = process.stderr
  const written: string[] = []
  process.stderr.write = (chunk: unknown) => { written.push(String(chunk)); return true }
  t.teardown(() => { process.stderr.write = write })
  const events: string[] = []
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, {
    lifespan: (app) => {
      app.server.on('close', () => events.push('server closed'))
      app.log.info('hello')
      return { value: app, close: () => { events.push('left') } }
    }
  })
  const input = new PassThrough()

  const { closed } = await serveStdio(server, { input, output: new PassThrough() })
  input.end()
  await closed
  process.stderr.write = write

  t.match(written.map((line) => JSON.parse(line)), [{ level: 30, msg: 'hello' }])
  t.equal(events[0], 'left')
})

t.test('calls that run when the input ends may finish', async (t) => {
  const { server, started, go, events } = createLiving()
  const { input, write, next, connection } = await openPipe(t, server, { closeGracePeriod: 60_000 })

  write(modernCall(1, 'wait'))
  await started.promise
  input.end()
  await new Promise((resolve) => input.once('end', resolve))
  go.open()

  t.match(await next(), { id: 1, result: { content: [{ text: 'alive' }] } })
  await connection.closed
  t.same(events, ['entered false', 'left'])
})

t.test('calls that outlive the grace period are cut, and the client gets an error', async (t) => {
  const { server, started, events } = createLiving()
  const { input, write, next, connection } = await openPipe(t, server, { closeGracePeriod: 1 })

  write(modernCall(1, 'wait'))
  await started.promise
  input.end()

  t.same(await next(), failure(1, -32603, 'The server is shutting down; send the request again'))
  await connection.closed
  t.same(events, ['entered false', 'aborted: The server is shutting down', 'left'])
})

t.test('an open question is cancelled when the input ends', async (t) => {
  const server = createServer()
  server.registerTool('greet', {}, async (_args: unknown, ctx: RequestContext) => JSON.stringify(await ctx.listRoots()))
  const piped = await openPipe(t, server, { closeGracePeriod: 60_000 })
  await openSession(piped, undefined, { roots: {} })

  piped.write(legacyCall(1, 'greet'))
  await piped.next()
  piped.input.end()

  t.match(await piped.next(), { id: 1, error: { message: 'The session has ended' } })
  await piped.connection.closed
})

t.test('the last line needs no newline', async (t) => {
  const { input, next, connection } = await openPipe(t)

  input.end(JSON.stringify(legacy(1, 'ping')))

  t.same(await next(), result(1, {}))
  await connection.closed
})

t.test('an input that has already ended ends the connection at once', async (t) => {
  const input = new PassThrough()
  input.end()
  input.resume()
  await new Promise((resolve) => input.once('end', resolve))

  const { connection } = await openPipe(t, createServer(), { input })

  await connection.closed
})

t.test('an input that fails ends the connection and is logged', async (t) => {
  const { connection, input, logLines } = await openPipe(t)

  input.destroy(new Error('read EIO'))

  await connection.closed
  t.match(logLines, [{ level: 50, msg: 'the input failed', err: { message: 'read EIO' } }])
})

t.test('after close() nothing more is read', async (t) => {
  const { connection, input, output, write } = await openPipe(t)

  await connection.close()
  write(legacy(1, 'ping'))

  t.ok(input.readableLength > 0)
  t.equal(output.readableLength, 0)
})

t.test('a client that stops reading ends the connection and its calls at once', async (t) => {
  const { server, started, events } = createLiving()
  const { connection, output, write, logLines } = await openPipe(t, server, { closeGracePeriod: 60_000 })

  write(modernCall(1, 'wait'))
  await started.promise
  output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  await connection.closed

  t.same(events, ['entered false', 'aborted: write EPIPE', 'left'])
  t.match(logLines, [{ level: 40, msg: 'the client no longer reads', err: { code: 'EPIPE' } }])
})

t.test('errors of the output after the end are ignored', async (t) => {
  const { connection, output, logLines } = await openPipe(t)

  await connection.close()
  output.destroy(new Error('write EPIPE'))
  await new Promise((resolve) => output.once('close', resolve))

  t.same(logLines, [])
})

t.test('a client that leaves while the connection ends does not delay it', async (t) => {
  const { server, started, events } = createLiving()
  const { connection, output, write } = await openPipe(t, server, { closeGracePeriod: 60_000 })

  write(modernCall(1, 'wait'))
  await started.promise
  connection.close()
  output.destroy()
  await connection.closed

  t.same(events, ['entered false', 'aborted: The output was closed', 'left'])
})

t.test('other output goes to stderr while stdout carries messages, and to stdout afterwards', async (t) => {
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'write')
  const { write } = process.stderr
  const written: unknown[] = []
  process.stderr.write = (chunk: unknown) => { written.push(chunk); return true }
  t.teardown(() => { process.stderr.write = write })

  const { connection } = await openPipe(t, createServer(), { output: process.stdout })
  console.log('printed')
  await connection.close()

  t.same(written, ['printed\n'])
  t.same(Object.getOwnPropertyDescriptor(process.stdout, 'write'), before)
})

/** An output that takes one chunk at a time, when a test lets it. */
class SlowOutput extends Writable {
  readonly chunks: string[] = []
  #next: (() => void) | undefined

  override _write (chunk: Buffer, _encoding: string, callback: () => void): void {
    this.chunks.push(String(chunk))
    this.#next = callback
  }

  /** Takes what there is, until nothing comes any more. */
  readAll (): void {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined
      next()
    }
  }
}

t.test('input pauses while the client does not read the output', async (t) => {
  const output = new SlowOutput({ highWaterMark: 50 })
  const { input, write } = await openPipe(t, createServer(), { output })

  write(legacy(1, 'ping'), legacy(2, 'ping'))
  await until(() => input.isPaused())
  write(legacy(3, 'ping'))
  const unread = input.readableLength
  output.readAll()
  await until(() => { output.readAll(); return output.chunks.length === 3 })

  t.ok(unread > 0)
  t.notOk(input.isPaused())
  t.same(output.chunks.map((line) => JSON.parse(line).id), [1, 2, 3])
})

t.test('a handler that reports progress waits for a client that does not read', async (t) => {
  const output = new SlowOutput({ highWaterMark: 50 })
  const server = createServer()
  let reported = 0
  server.registerTool('work', {}, async (_args: unknown, ctx: RequestContext) => {
    for (; reported < 10; reported++) await ctx.reportProgress(reported)
    return 'done'
  })
  const { write } = await openPipe(t, server, { output })

  write(modernCall(1, 'work', {}, { progressToken: 'a' }))
  await until(() => output.writableNeedDrain)
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
  const before = reported
  await until(() => { output.readAll(); return output.chunks.length === 11 })

  t.equal(before, 0)
})

t.test('a client that leaves too much unread is disconnected', async (t) => {
  const output = new SlowOutput({ highWaterMark: 10 })
  const server = createServer()
  const { connection, write, logLines } = await openPipe(t, server, { output, maxBuffered: 200 })
  write(
    legacy('init', 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'a', version: '1' }
    }),
    INITIALIZED
  )
  await until(() => output.chunks.length === 1)

  for (let change = 0; change < 10; change++) {
    connection.notify.toolsChanged()
    await new Promise(setImmediate)
  }
  await connection.closed

  t.match(logLines, [{ level: 40, err: { message: 'The client left more than 200 bytes unread' } }])
})

t.test('closing does not wait forever for a client that does not read', async (t) => {
  const output = new SlowOutput()
  const { connection, write } = await openPipe(t, createServer(), { output })
  write(legacy(1, 'ping'))
  await until(() => output.chunks.length === 1)

  await connection.close()

  t.equal(output.chunks.length, 1)
})

t.test('slow patterns log a warning, those of later tools as well', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  const inputSchema = { type: 'object', properties: { name: { type: 'string', pattern: '^(a+)+$' } } }
  server.registerTool('early', { inputSchema }, () => 'ok')

  const { connection, logLines } = await openPipe(t, server)
  server.registerTool('late', { inputSchema }, () => 'ok')
  await connection.close()
  server.registerTool('too_late', { inputSchema }, () => 'ok')

  t.match(logLines, [
    { level: 40, msg: /^the inputSchema of tool 'early' has the pattern "\^\(a\+\)\+\$" at / },
    { level: 40, msg: /^the inputSchema of tool 'late'/ }
  ])
  t.equal(logLines.length, 2)
})
