// The timeout of the server ends a call, whichever function of its author hangs.
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { completable, McpServer, ResourceTemplate, Type } from '../../lib/index.ts'
import type { Middleware } from '../../lib/server/middleware.ts'
import { createApp, modernCall } from '../support/app.ts'
import { partsOf } from '../support/parts.ts'
import { Client, createNotes, refused, stopClock } from '../support/definition-client.ts'

const hang = (): Promise<never> => new Promise(() => {})

const hangingSchema = z.object({ id: z.string().refine(hang) })

/** Stops the clock, and returns a function that advances it until a promise has settled. */
function startClock (t: Test): <T>(pending: Promise<T>) => Promise<T> {
  const pass = stopClock(t)
  return async (pending) => {
    const state = { isOver: false }
    pending.finally(() => { state.isOver = true })
    for (await nextTurn(); !state.isOver; await nextTurn()) pass(20)
    return await pending
  }
}

function createHanging () {
  const server = createNotes({ timeout: 20 })
  server.registerTool('handler', {}, hang)
  server.registerTool('arguments', { inputSchema: hangingSchema }, () => 'never')
  server.registerTool('result', { outputSchema: hangingSchema }, () => ({ id: 'a' }))
  server.registerTool('hidden', { visible: hang }, () => 'never')
  server.registerPrompt('prompt', {}, hang)
  server.registerPrompt('arguments', { argsSchema: hangingSchema }, () => 'never')
  server.registerPrompt(
    'completed', { argsSchema: Type.Object({ id: completable(Type.String(), hang) }) }, () => 'never'
  )
  server.registerResource('resource', 'notes://1', {}, hang)
  server.registerResource('template', new ResourceTemplate('notes://all/{id}', { list: hang }), {}, hang)
  return server
}

for (const era of ['modern', 'legacy'] as const) {
  t.test(`in the ${era} era a call ends with a timeout error, whichever function of the author hangs`, async (t) => {
    const inTime = startClock(t)
    const server = createHanging()
    const ask = (method: string, params: { readonly [name: string]: unknown }): Promise<unknown> => inTime(
      new Client({ era }).ask(server, method, params)
    )

    t.match(await ask('tools/call', { name: 'handler' }), {
      result: { isError: true, content: [{ text: 'Tool handler timed out after 20 ms' }] }
    })
    t.match(await ask('tools/call', { name: 'arguments', arguments: { id: 'a' } }), {
      result: { isError: true, content: [{ text: 'Tool arguments timed out after 20 ms' }] }
    })
    t.match(await ask('tools/call', { name: 'result' }), {
      result: { isError: true, content: [{ text: 'Tool result timed out after 20 ms' }] }
    })
    t.match(await ask('tools/call', { name: 'hidden' }), { error: { code: -32602, message: 'Unknown tool: hidden' } })
    t.match(await ask('prompts/get', { name: 'prompt' }), {
      error: { code: -32603, message: 'Error rendering prompt prompt: timed out after 20 ms' }
    })
    t.match(await ask('prompts/get', { name: 'arguments', arguments: { id: 'a' } }), {
      error: { code: -32603, message: 'Error rendering prompt arguments: timed out after 20 ms' }
    })
    t.match(
      await ask('completion/complete', {
        ref: { type: 'ref/prompt', name: 'completed' }, argument: { name: 'id', value: '' }
      }),
      { error: { code: -32603, message: "Error completing 'id': timed out after 20 ms" } }
    )
    t.match(await ask('resources/list', {}), { error: { code: -32603, message: /timed out after 20 ms/ } })
    for (const uri of ['notes://1', 'notes://all/1']) {
      t.match(await ask('resources/read', { uri }), { error: { code: -32603, message: `Error reading resource ${uri}: timed out after 20 ms` } })
    }
  })

  t.test(`in the ${era} era a middleware that hangs before or after the method ends with a timeout error, and its signal is aborted`, async (t) => {
    const inTime = startClock(t)
    const before: Middleware = hang
    const after: Middleware = async (_ctx, next) => { await next(); return hang() }
    for (const middleware of [before, after]) {
      const client = new Client({ era })
      const signals: AbortSignal[] = []
      const server = createNotes({ timeout: 20 })
        .use(async (ctx, next) => { signals.push(ctx.signal); return await next() })
        .use(middleware)
      server.registerTool('add', {}, () => 'a')

      t.strictSame(
        await inTime(client.callTool(server, 'add')),
        refused(-32603, 'Error answering tools/call: timed out after 20 ms')
      )
      t.equal(signals[0]?.aborted, true)
      t.match(client.logged, [{ what: 'answering tools/call' }])
    }
  })
}

t.test('the time of a method counts against its own timeout, and not against the timeout of middlewares', async (t) => {
  const inTime = startClock(t)
  const server = createNotes({ timeout: 20 }).use(async (_ctx, next) => ({ ...await next(), _meta: { seen: true } }))
  let finish = (_text: string): void => {}
  server.registerTool('slow', { timeout: 0 }, () => new Promise<string>((resolve) => { finish = resolve }))
  server.registerTool('short', {}, hang)
  const client = new Client({ era: 'legacy' })

  const slow = client.callTool(server, 'slow')
  // Meanwhile the timeout of the server passes.
  t.match(await inTime(client.callTool(server, 'short')), {
    result: { isError: true, content: [{ text: 'Tool short timed out after 20 ms' }], _meta: { seen: true } }
  })
  finish('done')

  t.match(await slow, { result: { content: [{ text: 'done' }], _meta: { seen: true } } })
})

t.test('the result of a middleware is sent at once, even if the method is still running', async (t) => {
  const server = createNotes().use((_ctx, next) => { next(); return { content: [] } })
  server.registerTool('slow', {}, hang)

  t.strictSame(await new Client({ era: 'legacy' }).callTool(server, 'slow'), { result: { content: [] } })
})

t.test('a middleware has no deadline if the server has no timeout', async (t) => {
  let finish = (): void => {}
  const server = createNotes({ timeout: 0 }).use(async (_ctx, next) => {
    await new Promise<void>((resolve) => { finish = resolve })
    return await next()
  })
  server.registerTool('add', {}, () => 'a')

  const answer = new Client({ era: 'legacy' }).callTool(server, 'add')
  finish()

  t.match(await answer, { result: { content: [{ text: 'a' }] } })
})

t.test('over HTTP, a request whose middleware hangs gets an error, and its exchange is released', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { timeout: 20 }).use(hang)
  server.registerTool('add', {}, () => 'a')
  const { app } = await createApp(t, { server })
  const inTime = startClock(t)

  const response = await inTime(app.inject(modernCall('add')))

  t.match(response.json(), {
    id: 1, error: { code: -32603, message: 'Error answering tools/call: timed out after 20 ms' }
  })
  t.equal(app.mcp.get('Notes').stats().exchanges, 0)
  t.equal(partsOf(app.mcp.get('Notes')).calls.taken, 0)
})
