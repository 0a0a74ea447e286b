import t from 'tap'
import { timeouts } from '../../lib/middleware/index.ts'
import { Client, createNotes, failed, said, stopClock, untyped } from '../support/definition-client.ts'

t.test('a call that takes longer than the limit of its tool ends as with the timeout of a tool', async (t) => {
  const pass = stopClock(t)
  const signals: AbortSignal[] = []
  const server = createNotes().use(timeouts({ tools: { slow: 50, free: 0 }, default: 20 }))
  for (const name of ['slow', 'other', 'free']) {
    server.registerTool(name, {}, (_args, { signal }) => {
      signals.push(signal)
      return new Promise<string>((resolve) => { setTimeout(() => resolve('done'), 100) })
    })
  }
  const client = new Client()
  const answers = ['slow', 'other', 'free'].map((name) => client.callTool(server, name))
  for (let n = 0; n < 20; n++) await Promise.resolve()

  pass(20)
  t.strictSame(await answers[1], failed('Tool other timed out after 20 ms'))
  t.strictSame(signals.map(({ aborted }) => aborted), [false, true, false])
  pass(30)
  t.strictSame(await answers[0], failed('Tool slow timed out after 50 ms'))
  pass(50)
  t.strictSame(await answers[2], said('done'))
  t.match(client.logged, [
    { level: 'warn', tool: 'other', msg: 'tool other timed out after 20 ms' },
    { level: 'warn', tool: 'slow', msg: 'tool slow timed out after 50 ms' }
  ])
})

t.test('tools without a limit, quick calls and errors are as without it', async (t) => {
  const server = createNotes().use(timeouts({ tools: { quick: 1000 } }))
  server.registerTool('quick', {}, async () => 'done')
  server.registerTool('other', {}, async () => 'done')

  t.strictSame(await new Client().callTool(server, 'quick'), said('done'))
  t.strictSame(await new Client().callTool(server, 'other'), said('done'))
  t.match(await new Client().callTool(createNotes().use(timeouts({ default: 10 })), 'x'), { error: { code: -32601 } })
  const unknown = createNotes().use(timeouts({ default: 10 }))
  unknown.registerTool('quick', {}, () => '')
  t.match(await new Client().callTool(unknown, 'x'), { error: { code: -32602 } })
})

t.test('wrong options are refused', async (t) => {
  for (const [options, message] of [
    [{}, "option 'timeouts.tools' is missing: pass { tools: { create_report: 60_000 } } or { default: 10_000 }"],
    [{ tools: { a: -1 } }, "option 'timeouts.tools' must be an object that has whole milliseconds for each tool, " +
      'such as { create_report: 60_000 }'],
    [{ default: '1 minute' }, /milliseconds/]
  ] as const) t.throws(() => timeouts(untyped(options)), { code: 'MCP_ERR_INVALID_OPTION', message })
})
