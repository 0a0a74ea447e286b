import t from 'tap'
import { limitConcurrency, type ConcurrencyOptions } from '../../lib/middleware/index.ts'
import { UnavailableError } from '../../lib/errors.ts'
import { Client, createNotes, createScoped, failed, said, stopClock, untyped } from '../support/definition-client.ts'

function createSlow (options: ConcurrencyOptions) {
  const ends: Array<(text: string) => void> = []
  const server = createNotes({ timeout: 1000 }).use(limitConcurrency(options))
  server.registerTool('slow', {}, () => new Promise<string>((resolve) => { ends.push(resolve) }))
  server.registerTool('quick', {}, () => 'quick')
  return { server, ends }
}

const FULL = failed('Too many calls at once: 1 of them are running. Wait until one of them ends, then try again.')

async function settle (): Promise<void> {
  for (let n = 0; n < 30; n++) await Promise.resolve()
}

t.test('a call beyond the limit of its caller is told so, until one of them ends', async (t) => {
  const { server, ends } = createSlow({ max: 1 })
  const first = new Client().callTool(server, 'slow')
  await settle()

  t.strictSame(await new Client().callTool(server, 'quick'), FULL)
  t.strictSame(await createScoped([]).callTool(server, 'quick'), said('quick'), 'another caller')
  t.strictSame(await new Client({ channel: { isTrusted: true } }).callTool(server, 'quick'), said('quick'), 'the app')
  ends[0]?.('done')
  t.strictSame(await first, said('done'))
  t.strictSame(await new Client().callTool(server, 'quick'), said('quick'))
})

t.test('only the named tools count', async (t) => {
  const { server, ends } = createSlow({ max: 1, tools: ['slow'] })
  const first = new Client().callTool(server, 'slow')
  await settle()

  t.strictSame(await new Client().callTool(server, 'quick'), said('quick'))
  t.strictSame(await new Client().callTool(server, 'slow'), FULL)
  ends[0]?.('done')
  await first
})

t.test('calls wait in the queue in their order, and those beyond it are refused', async (t) => {
  const { server, ends } = createSlow({ max: 1, queue: 2, how: 'refuse' })
  const answers: string[] = []
  const calls = ['a', 'b', 'c'].map(async (name) => {
    await new Client().callTool(server, 'slow')
    answers.push(name)
  })
  await settle()
  const client = new Client()
  const message = { id: 1, method: 'tools/call', params: { name: 'quick' } }

  const { caller, channel } = client
  const refusal = await server.serve({ message, caller, channel }).catch((error) => error)
  t.ok(refusal instanceof UnavailableError)
  t.equal(refusal.status, 429)
  for (let n = 0; n < 3; n++) {
    t.equal(ends.length, n + 1, 'one of them runs')
    ends[n]?.('done')
    await calls[n]
    await settle()
  }
  t.strictSame(answers, ['a', 'b', 'c'])
})

t.test('a call leaves the queue when its client leaves, or the time of the server is over', async (t) => {
  const pass = stopClock(t)
  const { server, ends } = createSlow({ max: 1, queue: 1 })
  const first = new Client().callTool(server, 'slow')
  await settle()

  const leaving = new Client()
  const left = leaving.callTool(server, 'slow')
  await settle()
  leaving.disconnect()
  t.match(await left, { error: { code: -32603 } })
  const late = new Client().callTool(server, 'slow')
  await settle()
  t.strictSame(await new Client().callTool(server, 'quick'), FULL, 'the queue is full')
  ends[0]?.('done')
  await first
  await settle()
  t.equal(ends.length, 2, 'the one that still waits has its turn')
  const waiting = new Client().callTool(server, 'quick')
  pass(1000)
  t.match(await waiting, { error: { code: -32603, message: /timed out after 1000 ms/ } })
  t.match(await late, { result: { isError: true } })
  t.strictSame(await new Client().callTool(server, 'quick'), said('quick'), 'no place is lost')
})

t.test('a call whose client has left before does not wait', async (t) => {
  const { server } = createSlow({ max: 1, queue: 1 })
  new Client().callTool(server, 'slow').catch(() => {})
  await settle()
  const channel = { onDisconnect: (listener: (reason: Error) => void) => listener(new Error('left')) }

  t.match(await new Client({ channel }).callTool(server, 'quick'), { error: { code: -32603 } })
})

t.test('wrong options are refused', async (t) => {
  for (const [options, message] of [
    [{}, "option 'limitConcurrency.max' must be a whole number above 0"],
    [{ max: 1, queue: -1 }, "option 'limitConcurrency.queue' must be a whole number, 0 or more"]
  ] as const) t.throws(() => limitConcurrency(untyped<never>(options)), { code: 'MCP_ERR_INVALID_OPTION', message })
})
