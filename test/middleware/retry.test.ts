import t from 'tap'
import { RpcError, ToolError, Type } from '../../lib/index.ts'
import { retry, type RetryOptions } from '../../lib/middleware/index.ts'
import { Client, createNotes, failed, refused, said, stopClock, untyped } from '../support/definition-client.ts'

/** Makes a server whose tools throw the given errors, one in each run, before they succeed. */
function createFailing (options: RetryOptions, ...errors: unknown[]) {
  const server = createNotes().use(retry({ delay: 1, ...options }))
  let runs = 0
  const run = (): string => {
    const error = errors[runs++]
    if (error !== undefined) throw error
    return `run ${runs}`
  }
  server.registerTool('read', { annotations: { readOnlyHint: true } }, run)
  server.registerTool('put', { annotations: { idempotentHint: true } }, run)
  server.registerTool('post', {}, run)
  return server
}

const lost = new Error('connection lost')

t.test('a call that failed unexpectedly is repeated, if its tool does no harm when it runs twice', async (t) => {
  const client = new Client()
  t.strictSame(await client.callTool(createFailing({}, lost, lost), 'read'), said('run 3'))
  t.strictSame(await client.callTool(createFailing({}, lost), 'put'), said('run 2'))
  t.match(client.logged.filter(({ level }) => level === 'info'), [
    { tool: 'read', repetition: 1, msg: 'tool read is repeated' }, { repetition: 2 }, { tool: 'put' }
  ])
  t.match(await new Client().callTool(createFailing({}, lost), 'post'), { result: { isError: true } })
  t.match(await new Client().callTool(createFailing({ times: 1 }, lost, lost), 'read'), { result: { isError: true } })
})

t.test('only the named tools are repeated, if any are named', async (t) => {
  t.strictSame(await new Client().callTool(createFailing({ tools: ['post'] }, lost), 'post'), said('run 2'))
  t.match(await new Client().callTool(createFailing({ tools: ['post'] }, lost), 'read'), { result: { isError: true } })
})

t.test('what the tool says, and what cannot become better, is not repeated', async (t) => {
  const [told, thrown] = [createFailing({}, new ToolError('No such note')), createFailing({}, new RpcError(7, 'Gone'))]
  t.strictSame(await new Client().callTool(told, 'read'), failed('No such note'))
  t.strictSame(await new Client().callTool(thrown, 'read'), refused(7, 'Gone'))

  const slow = createNotes({ timeout: 10 }).use(retry({ delay: 1 }))
  let runs = 0
  const inputSchema = Type.Object({ id: Type.Optional(Type.Number()) })
  slow.registerTool('read', { annotations: { readOnlyHint: true }, inputSchema }, () => {
    runs++
    return new Promise<string>(() => {})
  })
  const pass = stopClock(t)
  const late = new Client().callTool(slow, 'read')
  for (let n = 0; n < 20; n++) await Promise.resolve()
  pass(10)
  t.strictSame(await late, failed('Tool read timed out after 10 ms'))
  t.match(await new Client().callTool(slow, 'read', { id: 'x' }), { result: { isError: true } })
  t.equal(runs, 1)
})

t.test('a call that has asked the user is not repeated', async (t) => {
  const server = createNotes().use(retry({ delay: 1 }))
  server.registerTool('ask', { annotations: { readOnlyHint: true } }, async (_args, ctx) => {
    await ctx.elicit('Sure?', Type.Object({ sure: Type.Boolean() }))
    throw lost
  })
  const client = new Client({
    era: 'legacy', capabilities: { elicitation: {} }, answer: () => ({ action: 'decline' })
  })

  t.match(await client.callTool(server, 'ask'), { result: { isError: true } })
  t.equal(client.asked.length, 1)
})

t.test('a call whose client has left is not repeated', async (t) => {
  const client = new Client()
  const server = createNotes().use(retry({ delay: 1000 }))
  let runs = 0
  server.registerTool('read', { annotations: { readOnlyHint: true } }, () => {
    runs++
    setImmediate(() => client.disconnect())
    throw lost
  })

  t.match(await client.callTool(server, 'read'), { result: { isError: true } })
  t.equal(runs, 1)
})

t.test('wrong options are refused', async (t) => {
  t.throws(() => retry(untyped({ times: 0 })), { message: "option 'retry.times' must be a whole number above 0" })
})
