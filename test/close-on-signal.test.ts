import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { closeOnSignal } from '../lib/index.ts'
import { createHost, createServer, modernCall } from './support/app.ts'
import { run } from './support/child.ts'
import { createGate, listen, send, until } from './support/stream.ts'

t.setTimeout(120_000)

// A signal that neither tap nor a terminal sends.
const SIGNAL = 'SIGUSR2'

function listenersOf (signal: NodeJS.Signals): number {
  return process.listenerCount(signal)
}

/** Sends this process a signal, and waits until its listeners have been called. */
async function signal (): Promise<void> {
  const received = once(process, SIGNAL)
  process.kill(process.pid, SIGNAL)
  await received
}

/** Makes `process.exit()` note the code instead. */
function catchExits (t: Test): readonly unknown[] {
  const codes: unknown[] = []
  t.intercept(process, 'exit', { value: (code: unknown) => { codes.push(code) } })
  return codes
}

/** Mounts a server whose call goes on until it is let. */
async function startWaiting (t: Test): Promise<{
  readonly app: FastifyInstance, readonly address: string, readonly started: Promise<void>, finish (): void
}> {
  const [started, finish] = [createGate(), createGate()]
  const { app } = createHost(t)
  const server = createServer()
  server.registerTool('wait', {}, async () => {
    started.open()
    await finish.promise
    return 'done'
  })
  app.register(mcpPlugin, { server })
  closeOnSignal(app, { signals: [SIGNAL] })
  const address = await listen(app)
  return { app, address, started: started.promise, finish: () => finish.open() }
}

t.test('a signal closes the app after the calls that are running, and the listeners are removed', async (t) => {
  const before = listenersOf(SIGNAL)
  const { app, address, started, finish } = await startWaiting(t)
  const answer = send(address, modernCall('wait'))
  await started
  const during = listenersOf(SIGNAL)

  await signal()
  await until(() => !app.server.listening)
  finish()

  t.match(await (await answer).json(), { result: { content: [{ text: 'done' }] } })
  await app.close()
  await until(() => listenersOf(SIGNAL) === before)
  t.equal(during, before + 1)
})

t.test('a second signal at once is the same one, and a later one ends the process', async (t) => {
  const before = listenersOf(SIGNAL)
  const codes = catchExits(t)
  const { app, address, started, finish } = await startWaiting(t)
  const answer = send(address, modernCall('wait'))
  await started
  const { now } = performance

  await signal()
  await signal()
  t.same(codes, [])
  t.intercept(performance, 'now', { value: () => now.call(performance) + 500 })
  await signal()

  t.same(codes, [128 + 12])
  finish()
  t.equal((await answer).status, 200)
  await app.close()
  await until(() => listenersOf(SIGNAL) === before)
})

t.test('a second call does nothing, and the options are checked', async (t) => {
  const before = listenersOf(SIGNAL)
  const { app } = createHost(t)

  closeOnSignal(app, { signals: [SIGNAL] })
  closeOnSignal(app, { signals: [SIGNAL] })

  t.equal(listenersOf(SIGNAL), before + 1)
  t.throws(() => closeOnSignal(app, { signals: ['SIGTREM' as NodeJS.Signals] }), {
    code: 'MCP_ERR_INVALID_OPTION',
    message: "option 'signals' must be an array of signals, such as ['SIGTERM', 'SIGINT']"
  })
  t.throws(() => closeOnSignal(app, { drain: -1 }), { code: 'MCP_ERR_INVALID_OPTION' })
  t.throws(() => closeOnSignal(app, { delay: 1 } as object), {
    message: "option 'delay' does not exist; the options are signals, drain"
  })
  await app.close()
  await until(() => listenersOf(SIGNAL) === before)
})

t.test('the listeners of an app that is closed by other means are removed', async (t) => {
  const before = listenersOf(SIGNAL)
  const { app } = createHost(t)
  closeOnSignal(app, { signals: [SIGNAL] })
  await listen(app)

  await app.close()

  await until(() => listenersOf(SIGNAL) === before)
})

t.test('an app without a mount is closed, and one that fails to close is logged and sets the exit code', async (t) => {
  const { exitCode } = process
  t.teardown(() => { process.exitCode = exitCode })
  const logLines: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => { logLines.push(line) } } } })
  app.addHook('onClose', async () => { throw new Error('the database is gone') })
  closeOnSignal(app, { signals: [SIGNAL] })
  await app.listen({ port: 0, host: '127.0.0.1' })

  await signal()
  await until(() => logLines.length > 0)

  t.equal(process.exitCode, 1)
  t.match(JSON.parse(logLines[0] ?? ''), { msg: 'the app failed to close', err: { message: 'the database is gone' } })
})

const PROGRAM = `
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer } from 'fastify-mcp-mount'
const app = Fastify()
app.register(mcpPlugin, { server: new McpServer({ name: 'Notes', version: '1.0.0' }) })
app.addHook('onClose', async () => { console.log('closed') })
closeOnSignal(app)
await app.listen({ port: 0, host: '127.0.0.1' })
console.log('listens')
`

t.test('by default SIGTERM and SIGINT end a process on their own, with exit code 0', async (t) => {
  const file = join(t.testdir(), 'program.ts')
  writeFileSync(file, PROGRAM)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { lines, stop } = await run(t, file, { until: { line: /listens/, times: 1 } })

    t.same(await stop(signal), { code: 0, signal: null }, signal)
    t.same(lines, ['listens', 'closed'])
  }
})
