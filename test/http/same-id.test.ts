// A client sends several requests with the same id at once: each gets its own result and its own questions.
import t, { type Test } from 'tap'
import { createMemoryCluster, createMemoryEventStore, type Cluster, type McpMountOptions } from '../../lib/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import type { RequestMessage } from '../../lib/protocol/message.ts'
import { JSON_AND_SSE, legacy, modern, openSession, post, type Post } from '../support/app.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { openSse, opening } from '../support/sse-client.ts'
import { collectFrames, createGate, openGet, readFrames, send, type Gate } from '../support/stream.ts'
import { createTalk, type TalkApp } from '../support/talk.ts'

const COUNT = 6
const QUESTION = { method: 'elicitation/create', params: { message: 'Sure?' } } as const

/** Calls that run until they are let go, or cancelled. */
function createCalls () {
  const gates: readonly Gate[] = Array.from({ length: COUNT }, () => createGate())
  const started: readonly Gate[] = Array.from({ length: COUNT }, () => createGate())
  const cancelled: unknown[] = []
  return {
    cancelled,
    begun: (count = COUNT) => Promise.all(started.slice(0, count).map(({ promise }) => promise)),
    letGo: (...numbers: number[]) => { for (const number of numbers) gates[number]?.open() },
    async talk (channel: Parameters<Parameters<typeof createTalk>[1]>[0], { params }: RequestMessage) {
      const number = Number(params.number)
      channel.onDisconnect(() => { cancelled.push(number) })
      if (params.notifies === true) channel.notify('notifications/message', { number })
      started[number]?.open()
      const answer = params.asks === true ? await channel.ask?.(QUESTION, 0, new AbortController().signal) : undefined
      await gates[number]?.promise
      return { number, answer }
    }
  }
}

async function setUp (t: Test, options: Partial<McpMountOptions> = {}) {
  const calls = createCalls()
  const talkApp = await createTalk(t, calls.talk, options)
  const headers = await openSession(talkApp.app)
  const call = (number: number, params: object = {}): Post =>
    legacy('work', { number, ...params }, { headers: { ...JSON_AND_SSE, ...headers } })
  return { ...talkApp, ...calls, headers, call }
}

const NUMBERS = Array.from({ length: COUNT }, (_value, number) => number)
const CANCELLED = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
const resultOf = (number: number): object => ({ jsonrpc: '2.0', id: 1, result: { number } })
const dataOf = (frames: readonly string[]): readonly unknown[] => frames.flatMap((frame) => {
  const json = /^data: (.+)$/m.exec(frame)?.[1]
  return json === undefined ? [] : JSON.parse(json)
})

t.test('requests with the same id in one session are each answered by their own POST, in any order', async (t) => {
  const { address, call, begun, letGo } = await setUp(t)

  const sent = NUMBERS.map(async (number) => (await send(address, call(number))).json())
  await begun()
  letGo(...NUMBERS.toReversed())

  t.same(await Promise.all(sent), NUMBERS.map(resultOf))
})

t.test('modern requests with the same id are answered by their own POSTs, and a disconnect cancels only one of them', async (t) => {
  const { address, begun, letGo, cancelled } = await setUp(t)
  const leaving = new AbortController()
  const request = (number: number): Post => modern('work', { number })
  const sent = NUMBERS.slice(1).map(async (number) => (await send(address, request(number))).json())
  const { url, headers, payload } = request(0)
  const left = fetch(`${address}${url}`, { method: 'POST', headers, body: payload, signal: leaving.signal }).catch(() => 'left')
  await begun()

  leaving.abort()
  await left
  while (cancelled.length === 0) await new Promise(setImmediate)
  letGo(...NUMBERS)

  t.same(await Promise.all(sent), NUMBERS.slice(1).map(resultOf))
  t.same(cancelled, [0])
})

t.test('a stream carries only the events of its own POST, even after the client resumes', async (t) => {
  const { address, headers, call, begun, letGo } = await setUp(t, { eventStore: createMemoryEventStore() })
  const streams = await Promise.all(NUMBERS.map((number) => send(address, call(number, { notifies: true }))))
  await begun()
  letGo(...NUMBERS)

  for (const [number, stream] of streams.entries()) {
    const frames = await collectFrames(stream)
    const first = /^id: (.*)$/m.exec(frames[1] ?? '')?.[1] ?? ''
    const again = await collectFrames(await openGet(address, { ...headers, 'last-event-id': first }))

    t.same(dataOf(frames), [{ jsonrpc: '2.0', method: 'notifications/message', params: { number } }, resultOf(number)])
    t.same(dataOf(again), dataOf(frames))
  }
})

t.test('calls with the same id each ask a question and get its answer', async (t) => {
  const { app, address, headers, call, begun, letGo } = await setUp(t)
  const streams = await Promise.all(
    NUMBERS.map(async (number) => readFrames(await send(address, call(number, { asks: true }))))
  )
  await begun()
  letGo(...NUMBERS)

  const answers = await Promise.all(streams.map(async (frames, number) => {
    await frames.next()
    const [question] = dataOf([String((await frames.next()).value)])
    await post(app, { jsonrpc: '2.0', id: Object(question).id, result: { of: number } }, headers)
    return dataOf([String((await frames.next()).value)])
  }))

  t.same(answers, NUMBERS.map((number) => [{ jsonrpc: '2.0', id: 1, result: { number, answer: { of: number } } }]))
})

t.test('a cancellation is ignored while several calls have the id, and cancels the call once it is the only one', async (t) => {
  const { app, address, headers, call, begun, letGo, cancelled, logLines } = await setUp(t)
  const sent = [0, 1].map((number) => send(address, call(number)))
  await begun(2)

  t.equal((await post(app, CANCELLED, headers)).statusCode, 202)
  const afterFirst = [...cancelled]
  letGo(1)
  t.same(await (await sent[1])?.json(), resultOf(1))
  await post(app, CANCELLED, headers)

  t.same(afterFirst, [])
  t.equal((await sent[0])?.status, 202)
  t.same(cancelled, [0])
  t.match(logLines.filter(({ msg }) => /a client cancelled an id/.test(String(msg))), [{ level: 30, requestId: '1' }])
})

t.test('over HTTP+SSE each call is answered on the stream, and an ambiguous cancellation is ignored', async (t) => {
  const { address, begun, letGo, cancelled } = await setUp(t, { legacySse: true })
  const client = await openSse(address)
  await client.ask('initialize', opening())
  for (const number of NUMBERS) await client.post({ jsonrpc: '2.0', id: 1, method: 'work', params: { number } })
  await begun()

  await client.post(CANCELLED)
  letGo(...NUMBERS)
  const frames: string[] = []
  while (frames.length < COUNT) frames.push(String(await client.event()))

  t.strictSame(dataOf(frames).map((message) => Object(message).result.number).toSorted(), NUMBERS)
  t.same(cancelled, [])
})

const CLUSTERS: Readonly<Record<string, (t: Test) => Promise<Cluster>>> = {
  memory: async () => createMemoryCluster(),
  Redis: async (t) => redisCluster({ url: (await useRedis(t)).url, keyPrefix: createPrefix() })
}

for (const [title, create] of Object.entries(CLUSTERS)) {
  t.test(`requests that nodes of a cluster (${title}) serve at once are told apart`, { skip: title === 'Redis' && noRedis }, async (t) => {
    const cluster = await create(t)
    const calls = createCalls()
    const nodes: [TalkApp, TalkApp] = [
      await createTalk(t, calls.talk, { cluster }),
      await createTalk(t, calls.talk, { cluster })
    ]
    const [a, b] = nodes
    const headers = await openSession(a.app)
    const call = (number: number): Post =>
      legacy('work', { number, notifies: true }, { headers: { ...JSON_AND_SSE, ...headers } })
    const streams = await Promise.all(NUMBERS.map((number) => send(nodes[number % 2 as 0 | 1].address, call(number))))
    await calls.begun()

    // Both nodes have several requests with the id.
    await post(b.app, CANCELLED, headers)
    calls.letGo(...NUMBERS)

    for (const [number, stream] of streams.entries()) {
      const frames = await collectFrames(stream)
      const first = /^id: (.*)$/m.exec(frames[1] ?? '')?.[1] ?? ''
      const other = number % 2 === 0 ? b : a
      t.same(dataOf(frames), [
        { jsonrpc: '2.0', method: 'notifications/message', params: { number } },
        resultOf(number)
      ])
      t.same(
        dataOf(await collectFrames(await openGet(other.address, { ...headers, 'last-event-id': first }))),
        dataOf(frames)
      )
    }
    t.same(calls.cancelled, [])
  })

  t.test(`a cancellation in a cluster (${title}) counts the requests of all nodes`, { skip: title === 'Redis' && noRedis }, async (t) => {
    const cluster = await create(t)
    const calls = createCalls()
    const [a, b, c] = [
      await createTalk(t, calls.talk, { cluster }),
      await createTalk(t, calls.talk, { cluster }),
      await createTalk(t, calls.talk, { cluster })
    ]
    const headers = await openSession(a.app)
    const start = (node: TalkApp, number: number): Promise<Response> =>
      send(node.address, legacy('work', { number }, { headers: { ...JSON_AND_SSE, ...headers } }))
    const sent = [start(a, 0), start(b, 1)]
    await calls.begun(2)

    for (const node of [a, b, c]) t.equal((await post(node.app, CANCELLED, headers)).statusCode, 202)
    t.same(calls.cancelled, [], 'each node runs one of two requests with the id')
    t.match([a, b, c].map(({ logLines }) => logLines.filter(({ msg }) => /a client cancelled an id/.test(String(msg)))), [
      [{ level: 30, requestId: '1' }], [{ level: 30, requestId: '1' }], [{ level: 30, requestId: '1' }]
    ])

    calls.letGo(1)
    t.same(await (await sent[1])?.json(), resultOf(1))
    await post(c.app, CANCELLED, headers)
    t.same(calls.cancelled, [0], 'a third node cancels the only one that is left')
    t.equal((await sent[0])?.status, 202)

    const last = start(b, 2)
    await calls.begun(3)
    await post(b.app, CANCELLED, headers)
    t.same(calls.cancelled, [0, 2], 'so does the node that runs it')
    t.equal((await last).status, 202)
  })
}
