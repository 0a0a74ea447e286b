import t from 'tap'
import { RpcError, ToolError } from '../../lib/errors.ts'
import { runThrough, type Middleware } from '../../lib/server/middleware.ts'
import { PreparedResult } from '../../lib/server/call/result.ts'
import { Client, createNotes, complete, mustNotRun, refused, untyped } from '../support/definition-client.ts'

function trace (steps: string[], name: string): Middleware<unknown> {
  return async (ctx, next) => {
    steps.push(`${name} before ${ctx.method}`)
    const result = await next()
    steps.push(`${name} after`)
    return result
  }
}

t.test('the first middleware is the outermost', async (t) => {
  const steps: string[] = []
  const middlewares = [trace(steps, 'a'), trace(steps, 'b')]

  const result = await runThrough(middlewares, new Client().createCall({}, { method: 'ping' }), () => {
    steps.push('method')
    return { done: true }
  })

  t.strictSame(result, { done: true })
  t.strictSame(steps, ['a before ping', 'b before ping', 'method', 'b after', 'a after'])
})

t.test('a middleware gets a cached list page as a plain object', async (t) => {
  const seen: object[] = []
  const watch: Middleware = async (_ctx, next) => {
    const result = await next()
    seen.push(result)
    return result
  }

  await runThrough([watch], new Client().createCall(), () => new PreparedResult({ tools: [] }))

  t.strictSame(seen, [{ tools: [] }])
})

t.test('a middleware that returns no result fails with an error that says so', async (t) => {
  for (const returned of [undefined, null, 'a', 1]) {
    await t.rejects(runThrough([async () => untyped<object>(returned)], new Client().createCall(), () => ({})), {
      name: 'TypeError', message: 'a middleware must return a result: what next() resolved to, or another object'
    })
  }
})

for (const era of ['modern', 'legacy'] as const) {
  const whole = (result: object) => era === 'modern' ? complete(result) : { result }

  t.test(`in the ${era} era a middleware may return a result without calling the method`, async (t) => {
    const server = createNotes().use(() => ({ content: [] }))
    server.registerTool('add', {}, mustNotRun)

    t.strictSame(await new Client({ era }).callTool(server, 'add'), whole({ content: [] }))
  })

  t.test(`in the ${era} era a middleware may change a result`, async (t) => {
    const server = createNotes().use(async (_ctx, next) => ({ ...await next(), _meta: { traced: true } }))
    server.registerTool('add', {}, () => 'a')
    const client = new Client({ era })

    t.match(await client.callTool(server, 'add'), {
      result: { content: [{ type: 'text', text: 'a' }], _meta: { traced: true } }
    })
    t.match(await client.ask(server, 'tools/list'), { result: { tools: [{ name: 'add' }], _meta: { traced: true } } })
  })

  t.test(`in the ${era} era an RpcError of a middleware is sent to the client, and any other error is an internal error`, async (t) => {
    const client = new Client({ era })
    const refusing = createNotes().use(() => { throw new RpcError(429, 'Slow down', { seconds: 5 }) })
    const failing = createNotes().use(() => { throw new Error('secret') })
    const server = [refusing, failing]
    for (const definition of server) definition.registerTool('add', {}, () => 'a')

    t.strictSame(await client.callTool(refusing, 'add'), refused(429, 'Slow down', { seconds: 5 }))
    t.strictSame(client.logged, [])
    const answer = await client.callTool(failing, 'add')
    t.strictSame(answer, refused(-32603, `Error answering tools/call (error id ${client.logged[0]?.errorId})`))
  })
}

t.test('a middleware that changes a list in place fails, and the list stays unchanged', async (t) => {
  const server = createNotes()
  server.registerTool('add', {}, () => 'a')
  const plain = await new Client().ask(server, 'tools/list')
  server.use(async (ctx, next) => {
    const result = await next()
    if (ctx.client.info?.name === 'Bob') Reflect.get(result, 'tools').pop()
    return result
  })

  t.match(await new Client({ era: 'legacy' }).ask(server, 'tools/list'), { error: { code: -32603 } })
  t.strictSame(await new Client().ask(server, 'tools/list'), plain)
})

t.test('a middleware can catch the error of a method', async (t) => {
  const seen: unknown[] = []
  const server = createNotes().use(async (_ctx, next) => {
    try {
      return await next()
    } catch (error) {
      seen.push(error)
      throw error
    }
  })
  server.registerTool('add', {}, () => 'a')

  t.strictSame(await new Client().callTool(server, 'sub'), refused(-32602, 'Unknown tool: sub'))
  t.match(seen, [{ code: -32602 }])
})

t.test('next() can be called only once, and need not be awaited', async (t) => {
  const rejected: unknown[] = []
  const listen = (error: unknown): void => { rejected.push(error) }
  process.on('unhandledRejection', listen)
  t.teardown(() => process.off('unhandledRejection', listen))
  let runs = 0
  const serve = (): object => ({ run: ++runs })

  await t.rejects(
    runThrough([async (_ctx, next) => { await next(); return await next() }], new Client().createCall(), serve),
    { name: 'TypeError', message: /called next\(\) twice/ }
  )
  t.strictSame(
    await runThrough(
      [async (_ctx, next) => { const result = await next(); next(); return result }], new Client().createCall(), serve
    ),
    { run: 2 }
  )
  await new Promise((resolve) => { setImmediate(resolve) })

  t.equal(runs, 2)
  t.strictSame(rejected, [])
})

t.test('a ToolError of a middleware becomes an error result in both eras', async (t) => {
  for (const era of ['modern', 'legacy'] as const) {
    const notes = createNotes()
    notes.registerTool('any', {}, mustNotRun)
    notes.use(() => { throw new ToolError('The budget of today is spent') })

    t.match(
      JSON.stringify(await new Client({ era }).callTool(notes, 'any')),
      /"text":"The budget of today is spent".*"isError":true/
    )
  }
})
