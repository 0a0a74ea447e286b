import t from 'tap'
import { ClusterUnreachableError } from '../../../lib/errors.ts'
import type { ClusterNode } from '../../../lib/store/cluster.ts'
import type { NodeMessage } from '../../../lib/session/nodes/node-message.ts'
import type { ChangeEvent } from '../../../lib/protocol/change.ts'
import { ErrorCode } from '../../../lib/protocol/error-code.ts'
import type { Session } from '../../../lib/session/session.ts'
import { NodeStreams } from '../../../lib/session/nodes/node-streams.ts'
import { SharedHome } from '../../../lib/session/nodes/shared-home.ts'
import { Sessions } from '../../../lib/session/sessions.ts'
import { getStreamIdOf } from '../../../lib/session/stream/event-id.ts'
import { createFaultyCluster } from '../../support/cluster.ts'
import { createGate, until } from '../../support/stream.ts'
import { createSink } from '../stream/sink.ts'

const CLIENT = { info: { name: 'test', version: '1' }, capabilities: { roots: {} } }
const TTL = 1000

/** A node, and what it called its listeners with. */
interface TestNode {
  readonly node: ClusterNode
  readonly sessions: Sessions<SharedHome>
  readonly events: string[]
  readonly left: string[]
  readonly missed: string[]
  readonly changed: ReadonlyArray<readonly ChangeEvent[]>
  readonly failures: unknown[]
}

/** Two nodes with a clock. */
async function createNodes ({ maxSessions = 10, wrap = (node: ClusterNode): ClusterNode => node } = {}) {
  const clock = { now: 0 }
  const cluster = createFaultyCluster({}, () => clock.now)
  const create = async (): Promise<TestNode> => {
    const node = wrap(cluster.join('Notes', { onOutage () {}, onRecovery () { sessions.home.recover() } }))
    const [events, left, missed]: string[][] & [string[], string[], string[]] = [[], [], []]
    const changed: Array<readonly ChangeEvent[]> = []
    const failures: unknown[] = []
    const logFailure = (error: unknown, what: string): void => { failures.push([error, what]) }
    const sessions: Sessions<SharedHome> = new Sessions({
      logFailure,
      now: () => clock.now,
      createHome: (table) => new SharedHome({ sessionIdleTimeout: TTL, maxSessions, retryInterval: undefined }, {
        table,
        node,
        now: () => clock.now,
        forwardsNotifications: true,
        onUncertain () {},
        logFailure,
        onMissed: (session) => { missed.push(session.sessionId) },
        onNotified: (session, method, params) => {
          events.push(`${session.sessionId} ${method} ${JSON.stringify(params)}`)
        },
        onChanged: (events) => { changed.push(events) },
        onChangesMissed () {},
        onDescribed () {},
        onNodeLeft () {},
        onLeft: (session) => { left.push(session.sessionId) }
      })
    })
    sessions.on('opened', ({ sessionId }) => { events.push(`opened ${sessionId}`) })
    sessions.on('ended', ({ sessionId }, reason) => { events.push(`${reason} ${sessionId}`) })
    sessions.start()
    await node.start()
    return { node, sessions, events, left, missed, changed, failures }
  }
  return { clock, cluster, nodes: [await create(), await create()] as const }
}

async function open ({ sessions }: TestNode, principal?: string): Promise<Session> {
  const session = await sessions.open({ protocolVersion: '2025-11-25', client: CLIENT, principal })
  if ('refused' in session) throw new Error('too many sessions')
  return session
}

async function loadFrom ({ sessions }: TestNode, sessionId: string, principal?: string): Promise<Session> {
  const session = await sessions.find(sessionId, { principal, isUse: true })
  if (session === undefined) throw new Error('there is no such session')
  return session
}

t.test('a session is rebuilt from its record once, and for its principal only', async (t) => {
  const { nodes: [a, b] } = await createNodes()
  const { sessionId } = await open(a, 'ann')

  const session = await loadFrom(b, sessionId, 'ann')

  t.match(session, {
    sessionId,
    era: 'legacy',
    protocolVersion: '2025-11-25',
    client: CLIENT,
    principal: 'ann',
    logLevel: 'debug'
  })
  t.equal(await loadFrom(b, sessionId, 'ann'), session)
  t.equal(await b.sessions.find(sessionId, { principal: 'bob', isUse: true }), undefined)
  t.same([a.events, b.events], [[`opened ${sessionId}`], []])
  t.equal(b.sessions.size, 1)
  t.equal(await b.sessions.count(), 1)
  t.equal([...b.sessions].length, 1)
})

t.test(
  'the store is not asked for an id with characters that our ids do not have',
  async (t) => {
    const asked: string[] = []
    const {
      nodes: [a, b]
    } = await createNodes({
      wrap: (node) => ({
        ...node,
        sessions: {
          ...node.sessions,
          load: async (sessionId, ttl) => {
            asked.push(sessionId)
            return node.sessions.load(sessionId, ttl)
          }
        }
      })
    })
    const { sessionId } = await open(a)
    const hostile = [
      '',
      '*',
      `${sessionId}*`,
      `${sessionId}\n`,
      `${sessionId}\u0000`,
      ` ${sessionId}`,
      sessionId.toUpperCase(),
      `{${sessionId}}`,
      '}'.repeat(36),
      '*'.repeat(36),
      `s:${sessionId}`,
      `${sessionId}.1`,
      `${sessionId.slice(0, -1)}:`,
      `${sessionId.slice(0, -1)}\uff10`,
      '__proto__'
    ]

    for (const id of hostile) {
      await b.sessions.find(id, { principal: undefined, isUse: true })
      t.equal(b.sessions.get(id), undefined, id)
    }

    t.strictSame(asked, [])
    t.equal((await loadFrom(b, sessionId)).sessionId, sessionId)
  }
)

/** Creates nodes that record their requests to the session store. */
async function createAsking () {
  const asked: string[] = []
  const gate = createGate()
  const { nodes: [a, b], ...rest } = await createNodes({
    wrap: (node) => ({
      ...node,
      sessions: {
        ...node.sessions,
        load: (...args) => { asked.push('load'); return node.sessions.load(...args) },
        renew: async (...args) => {
          asked.push('renew')
          const level = await node.sessions.renew(...args)
          await gate.promise
          return level
        }
      }
    })
  })
  return { ...rest, a, b, asked, gate }
}

t.test(
  'a node reads a record once, and still knows the current log level',
  async (t) => {
    const { a, b, asked, gate } = await createAsking()
    const { sessionId } = await open(a)
    gate.open()

    await Promise.all(Array.from({ length: 10 }, () => loadFrom(b, sessionId)))
    const first = asked.splice(0)
    await a.node.sessions.change(sessionId, { kind: 'logLevel', level: 'error' })
    const session = await loadFrom(b, sessionId)

    t.same(first, ['load'])
    t.same(asked, ['renew'])
    t.equal(session.logLevel, 'error')
  }
)

t.test('a session that its node stops holding during a request is rebuilt', async (t) => {
  const { a, b, asked, clock, gate } = await createAsking()
  const { sessionId } = await open(a)
  const before = await loadFrom(b, sessionId)
  const loading = loadFrom(b, sessionId)
  await until(() => asked.length === 2)
  clock.now += TTL / 2
  await a.node.sessions.touch([sessionId], TTL)
  clock.now += TTL / 2
  await b.sessions.home.sweep()
  gate.open()

  t.not(await loading, before)
  t.same(asked, ['load', 'renew', 'load'])
})

t.test('no more sessions than maxSessions are opened, by all nodes together', async (t) => {
  const { nodes: [a, b] } = await createNodes({ maxSessions: 1 })
  await open(a)

  t.equal(b.sessions.max, 1)
  t.same(await b.sessions.open({ protocolVersion: '2025-11-25', client: CLIENT }), { refused: 'mount', max: 1 })
  t.same(b.events, [])
})

t.test('the store is asked only for well-formed session ids', async (t) => {
  const { cluster, nodes: [a] } = await createNodes()
  cluster.beginOutage()

  await a.sessions.find('x'.repeat(36), { principal: undefined, isUse: true })
  await a.sessions.find('', { principal: undefined, isUse: true })
  await t.rejects(a.sessions.home.find('0'.repeat(36), undefined, true), ClusterUnreachableError)
})

t.test('a session that is ended on one node has ended on all of them', async (t) => {
  const { nodes: [a, b] } = await createNodes()
  const { sessionId } = await open(a)
  const cancelled = createGate<string>()
  const session = await loadFrom(b, sessionId)
  session.begin(1, { isOver: false, cancel: (reason) => cancelled.open(reason) })

  await a.sessions.finish(sessionId, 'deleted')

  t.equal(await cancelled.promise, 'the session was deleted')
  t.equal(b.sessions.get(sessionId), undefined)
  t.same([a.events.at(-1), b.events.at(-1)], [`deleted ${sessionId}`, `deleted ${sessionId}`])
  t.same([a.left, b.left], [[sessionId], [sessionId]])
  await a.sessions.find(sessionId, { principal: undefined, isUse: true })
  t.equal(a.sessions.get(sessionId), undefined)
})

t.test('a failure to end a session rejects the promise, and is not reported during an outage', async (t) => {
  const { cluster, nodes: [a] } = await createNodes()
  const { sessionId } = await open(a)
  cluster.beginOutage()

  a.sessions.finish(sessionId, 'refused')
  await t.rejects(a.sessions.home.end(sessionId, 'deleted'), ClusterUnreachableError)

  t.same(a.failures, [])
})

t.test(
  'a session lives while any node serves a request or a connected client of it',
  async (t) => {
    const {
      clock,
      nodes: [a, b]
    } = await createNodes()
    const { sessionId } = await open(a)
    const session = await loadFrom(b, sessionId)
    const { sink } = createSink()
    await session.streams.listen().attach(sink)

    for (const now of [900, 1800, 2700]) {
      clock.now = now
      await b.sessions.home.sweep()
    }
    t.equal(await a.sessions.count(), 1)
    await a.sessions.home.sweep()
    t.equal(a.sessions.size, 0, 'it goes on elsewhere')
    t.same([a.events, a.left], [[`opened ${sessionId}`], [sessionId]])

    session.streams.listen().detach(sink)
    clock.now = 3700
    await b.sessions.home.sweep()

    t.same(b.events, [`idle ${sessionId}`])
    t.equal(await b.sessions.count(), 0)
  }
)

t.test('the idle time of a session counts from its last request', async (t) => {
  const { clock, nodes: [a] } = await createNodes()
  const session = await open(a)
  clock.now = 600
  await a.sessions.find(session.sessionId, { principal: undefined, isUse: true })
  session.begin(1)
  a.sessions.settle(session, 1)

  clock.now = 1599
  await a.sessions.home.sweep()
  t.ok(a.sessions.get(session.sessionId))
  clock.now = 1600
  await a.sessions.home.sweep()

  t.equal(a.sessions.get(session.sessionId), undefined)
  t.same(a.left, [session.sessionId])
})

t.test(
  'a session that leaves the store while a request runs was deleted, and the request ends',
  async (t) => {
    const {
      cluster,
      nodes: [a, b]
    } = await createNodes()
    const begin = async (): Promise<{ readonly sessionId: string; readonly cancelled: Promise<string> }> => {
      const session = await open(a)
      const cancelled = createGate<string>()
      session.begin(1, { isOver: false, cancel: (reason) => cancelled.open(reason) })
      return { sessionId: session.sessionId, cancelled: cancelled.promise }
    }

    // The next sweep finds the end of the session,
    const first = await begin()
    await b.node.sessions.delete(first.sessionId)
    await a.sessions.home.sweep()
    t.equal(await first.cancelled, 'the session was deleted')

    // another request of the client finds it before the message of the other node arrives,
    const second = await begin()
    await b.node.sessions.delete(second.sessionId)
    await a.sessions.find(second.sessionId, { principal: undefined, isUse: true })
    t.equal(await second.cancelled, 'the session was deleted')

    // and a node that missed the message finds it after the outage.
    const third = await begin()
    cluster.beginOutage(a.node.id)
    await b.sessions.finish(third.sessionId, 'deleted')
    cluster.endOutage(a.node.id)
    t.equal(await third.cancelled, 'the session was deleted')
  }
)

t.test('a session that becomes busy while its node checks whether it is idle stays', async (t) => {
  const gate = createGate()
  const asked = createGate()
  const { clock, nodes: [a, b] } = await createNodes({
    wrap: (node) => ({
      ...node,
      sessions: {
        ...node.sessions,
        readState: async (sessionId) => {
          asked.open()
          await gate.promise
          return node.sessions.readState(sessionId)
        }
      }
    })
  })
  const { sessionId } = await open(a)
  const session = await loadFrom(b, sessionId)
  clock.now = 999
  await a.sessions.find(sessionId, { principal: undefined, isUse: true })
  clock.now = 1000
  const swept = b.sessions.home.sweep()
  await asked.promise

  session.begin(1)
  gate.open()
  await swept

  t.equal(b.sessions.get(sessionId), session)
})

t.test('the messages of other nodes reach the session that they name', async (t) => {
  const { nodes: [a, b] } = await createNodes()
  const { sessionId } = await open(a)
  const session = await loadFrom(b, sessionId)
  const cancelled = createGate<string>()
  session.begin(7, { isOver: false, cancel: (reason) => cancelled.open(reason) })
  const question = session.questions.ask(
    { send () {} },
    { method: 'roots/list', params: {} },
    { timeout: 0, signal: new AbortController().signal }
  )
  const { link } = a.sessions.home

  const awaited = [7, 8, '7'].map((requestId) => link.ask(b.node.id, { kind: 'awaited', sessionId, requestId }))
  t.same(
    await Promise.all([...awaited, link.ask(b.node.id, { kind: 'awaited', sessionId: 'another', requestId: 7 })]),
    [1, 0, 0, 0]
  )
  await link.broadcast({ kind: 'cancelled', sessionId, requestId: 7, reason: 'enough' })
  await link.send(b.node.id, {
    kind: 'answered',
    sessionId,
    id: `ask-${b.node.id}-1`,
    answer: { result: { roots: [] } }
  })
  await link.broadcast({ kind: 'notified', sessionId, method: 'notifications/initialized', params: {} })
  await link.broadcast({ kind: 'notified', sessionId: 'another', method: 'notifications/initialized', params: {} })
  await link.broadcast({ kind: 'changed', events: [{ kind: 'tools' }] })
  await link.broadcast({ kind: 'watched', sessionId, uri: 'notes://a', watches: true })
  const another = { sessionId: 'another' }
  const others: readonly NodeMessage[] = [
    { ...another, kind: 'paused' },
    { ...another, kind: 'ended', reason: 'deleted' },
    { ...another, kind: 'taken', streamId: 'another.0', turn: 1 },
    { ...another, kind: 'watched', uri: '', watches: true },
    { ...another, kind: 'cancelled', requestId: 1, reason: '' },
    { ...another, kind: 'answered', id: 1, answer: {} }
  ]
  for (const message of others) await link.broadcast(message)
  await link.broadcast({ kind: 'paused', sessionId })

  t.equal(await cancelled.promise, 'enough')
  t.same(await question, { roots: [] })
  t.ok(session.subscriptions.has('notes://a'))
  t.same(b.events, [`${sessionId} notifications/initialized {}`])
  t.same(b.changed, [[{ kind: 'tools' }]])
  t.same(a.changed, [])
})

t.test('a reply is released when its client resumes it on another node', async (t) => {
  const { nodes: [a, b] } = await createNodes()
  const session = await open(a)
  const stream = session.streams.openReply([1])
  const client = createSink()
  stream.attach(client.sink)
  await client.untilTold(`prime ${stream.id}.0 undefined`)

  await b.sessions.home.link.broadcast({ kind: 'taken', sessionId: session.sessionId, streamId: stream.id, turn: 1 })

  t.equal(client.told.at(-1), 'end')
})

t.test('events that were sent during an outage are stored afterwards, and then the reply ends', async (t) => {
  const { cluster, nodes: [a] } = await createNodes()
  const session = await open(a)
  const stream = session.streams.openReply([1])
  const client = createSink()
  stream.attach(client.sink)
  await client.untilTold(`prime ${stream.id}.0 undefined`)
  cluster.beginOutage()

  stream.send('a')
  const ended = session.streams.endReply(stream)
  await client.untilTold('end')
  cluster.endOutage()
  await ended

  t.same(client.told, [`prime ${stream.id}.0 undefined`, 'send a undefined', 'end'])
  t.same(await a.node.events.read(stream.id, 0), [{ seq: 1, message: 'a' }])
  t.same((await a.node.sessions.readState(session.sessionId))?.calls, new Map())
})

t.test('a reply that begins during an outage is not stored', async (t) => {
  const { cluster, nodes: [a] } = await createNodes()
  const session = await open(a)
  cluster.beginOutage()

  const stream = session.streams.openReply([1])
  const client = createSink()
  stream.attach(client.sink)
  stream.send('a')
  await client.untilTold('send a undefined')

  t.same(client.told, ['send a undefined'])
})

t.test('after an outage connected clients are reported as having possibly missed changes', async (t) => {
  const { cluster, nodes: [a, b] } = await createNodes()
  const { sessionId } = await open(a)
  const session = await loadFrom(b, sessionId)
  const { sink } = createSink()
  await session.streams.listen().attach(sink)
  await loadFrom(a, sessionId)
  cluster.beginOutage()

  await b.sessions.home.check()
  cluster.endOutage()
  await until(() => b.missed.length > 0)

  t.same([a.missed, b.missed], [[], [sessionId]])
})

t.test(
  'after an outage a followed stream is read once, and its client gets the missing events',
  async (t) => {
    const reads: string[] = []
    const wrap = (node: ClusterNode): ClusterNode => {
      const events = {
        ...node.events,
        read: (...args: Parameters<typeof node.events.read>) => {
          reads.push(args[0])
          return node.events.read(...args)
        }
      }
      return Object.assign(Object.create(node), { events })
    }
    const {
      cluster,
      nodes: [a, b]
    } = await createNodes({ wrap })
    const { sessionId } = await open(a)
    const client = createSink()
    const stream = (await loadFrom(b, sessionId)).streams.listen()
    await stream.attach(client.sink)

    cluster.beginOutage(b.node.id)
    await a.node.events.append(stream.id, 'meanwhile')
    cluster.endOutage(b.node.id)
    await client.untilTold(`replay meanwhile ${stream.id}.1`)
    await new Promise(setImmediate)

    t.same(reads, [stream.id])
  }
)

t.test(
  'after an outage a node does not confirm to the next one that no change was missed',
  async (t) => {
    const known = createGate()
    let isHeld = false
    const wrap = (node: ClusterNode): ClusterNode => {
      const readState = async (sessionId: string) => {
        if (isHeld) await known.promise
        return await node.sessions.readState(sessionId)
      }
      return Object.assign(Object.create(node), { sessions: { ...node.sessions, readState } })
    }
    const {
      cluster,
      nodes: [a]
    } = await createNodes({ wrap })
    const session = await loadFrom(a, (await open(a)).sessionId)
    await session.streams.listen().attach(createSink().sink)

    isHeld = true
    cluster.beginOutage(a.node.id)
    cluster.endOutage(a.node.id)
    const isComplete =
      session.streams instanceof NodeStreams && session.streams.release(getStreamIdOf(session.sessionId), 100)
    known.open()

    t.notOk(isComplete)
  }
)

t.test('a log level or subscription that cannot be stored is not acknowledged', async (t) => {
  const { cluster, nodes: [a] } = await createNodes()
  const session = await open(a)
  cluster.beginOutage()
  const refusal = { code: ErrorCode.InternalError, message: 'The store of sessions cannot be reached; try again later' }

  await t.rejects(Promise.resolve(session.setLogLevel('error')), refusal)
  await t.rejects(Promise.resolve(session.subscriptions.add('notes://a')), refusal)

  t.equal(session.subscriptions.size, 0)
})

t.test('a subscription that cannot be stored is removed again', async (t) => {
  const wrap = (node: ClusterNode): ClusterNode => {
    const change: typeof node.sessions.change = async (sessionId, what) => {
      if (what.kind === 'subscribe') throw new Error('full')
      await node.sessions.change(sessionId, what)
    }
    return Object.assign(Object.create(node), { sessions: { ...node.sessions, change } })
  }
  const { nodes: [a] } = await createNodes({ wrap })
  const session = await open(a)

  await t.rejects(Promise.resolve(session.subscriptions.add('notes://a')), { message: 'full' })

  t.notOk(session.subscriptions.has('notes://a'))
})

t.test('the sessions of a node that stops go on elsewhere', async (t) => {
  const { nodes: [a, b] } = await createNodes()
  const { sessionId } = await open(a)
  const session = await loadFrom(a, sessionId)
  const client = createSink()
  await session.streams.listen().attach(client.sink)

  await a.sessions.stop()

  t.equal(a.sessions.size, 0)
  t.same(a.left, [sessionId])
  t.equal(client.told.at(-1), 'end')
  t.equal((await b.node.sessions.readState(sessionId))?.listener, undefined)
  t.same(a.events, [`opened ${sessionId}`])
  await loadFrom(b, sessionId)
})

t.test('a node can stop during an outage', async (t) => {
  const { cluster, nodes: [a] } = await createNodes()
  const session = await open(a)
  const client = createSink()
  await session.streams.listen().attach(client.sink)
  const stream = session.streams.openReply([1])
  stream.attach(createSink().sink)
  cluster.beginOutage()
  stream.send('a')

  await a.sessions.stop()

  t.equal(a.sessions.size, 0)
})

t.test('a store or a listener that fails is reported', async (t) => {
  const broken = new Error('no disk')
  const { nodes: [a, b] } = await createNodes({
    wrap: (node) => {
      const fail = async (): Promise<never> => { throw broken }
      return { ...node, sessions: { ...node.sessions, connect: fail, touch: fail } }
    }
  })
  a.sessions.on('opened', () => { throw new Error('oops') })
  const { sessionId } = await open(a)
  const session = await loadFrom(b, sessionId)

  await t.rejects(Promise.resolve(session.streams.listen().attach(createSink().sink)), broken)
  session.streams.openReply([1])
  session.begin()
  await b.sessions.home.recover()

  t.match(a.failures, [[{ message: 'oops' }, "a listener of 'opened'"]])
  t.same(b.failures, [[broken, 'the session store']])
})
