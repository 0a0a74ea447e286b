import t, { type Test } from 'tap'
import type { ClusterNode } from '../../../lib/store/cluster.ts'
import type { RequestId } from '../../../lib/protocol/message.ts'
import { ForeignReply } from '../../../lib/session/nodes/foreign-reply.ts'
import { createFaultyCluster } from '../../support/cluster.ts'
import { createSink, type TestSink } from '../stream/sink.ts'

const RECORD = { protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'debug' } as const
const PROGRESS = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: {} })
const answerTo = (id: RequestId): string => JSON.stringify({ jsonrpc: '2.0', id, result: {} })

/** A reply that one node writes, and a client that resumes it on another node. */
async function setUp (_t: Test, ids: readonly RequestId[] = [1]) {
  const cluster = createFaultyCluster()
  const [owner, node] = ['owner', 'node'].map(() => cluster.join('Notes', { onOutage () {}, onRecovery () {} }))
  if (owner === undefined || node === undefined) throw new Error('no nodes')
  await Promise.all([owner.start(), node.start()])
  await owner.sessions.open('s', RECORD, { max: 1, ttl: 1000 })
  const streamId = `s.${owner.id}-1`
  await owner.sessions.change('s', { kind: 'begin', streamId, ids })
  await owner.events.append(streamId, PROGRESS)
  const taken: string[] = []
  const create = (id = streamId): ForeignReply =>
    new ForeignReply(
      id,
      { store: node.events, primes: true, retryInterval: undefined, logFailure () {} },
      {
        node,
        claim: async () => {
          taken.push(id)
          return true
        }
      }
    )
  const client: TestSink = createSink()
  return { cluster, owner, streamId, client, create, taken }
}

t.test('a client that resumes gets the rest of the reply as it is sent, up to the answer', async (t) => {
  const { owner, streamId, client, create, taken } = await setUp(t)
  const reply = create()

  t.ok(await reply.resume(client.sink, 0))
  await reply.check()
  await owner.events.append(streamId, PROGRESS)
  await owner.events.append(streamId, answerTo(1))
  await client.untilTold('end')
  await reply.check()

  t.same(client.told, [
    `replay ${PROGRESS} ${streamId}.1`,
    `send ${PROGRESS} ${streamId}.2`,
    `send ${answerTo(1)} ${streamId}.3`,
    'end'
  ])
  t.same(taken, [streamId])
})

t.test('after an outage a client is sent the events that its node missed', async (t) => {
  const { cluster, owner, streamId, client, create } = await setUp(t)
  const reply = create()
  await reply.resume(client.sink, 1)
  const here = cluster.nodes.find(({ id }) => id !== owner.id)

  cluster.beginOutage(here?.id)
  await owner.events.append(streamId, PROGRESS)
  cluster.endOutage(here?.id)
  await reply.again()

  t.same(client.told, [`replay ${PROGRESS} ${streamId}.2`])
})

t.test('the reply to a batch ends with its last answer', async (t) => {
  const { owner, streamId, client, create } = await setUp(t, [1, 2])

  await create().resume(client.sink, 1)
  await owner.events.append(streamId, answerTo(2))
  const before = client.told.slice()
  await owner.events.append(streamId, answerTo(1))
  await client.untilTold('end')

  t.same(before, [`send ${answerTo(2)} ${streamId}.2`])
})

t.test('the reply to a batch of requests with the same id ends with its last answer', async (t) => {
  const { owner, streamId, client, create } = await setUp(t, [1, 1])

  await create().resume(client.sink, 1)
  await owner.events.append(streamId, answerTo(1))
  const before = client.told.slice()
  await owner.events.append(streamId, answerTo(1))
  await client.untilTold('end')

  t.same(before, [`send ${answerTo(1)} ${streamId}.2`])
})

t.test('a reply that has ended is replayed to its end', async (t) => {
  const { owner, streamId, client, create } = await setUp(t)
  await owner.events.append(streamId, answerTo(1))
  await owner.sessions.change('s', { kind: 'end', streamId })
  const reply = create()

  t.ok(await reply.resume(client.sink, 0))
  await reply.check()
  await client.untilTold('end')

  t.same(client.told, [`replay ${PROGRESS} ${streamId}.1`, `replay ${answerTo(1)} ${streamId}.2`, 'end'])
})

t.test('a call that was cancelled ends the reply without an answer', async (t) => {
  const { owner, streamId, client, create } = await setUp(t)
  const reply = create()
  await reply.resume(client.sink, 1)

  await owner.sessions.change('s', { kind: 'end', streamId })
  await reply.check()
  await client.untilTold('end')

  t.same(client.told, ['end'])
})

t.test('the end of the session ends the reply', async (t) => {
  const { owner, client, create } = await setUp(t)
  const reply = create()
  await reply.resume(client.sink, 1)

  await owner.sessions.delete('s')
  await reply.check()
  await client.untilTold('end')

  t.same(client.told, ['end'])
})

t.test('a call whose node has died is answered by an error', async (t) => {
  const { cluster, owner, client, create, streamId } = await setUp(t)
  const reply = create()
  await reply.resume(client.sink, 1)
  await reply.check()
  const before = client.told.slice()

  cluster.kill(owner.id)
  await reply.check()
  await client.untilTold('end')

  t.same(before, [])
  t.equal(client.told.length, 2)
  t.match(
    client.told[0],
    new RegExp(
      `^send {"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"The server process .* has died.* ${streamId}.2$`
    )
  )
})

t.test('a stream that never existed cannot be resumed', async (t) => {
  const { client, create } = await setUp(t)

  t.notOk(await create('s.other-1').resume(client.sink, 0))
  t.notOk(await create('s.1').resume(client.sink, 0))
})

t.test('an answer that arrives before the awaited ids are known ends the reply', async (t) => {
  const { owner, streamId, client, create } = await setUp(t, [1, 2])
  const reply = create()
  await owner.events.append(streamId, answerTo(1))
  await owner.events.append(streamId, answerTo(2))

  await reply.resume(client.sink, 2)
  await client.untilTold(`replay ${answerTo(2)} ${streamId}.3`)
  const wasAttached = !reply.isAlone
  await owner.sessions.change('s', { kind: 'end', streamId })
  await reply.check()
  await client.untilTold('end')

  t.ok(wasAttached, 'the answer that the client has seen before is not known here')
  t.equal(client.told.at(-1), 'end')
})

t.test('a store that fails to say whether the call runs is reported, and the client gets the rest', async (t) => {
  const { cluster, owner, streamId, client } = await setUp(t)
  const inner = cluster.join('Notes', { onOutage () {}, onRecovery () {} })
  const failures: unknown[] = []
  let times = 0
  const node: ClusterNode = {
    ...inner,
    sessions: {
      ...inner.sessions,
      readState: async (sessionId) => {
        if (++times > 1) throw new Error('no disk')
        return inner.sessions.readState(sessionId)
      }
    }
  }
  const reply = new ForeignReply(
    streamId,
    {
      store: node.events,
      primes: true,
      retryInterval: undefined,
      logFailure: (error, what) => { failures.push([error, what]) }
    },
    { node, claim: async () => true }
  )

  await reply.resume(client.sink, 1)
  await owner.events.append(streamId, answerTo(1))
  await client.untilTold('end')

  t.same(client.told, [`send ${answerTo(1)} ${streamId}.2`, 'end'])
  t.same(failures, [[new Error('no disk'), 'the session store']])
})
