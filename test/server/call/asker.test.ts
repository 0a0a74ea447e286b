import t from 'tap'
import { Type } from '@sinclair/typebox'
import { RpcError, ToolError } from '../../../lib/errors.ts'
import { inputRequired, type InputRequests } from '../../../lib/server/call/input-required.ts'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import type { RequestContext } from '../../../lib/server/call/request-context.ts'
import { Client, complete, createNotes, refused, said, stopClock, untyped, type Answer, type ClientOptions, type Params } from '../../support/definition-client.ts'

type Ctx = RequestContext<unknown>
type Handler = (ctx: Ctx) => Promise<string>
interface Asking { readonly resultType: string, readonly inputRequests?: InputRequests, readonly requestState?: string }

const ALL = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} }
const Name = Type.Object({ name: Type.String() })
const accept = (content: Params) => ({ action: 'accept', content })
const spoken = (text: string) => ({ role: 'assistant', model: 'm', content: { type: 'text', text } })
const roots = { method: 'roots/list', params: {} } as const

/** Creates a server with one tool, `ask`. */
function createAsking (handler: Handler, options = {}) {
  const server = createNotes(options)
  server.registerTool(
    'ask',
    {
      inputSchema: Type.Object({
        n: Type.Number({ default: 1 }), deep: Type.Optional(Type.Object({ m: Type.Number({ default: 2 }) }))
      })
    },
    (_args, ctx) => handler(ctx)
  )
  return server
}

function resultOf (answer: Answer): Asking {
  return Reflect.get(answer, 'result') as Asking
}

/** Returns the questions of a modern result, by key. */
function questionsOf (answer: Answer): InputRequests {
  return resultOf(answer).inputRequests ?? {}
}

/** Calls the tool as a modern client that answers each round with a list of values, one per question, in order. */
async function callInRounds (
  server: ReturnType<typeof createNotes>, rounds: readonly unknown[][], client = new Client({ capabilities: ALL })
) {
  const asked: InputRequests[] = []
  let answer = await client.callTool(server, 'ask')
  for (const answers of rounds) {
    const { requestState } = resultOf(answer)
    const questions = questionsOf(answer)
    asked.push(questions)
    const inputResponses = Object.fromEntries(
      Object.keys(questions).map((key, index) => [key, answers[index]]).filter(([, value]) => value !== undefined)
    )
    answer = await client.ask(server, 'tools/call', {
      name: 'ask', inputResponses, ...(requestState !== undefined && { requestState })
    })
  }
  return { answer, asked, client }
}

const methodsOf = (asked: readonly InputRequests[]) => asked.map(
  (questions) => Object.values(questions).map(({ method }) => method)
)

t.test('a modern client gets an input_required result, and the handler continues with the answer', async (t) => {
  const server = createAsking(async (ctx) => JSON.stringify(await ctx.elicit('Who?', Name, { key: 'who' })))
  const client = new Client({ capabilities: { elicitation: {} } })

  t.strictSame(await client.callTool(server, 'ask'), {
    result: {
      resultType: 'input_required',
      inputRequests: {
        who: {
          method: 'elicitation/create',
          params: {
            message: 'Who?',
            requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
          }
        }
      },
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'Notes', version: '1.0.0' } }
    }
  })
  for (const [response, text] of [
    [accept({ name: 'Ann' }), '{"action":"accept","content":{"name":"Ann"}}'],
    [{ action: 'decline' }, '{"action":"decline"}'],
    [{ action: 'cancel', content: { name: 'Ann' } }, '{"action":"cancel"}']
  ]) {
    t.strictSame(
      await client.ask(server, 'tools/call', { name: 'ask', inputResponses: { who: response, other: 1 } }),
      said(String(text))
    )
  }
})

t.test('a legacy client is asked while its request is running', async (t) => {
  const server = createAsking(async (ctx) => JSON.stringify([
    await ctx.elicit('Who?', Name), await ctx.elicitUrl('Pay', 'https://example.com/pay'), await ctx.sample({ messages: [], maxTokens: 1 }), await ctx.listRoots()
  ]))
  const replies: unknown[] = [
    accept({ name: 'Ann' }), { action: 'decline' }, spoken('hi'), { roots: [{ uri: 'file:///a' }] }
  ]
  const timeouts: number[] = []
  const client = new Client({
    era: 'legacy', capabilities: ALL, answer: (_question, timeout) => { timeouts.push(timeout); return replies.shift() }
  })

  t.strictSame(await client.callTool(server, 'ask'), {
    result: {
      content: [
        {
          type: 'text',
          text: JSON.stringify([accept({ name: 'Ann' }), { action: 'decline' }, spoken('hi'), [{ uri: 'file:///a' }]])
        }
      ]
    }
  })
  t.match(client.asked, [
    { method: 'elicitation/create', params: { message: 'Who?', requestedSchema: { type: 'object' } } },
    { method: 'elicitation/create', params: { mode: 'url', message: 'Pay', url: 'https://example.com/pay', elicitationId: /^[0-9a-f-]{36}$/ } },
    { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } },
    { method: 'roots/list', params: {} }
  ])
  t.strictSame(timeouts, [300_000, 300_000, 300_000, 300_000])
})

t.test('the timeout of a question defaults to questionTimeout of the server', async (t) => {
  const timeouts: number[] = []
  const client = new Client({
    era: 'legacy', capabilities: ALL, answer: (_question, timeout) => { timeouts.push(timeout); return { roots: [] } }
  })
  const server = createAsking(
    async (ctx) => String(
      await Promise.all([ctx.listRoots({ timeout: 5 }), ctx.listRoots({ timeout: 0 }), ctx.listRoots()])
    ),
    { questionTimeout: 50 }
  )

  await client.callTool(server, 'ask')

  t.strictSame(timeouts, [5, 0, 50])
})

t.test('consecutive questions take one round each', async (t) => {
  const server = createAsking(async (ctx) => {
    const first = await ctx.elicit('First?', Name)
    const second = await ctx.sample({ messages: [], maxTokens: 1 })
    return JSON.stringify([first, second, await ctx.listRoots(), await ctx.elicitUrl('Pay', new URL('https://example.com'))])
  })

  const { answer, asked } = await callInRounds(server, [
    [accept({ name: 'A' })], [spoken('b')], [{ roots: [] }], [{ action: 'accept' }]
  ])

  t.strictSame(answer, said(JSON.stringify([accept({ name: 'A' }), spoken('b'), [], { action: 'accept' }])))
  t.strictSame(methodsOf(asked), [
    ['elicitation/create'], ['sampling/createMessage'], ['roots/list'], ['elicitation/create']
  ])
  t.strictSame(Object.values(asked[3] ?? {})[0]?.params, { mode: 'url', message: 'Pay', url: 'https://example.com/' })
})

t.test('concurrent questions take one round, and unanswered ones are asked again', async (t) => {
  const server = createAsking(
    async (ctx) => JSON.stringify(
      await Promise.all([ctx.elicit('Who?', Name), ctx.listRoots(), ctx.elicit('Who?', Name)])
    )
  )

  const { answer, asked } = await callInRounds(server, [
    [accept({ name: 'A' })], [{ roots: [] }], [accept({ name: 'B' })]
  ])

  t.strictSame(methodsOf(asked), [
    ['elicitation/create', 'roots/list', 'elicitation/create'],
    ['roots/list', 'elicitation/create'],
    ['elicitation/create']
  ])
  t.strictSame(answer, said(JSON.stringify([accept({ name: 'A' }), [], accept({ name: 'B' })])))
})

t.test('an answer that the handler uses only in a later round is not asked for again', async (t) => {
  let isFirstRound = true
  const server = createAsking(async (ctx) => {
    const early = isFirstRound ? ctx.elicit('Second?', Name) : undefined
    await Promise.all([ctx.elicit('First?', Name), early])
    return JSON.stringify(await ctx.elicit('Second?', Name))
  })
  const client = new Client({ capabilities: ALL })
  const asked = await client.callTool(server, 'ask')
  const [second, first] = Object.keys(questionsOf(asked))
  isFirstRound = false

  const { requestState } = resultOf(
    await client.ask(server, 'tools/call', {
      name: 'ask',
      requestState: resultOf(asked).requestState,
      inputResponses: { [String(second)]: accept({ name: 'B' }) }
    })
  )

  t.strictSame(
    await client.ask(server, 'tools/call', {
      name: 'ask', requestState, inputResponses: { [String(first)]: accept({ name: 'A' }) }
    }),
    said(JSON.stringify(accept({ name: 'B' })))
  )
})

t.test('a modern client is asked again after an answer of the wrong kind or with invalid content', async (t) => {
  const server = createAsking(async (ctx) => JSON.stringify(await ctx.elicit('Who?', Name, { key: 'who' })))
  const client = new Client({ capabilities: ALL })

  for (const who of [12345, null, [], {}, { action: 'yes' }, { action: 'accept' }, accept({ name: 1 }), accept({})]) {
    const answer = await client.ask(server, 'tools/call', { name: 'ask', inputResponses: { who } })
    t.strictSame(Object.keys(questionsOf(answer)), ['who'])
    const { requestState } = resultOf(answer)
    t.strictSame(
      await client.ask(server, 'tools/call', {
        name: 'ask',
        inputResponses: { who: accept({ name: 'Ann' }) },
        ...(requestState !== undefined && { requestState })
      }),
      said(JSON.stringify(accept({ name: 'Ann' })))
    )
  }
})

t.test('an answer of a legacy client of the wrong kind or with invalid content is an error', async (t) => {
  const server = createAsking(async (ctx) => JSON.stringify(await ctx.elicit('Who?', Name)))
  const wrong: ReadonlyArray<readonly [answer: unknown, problem: string]> = [
    [undefined, 'it must be an object'],
    [{ action: 'yes' }, "it needs an 'action': accept, decline or cancel"],
    [accept({ name: 1 }), 'its content does not fit the form: /name must be string'],
    [{ action: 'accept' }, "its content does not fit the form: must have required property 'name'"]
  ]

  for (const [reply, problem] of wrong) {
    t.strictSame(await new Client({ era: 'legacy', capabilities: ALL, answer: () => reply }).callTool(server, 'ask'),
      refused(-32602, `The client's answer to elicitation/create is unusable: ${problem}`))
  }
})

function failed (text: string): object {
  return { result: { content: [{ type: 'text', text }], isError: true } }
}

t.test('a client is asked nothing for which it declared no capability', async (t) => {
  type Kind = readonly [
    handler: (ctx: Ctx) => Promise<unknown>, capabilities: object, words: string, required: object
  ]
  const kinds: readonly Kind[] = [
    [
      (ctx) => ctx.elicit('Who?', Name),
      {},
      'ask the user, and this client does not support that (elicitation)',
      { elicitation: {} }
    ],
    [
      (ctx) => ctx.elicit('Who?', Name),
      { elicitation: { url: {} } },
      'ask the user, and this client does not support that (elicitation.form)',
      { elicitation: { form: {} } }
    ],
    [(ctx) => ctx.elicitUrl('Pay', 'https://example.com'), { elicitation: {} }, 'ask the user, and this client does not support that (elicitation.url)', { elicitation: { url: {} } }],
    [
      (ctx) => ctx.sample({ messages: [], maxTokens: 1 }),
      {},
      "ask the client's model, and this client does not support that (sampling)",
      { sampling: {} }
    ],
    [
      (ctx) => ctx.sample({ messages: [], maxTokens: 1, tools: [] }),
      { sampling: {} },
      "ask the client's model, and this client does not support that (sampling.tools)",
      { sampling: { tools: {} } }
    ],
    [
      (ctx) => ctx.listRoots(),
      {},
      "list the client's roots, and this client does not support that (roots)",
      { roots: {} }
    ]
  ]

  for (const [handler, capabilities, words, requiredCapabilities] of kinds) {
    const server = createAsking(async (ctx) => String(await handler(ctx)))
    const answer = () => { throw new Error('must not be asked') }
    const message = `This needs to ${words}. Do without it, or tell the user.`

    t.strictSame(
      await new Client({ era: 'modern', capabilities, answer }).callTool(server, 'ask'),
      refused(-32021, message, { requiredCapabilities })
    )
    // Clients show a protocol error to the user, and a result to the model.
    t.strictSame(await new Client({ era: 'legacy', capabilities, answer }).callTool(server, 'ask'), failed(message))
  }
})

t.test('a handler can catch the error for a missing capability in both eras', async (t) => {
  const server = createAsking((ctx) => ctx.listRoots().then(String, (error) => `without: ${error instanceof RpcError && error.code}`))

  t.strictSame(await new Client({ era: 'modern' }).callTool(server, 'ask'), said('without: -32021'))
  t.strictSame(await new Client({ era: 'legacy' }).callTool(server, 'ask'), {
    result: { content: [{ type: 'text', text: 'without: -32021' }] }
  })
})

t.test('an RpcError that a handler throws stays a protocol error, even with the code -32021', async (t) => {
  const server = createAsking(() => { throw new RpcError(-32021, 'mine', { requiredCapabilities: { roots: {} } }) })

  for (const era of ['modern', 'legacy'] as const) {
    t.strictSame(
      await new Client({ era }).callTool(server, 'ask'),
      refused(-32021, 'mine', { requiredCapabilities: { roots: {} } })
    )
  }
})

t.test('a client that lacks one of several capabilities is asked nothing, unless the handler catches the error', async (t) => {
  const client = new Client({ capabilities: { roots: {} } })
  const strict = createAsking(async (ctx) => String(await Promise.all([ctx.listRoots(), ctx.elicit('Who?', Name)])))
  const lenient = createAsking(
    async (ctx) => String((await Promise.allSettled([ctx.listRoots(), ctx.elicit('Who?', Name)])).length)
  )

  t.match(await client.callTool(strict, 'ask'), { error: { code: -32021 } })
  t.strictSame(Object.values(questionsOf(await client.callTool(lenient, 'ask'))), [roots])
})

t.test('a legacy client without a channel for questions is not asked', async (t) => {
  const server = createAsking(async (ctx) => String(await ctx.listRoots()))

  t.strictSame(
    await new Client({ era: 'legacy', capabilities: ALL }).callTool(server, 'ask'),
    failed("This needs to list the client's roots, and this connection cannot carry a question before the reply. " +
      'Do without it, or tell the user.')
  )
})

t.test('an error response of a legacy client is thrown in the handler', async (t) => {
  const answer = () => { throw new RpcError(-1, 'User rejected') }
  const strict = createAsking(async (ctx) => String(await ctx.listRoots()))
  const lenient = createAsking(async (ctx) => ctx.listRoots().then(String, ({ message }) => `without: ${message}`))

  t.strictSame(
    await new Client({ era: 'legacy', capabilities: ALL, answer }).callTool(strict, 'ask'), refused(-1, 'User rejected')
  )
  t.strictSame(await new Client({ era: 'legacy', capabilities: ALL, answer }).callTool(lenient, 'ask'), {
    result: { content: [{ type: 'text', text: 'without: User rejected' }] }
  })
})

t.test('a pending question ends the round even if the handler catches it or returns, and finally blocks run', async (t) => {
  let cleaned = 0
  const handlers: readonly Handler[] = [
    async (ctx) => { try { return String(await ctx.listRoots()) } finally { cleaned++ } },
    async (ctx) => { try { return String(await ctx.listRoots()) } catch { return 'caught' } finally { cleaned++ } },
    async (ctx) => ctx.listRoots().then(String, () => { cleaned++; throw new ToolError('worse') }),
    async (ctx) => ctx.listRoots().then(String, () => { cleaned++; throw new RpcError(7, 'worse') }),
    async (ctx) => ctx.listRoots().then(String, () => { cleaned++; return untyped<string>(42) }),
    async (ctx) => { ctx.listRoots(); cleaned++; return 'not awaited' }
  ]

  for (const handler of handlers) {
    const client = new Client({ capabilities: ALL })
    t.strictSame(Object.values(questionsOf(await client.callTool(createAsking(handler), 'ask'))), [roots])
    t.strictSame(client.logged, [])
  }
  t.equal(cleaned, handlers.length)
})

t.test('a question that is not awaited causes no unhandled rejection', async (t) => {
  const rejected: unknown[] = []
  const listen = (error: unknown): void => { rejected.push(error) }
  process.on('unhandledRejection', listen)
  t.teardown(() => process.off('unhandledRejection', listen))
  const handler: Handler = async (ctx) => {
    ctx.elicit('Who?', Name)
    ctx.elicit('Who?', { type: 'string' })
    ctx.once('a', () => { throw new Error('no') })
    const early = ctx.listRoots()
    await ctx.sample({ messages: [], maxTokens: 1 })
    return String(await early)
  }

  await new Client({ capabilities: ALL }).callTool(createAsking(handler), 'ask')
  await new Client({ era: 'legacy', capabilities: ALL, answer: () => { throw new RpcError(1, 'no') } }).callTool(
    createAsking(handler), 'ask'
  )
  await new Promise((resolve) => { setImmediate(resolve) })

  t.strictSame(rejected, [])
})

t.test('a side effect in ctx.once runs once over all rounds', async (t) => {
  let charged = 0
  const server = createAsking(async (ctx) => {
    const id = await ctx.once('charge', async () => ++charged)
    const answer = await ctx.elicit('Send a receipt?', Name)
    return `${id} ${answer.action} ${await ctx.once('send', () => `sent ${charged}`)}`
  })

  const { answer } = await callInRounds(server, [[undefined], [{ action: 'decline' }]])

  t.strictSame(answer, said('1 decline sent 1'))
  t.equal(charged, 1)
})

t.test('a side effect that is still running when the round ends does not run again', async (t) => {
  let charged = 0
  const effect = () => new Promise<number>((resolve) => {
    setImmediate(() => setImmediate(() => setImmediate(() => resolve(++charged))))
  })
  const server = createAsking(
    async (ctx) => JSON.stringify(await Promise.all([ctx.once('charge', effect), ctx.listRoots()]))
  )

  const { answer } = await callInRounds(server, [[{ roots: [] }]])

  t.strictSame(answer, said('[1,[]]'))
})

t.test('a side effect that never ends does not hold the call beyond its timeout', async (t) => {
  const pass = stopClock(t)
  const client = new Client({ capabilities: ALL })
  let begun = (): void => {}
  const ended = new Promise<void>((resolve) => { begun = resolve })
  const server = createAsking(async (ctx) => {
    ctx.once('hang', () => new Promise(() => {}))
    return ctx.listRoots().then(String).finally(begun)
  }, { timeout: 50 })

  const answer = client.callTool(server, 'ask')
  await ended
  await new Promise((resolve) => { setImmediate(resolve) })
  pass(50)

  t.match(await answer, { error: { code: -32603, message: 'Error answering tools/call: timed out after 50 ms' } })
  t.match(client.logged, [{ level: 'warn', msg: 'answering tools/call timed out after 50 ms' }])
})

t.test('a key that is used for two questions is an error in both eras', async (t) => {
  const server = createAsking(
    async (ctx) => String(await Promise.all([ctx.listRoots({ key: 'a' }), ctx.elicit('Who?', Name, { key: 'a' })]))
  )
  const client = new Client({ era: 'legacy', capabilities: ALL, answer: () => ({ roots: [] }) })

  await client.callTool(server, 'ask')

  t.match(client.logged, [
    { err: { message: "the key 'a' has been used for another question of this call; give each question its own" } }
  ])
})

t.test('a handler that returns inputRequired() runs again with the answers and its state', async (t) => {
  const server = createAsking(untyped<Handler>(async (ctx: Ctx) => {
    if (ctx.inputState === undefined) {
      return inputRequired({ inputRequests: { roots }, state: { step: 1, at: new Date(0) } })
    }
    if (ctx.inputResponses['more'] === undefined) {
      return inputRequired({
        inputRequests: { more: roots }, state: { ...Object(ctx.inputState), kept: ctx.inputResponses }
      })
    }
    return JSON.stringify([ctx.inputState, ctx.inputResponses])
  }))
  const text = JSON.stringify([
    { step: 1, at: '1970-01-01T00:00:00.000Z', kept: { roots: { roots: [] } } }, { more: { roots: [] } }
  ])

  const { answer, asked } = await callInRounds(server, [[{ roots: [] }], [{ roots: [] }]])
  const legacy = new Client({ era: 'legacy', capabilities: ALL, answer: () => ({ roots: [] }) })

  t.strictSame(asked, [{ roots }, { more: roots }])
  t.strictSame(answer, said(text))
  t.strictSame(await legacy.callTool(server, 'ask'), { result: { content: [{ type: 'text', text }] } })
  t.strictSame(legacy.asked, [roots, roots])
})

t.test('a handler that returns inputRequired() with only a state runs again with that state', async (t) => {
  const server = createAsking(untyped<Handler>((ctx: Ctx) => ctx.inputState === undefined ? inputRequired({ state: 1 }) : `state ${ctx.inputState}`))

  const { answer, asked } = await callInRounds(server, [[]])

  t.strictSame(asked, [{}])
  t.strictSame(answer, said('state 1'))
  t.strictSame(await new Client({ era: 'legacy' }).callTool(server, 'ask'), {
    result: { content: [{ type: 'text', text: 'state 1' }] }
  })
})

t.test('ctx questions and inputRequired() can be combined, and side effects run once', async (t) => {
  let charged = 0
  const server = createAsking(untyped<Handler>(async (ctx: Ctx) => {
    const id = await ctx.once('charge', () => ++charged)
    const { action } = await ctx.elicit('Who?', Name)
    return ctx.inputResponses['roots'] === undefined ? inputRequired({ inputRequests: { roots } }) : `${id} ${action}`
  }))
  const legacy = new Client({
    era: 'legacy',
    capabilities: ALL,
    answer: ({ method }) => method === 'roots/list' ? { roots: [] } : { action: 'cancel' }
  })

  t.strictSame((await callInRounds(server, [[{ action: 'cancel' }], [{ roots: [] }]])).answer, said('1 cancel'))
  t.strictSame(await legacy.callTool(server, 'ask'), { result: { content: [{ type: 'text', text: '2 cancel' }] } })
  t.strictSame(legacy.asked.map(({ method }) => method), ['elicitation/create', 'roots/list'])
})

t.test('inputRequired() requires the same capabilities as ctx questions', async (t) => {
  const server = createAsking(untyped<Handler>(() => inputRequired({ inputRequests: { roots } })))

  t.match(await new Client({ era: 'modern' }).callTool(server, 'ask'), {
    error: { code: -32021, data: { requiredCapabilities: { roots: {} } } }
  })
  t.match(await new Client({ era: 'legacy' }).callTool(server, 'ask'), { result: { isError: true } })
})

t.test('a legacy call that returns inputRequired() again and again ends after 16 rounds', async (t) => {
  let runs = 0
  const client = new Client({ era: 'legacy' })
  const server = createAsking(untyped<Handler>(() => { runs++; return inputRequired({ state: runs }) }), {
    exposeErrors: true
  })

  t.match(await client.callTool(server, 'ask'), {
    result: {
      isError: true,
      content: [{ text: /^Error executing tool ask: the handler still returned inputRequired\(\) after 16 rounds/ }]
    }
  })
  t.equal(runs, 17)
})

t.test('prompts, resources and templates can ask the client', async (t) => {
  const server = createNotes({ cache: { ttlMs: 1000 } })
  const text = async (ctx: Ctx) => `${(await ctx.elicit('Who?', Name, { key: 'who' })).action}`
  const byHand = (ctx: Ctx) => ctx.inputResponses['who'] === undefined
    ? inputRequired({ inputRequests: { who: roots } })
    : 'done'
  server.registerPrompt('ask', { description: 'D' }, (_args, ctx) => text(ctx))
  server.registerPrompt('hand', {}, (_args, ctx) => byHand(ctx))
  server.registerResource('ask', 'x://ask', {}, (_uri, ctx) => text(ctx))
  server.registerResource('hand', 'x://hand', {}, (_uri, ctx) => byHand(ctx))
  server.registerResource('each', new ResourceTemplate('y://{id}'), {}, async (_uri, { id }, ctx) => `${String(id)} ${await text(ctx)}`)
  const read = (text: string, uri: string) => complete({
    contents: [{ uri, text }], ttlMs: 1000, cacheScope: 'private'
  })
  const rendered = (text: string, extra = {}) => complete({
    ...extra, messages: [{ role: 'user', content: { type: 'text', text } }]
  })
  const calls: ReadonlyArray<readonly [method: string, params: Params, response: Params, answer: Answer]> = [
    ['prompts/get', { name: 'ask' }, { action: 'decline' }, rendered('decline', { description: 'D' })],
    ['prompts/get', { name: 'hand' }, { roots: [] }, rendered('done')],
    ['resources/read', { uri: 'x://ask' }, { action: 'decline' }, read('decline', 'x://ask')],
    ['resources/read', { uri: 'x://hand' }, { roots: [] }, read('done', 'x://hand')],
    ['resources/read', { uri: 'y://7' }, { action: 'cancel' }, read('7 cancel', 'y://7')]
  ]

  for (const [method, params, who, expected] of calls) {
    const client = new Client({ capabilities: ALL })
    const asking = resultOf(await client.ask(server, method, params))
    t.strictSame(Object.keys(asking).sort(), ['_meta', 'inputRequests', 'resultType'])
    t.strictSame(await client.ask(server, method, { ...params, inputResponses: { who } }), expected)
    t.strictSame(client.logged, [])
  }
})

t.test('a resource that a tool reads can ask the client', async (t) => {
  const server = createAsking(async (ctx) => JSON.stringify((await ctx.readResource('x://1')).contents))
  server.registerResource(
    'one',
    'x://1',
    {},
    (_uri, ctx) => ctx.inputResponses['a'] === undefined ? inputRequired({ inputRequests: { a: roots } }) : 'read'
  )
  const text = '[{"uri":"x://1","text":"read"}]'

  t.strictSame((await callInRounds(server, [[{ roots: [] }]])).answer, said(text))
  t.strictSame(
    await new Client({ era: 'legacy', capabilities: ALL, answer: () => ({ roots: [] }) }).callTool(server, 'ask'),
    { result: { content: [{ type: 'text', text }] } }
  )
})

t.test('a result that asks is not validated by the outputSchema', async (t) => {
  const server = createNotes()
  server.registerTool(
    'ask',
    { outputSchema: Type.Object({ roots: Type.Number() }) },
    async (_args, ctx) => ({ roots: (await ctx.listRoots()).length })
  )
  server.registerTool(
    'hand', { outputSchema: Type.Object({ roots: Type.Number() }) }, () => inputRequired({ inputRequests: { roots } })
  )
  const client = new Client({ capabilities: ALL })

  t.strictSame(Object.values(questionsOf(await client.callTool(server, 'ask'))), [roots])
  t.strictSame(questionsOf(await client.callTool(server, 'hand')), { roots })
  t.strictSame((await callInRounds(server, [[{ roots: [] }]])).answer, complete({
    content: [{ type: 'text', text: '{"roots":0}' }], structuredContent: { roots: 0 }
  }))
})

t.test('middlewares get the result that asks', async (t) => {
  const seen: unknown[] = []
  const server = createAsking(async (ctx) => String(await ctx.listRoots({ key: 'r' })))
  server.use(async (_ctx, next) => { const result = await next(); seen.push(result); return result })

  await new Client({ capabilities: ALL }).callTool(server, 'ask')

  t.strictSame(seen, [{ resultType: 'input_required', inputRequests: { r: roots } }])
})

t.test('a requestState is accepted only for the call for which it was sealed', async (t) => {
  const server = createAsking(async (ctx) => {
    await ctx.once('a', () => 1)
    return String((await ctx.listRoots({ key: 'r' })).length)
  })
  server.registerTool('other', {}, () => 'never asks')
  server.registerPrompt('ask', {}, () => 'never asks')
  server.registerResource('ask', 'x://ask', {}, () => 'never asks')
  const ann = new Client({ capabilities: ALL, principal: 'ann' })
  const send = (client: Client, params: Params, method = 'tools/call') => client.ask(server, method, {
    inputResponses: { r: { roots: [] } }, ...params
  })
  const args = { deep: {} }
  const { requestState } = resultOf(await send(ann, { name: 'ask', arguments: args, inputResponses: {} }))
  const invalid = refused(-32602, 'Invalid or expired requestState')

  t.strictSame(
    await send(ann, { name: 'ask', arguments: { deep: {} }, requestState }), said('0'), 'defaults do not count'
  )
  t.strictSame(await send(ann, { name: 'ask', arguments: { n: 2, deep: {} }, requestState }), invalid)
  t.strictSame(await send(ann, { name: 'ask', requestState }), invalid)
  t.strictSame(await send(ann, { name: 'ask', arguments: args, requestState: `${requestState}A` }), invalid)
  t.strictSame(
    await send(new Client({ capabilities: ALL, principal: 'bob' }), { name: 'ask', arguments: args, requestState }),
    invalid
  )
  t.strictSame(await send(new Client({ capabilities: ALL }), { name: 'ask', arguments: args, requestState }), invalid)
  t.strictSame(await send(ann, { name: 'other', requestState }), invalid)
  t.strictSame(await send(ann, { name: 'ask', requestState }, 'prompts/get'), invalid)
  t.strictSame(await send(ann, { uri: 'x://ask', requestState }, 'resources/read'), invalid)
  t.match(
    await send(new Client({ era: 'legacy' }), { name: 'other', requestState }),
    { result: { content: [{ text: 'never asks' }] } },
    'the legacy era knows no states'
  )
})

t.test('a handler may change its arguments before it asks', async (t) => {
  const server = createNotes()
  server.registerTool('ask', {}, async (args, ctx) => {
    args['seen'] = true
    await ctx.once('a', () => 1)
    return String((await ctx.listRoots()).length)
  })
  server.registerPrompt('ask', {}, async (args, ctx) => {
    args['seen'] = 'x'
    await ctx.once('a', () => 1)
    return String((await ctx.listRoots({ key: 'r' })).length)
  })
  const client = new Client({ capabilities: ALL })

  t.strictSame((await callInRounds(server, [[{ roots: [] }]])).answer, said('0'))
  const { requestState } = resultOf(await client.ask(server, 'prompts/get', { name: 'ask', arguments: { a: 'b' } }))
  t.match(
    await client.ask(server, 'prompts/get', {
      name: 'ask', arguments: { a: 'b' }, requestState, inputResponses: { r: { roots: [] } }
    }),
    { result: { messages: [{}] } }
  )
})

t.test('inputResponses that are not an object are refused, even if nothing was asked', async (t) => {
  const server = createAsking(async () => 'never asks')

  for (const inputResponses of [null, [], 1, 'a']) {
    t.strictSame(
      await new Client().ask(server, 'tools/call', { name: 'ask', inputResponses }),
      refused(-32602, "Invalid params: 'inputResponses' must be an object")
    )
  }
})

t.test('a question after the end of the call is rejected', async (t) => {
  for (const options of [{}, { era: 'legacy', answer: () => ({ roots: [] }) }] satisfies ClientOptions[]) {
    const rest: Array<() => Promise<unknown>> = []
    const server = createAsking(async (ctx) => {
      rest.push(() => ctx.listRoots(), () => ctx.once('a', () => 1))
      return 'done'
    })
    const client = new Client({ capabilities: ALL, ...options })
    await client.callTool(server, 'ask')

    for (const ask of rest) {
      await t.rejects(ask(), { message: 'The call has ended; its client can no longer be asked' })
    }
    t.strictSame(client.asked, [])
  }
})

t.test('a pending question is aborted when the call ends or the client disconnects', async (t) => {
  const signals: AbortSignal[] = []
  const client = new Client({
    era: 'legacy',
    capabilities: ALL,
    answer: (_question, _timeout, signal) => { signals.push(signal); return new Promise(() => {}) }
  })

  await client.callTool(createAsking(async (ctx) => { ctx.listRoots(); return 'not awaited' }), 'ask')
  client.callTool(createAsking(async (ctx) => String(await ctx.listRoots())), 'ask')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.strictSame(signals.map(({ aborted }) => aborted), [true, false])
  client.disconnect()

  t.match(signals, [
    { aborted: true, reason: { message: 'The call has ended' } },
    { aborted: true, reason: { message: 'The client closed the connection' } }
  ])
})
