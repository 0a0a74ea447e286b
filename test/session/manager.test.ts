import t from 'tap'
import { createMemoryEventStore } from '../../lib/store/memory-event-store.ts'
import { SessionManager, type SessionSettings } from '../../lib/session/manager.ts'
import { Session } from '../../lib/session/session.ts'
import { createGate } from '../support/stream.ts'

const CLIENT = { capabilities: {} }

function createManager (limits: Partial<SessionSettings> = {}) {
  const clock = { now: 0 }
  const sessions = new SessionManager({ sessionIdleTimeout: 1000, maxSessions: 10, eventStore: undefined, retryInterval: undefined, ...limits }, () => {}, () => clock.now)
  const open = (): Session => {
    const session = sessions.open('2025-11-25', CLIENT)
    if ('refused' in session) throw new Error('too many sessions')
    return session
  }
  return { clock, sessions, open }
}

t.test('a session is found until it ends', async (t) => {
  const { sessions, open } = createManager()
  const session = open()

  t.equal(sessions.find(session.sessionId), session)
  t.equal(sessions.size, 1)
  t.equal(await sessions.count(), 1)
  sessions.end(session.sessionId, 'deleted')
  t.equal(sessions.find(session.sessionId), undefined)
  t.equal(sessions.size, 0)
})

t.test('no more sessions than maxSessions are opened', async (t) => {
  const { sessions, open } = createManager({ maxSessions: 2 })
  const session = open()
  open()

  t.equal(sessions.max, 2)
  t.same(sessions.open('2025-11-25', CLIENT), { refused: 'mount', max: 2 })
  sessions.end(session.sessionId, 'deleted')
  t.ok(open())
})

t.test('a session that is idle for the whole timeout ends, counted from its last request', async (t) => {
  const { clock, sessions, open } = createManager()
  const idle = open()
  const active = open()

  clock.now = 500
  active.begin()
  sessions.settle(active)
  clock.now = 999
  sessions.sweep()
  const before = sessions.size
  clock.now = 1000
  sessions.sweep()

  t.equal(before, 2)
  t.equal(sessions.find(idle.sessionId), undefined)
  t.equal(sessions.find(active.sessionId), active)
})

t.test('a session with a request open does not end, however long that takes', async (t) => {
  const { clock, sessions, open } = createManager()
  const session = open()
  session.begin()

  clock.now = 1_000_000
  sessions.sweep()
  const during = sessions.size
  sessions.settle(session)
  clock.now = 1_001_000
  sessions.sweep()

  t.equal(during, 1)
  t.equal(sessions.size, 0)
})

t.test('once started it looks for idle sessions by itself', async (t) => {
  const swept = createGate()
  const sessions = new SessionManager({ sessionIdleTimeout: 1, maxSessions: 10, eventStore: undefined, retryInterval: undefined }, () => {}, () => {
    if (sessions.size > 0) swept.open()
    return 0
  })
  sessions.open('2025-11-25', CLIENT)

  sessions.start()

  await t.resolves(swept.promise)
  sessions.stop()
})

t.test('a timeout of 0 ends no session', async (t) => {
  const { clock, sessions, open } = createManager({ sessionIdleTimeout: 0 })
  open()

  sessions.start()
  clock.now = 1_000_000

  t.equal(sessions.size, 1)
  sessions.stop()
})

t.test('stopping ends all sessions', async (t) => {
  const { sessions, open } = createManager()
  open()
  sessions.start()

  sessions.stop()

  t.equal(sessions.size, 0)
})

t.test('listeners are told of each session that opens and ends, and why', async (t) => {
  const { clock, sessions, open } = createManager()
  const told: unknown[] = []
  sessions.on('opened', ({ sessionId }) => told.push(['opened', sessionId]))
  sessions.on('ended', ({ sessionId }, reason) => told.push([reason, sessionId]))

  const ids = [open(), open(), open(), open()].map(({ sessionId }) => sessionId)
  sessions.end(String(ids[0]), 'deleted')
  sessions.end(String(ids[0]), 'deleted')
  sessions.end(String(ids[1]), 'refused')
  sessions.find(String(ids[3]))?.begin()
  clock.now = 1000
  sessions.sweep()
  sessions.stop()

  t.same(told, [...ids.map((id) => ['opened', id]), ['deleted', ids[0]], ['refused', ids[1]], ['idle', ids[2]], ['closed', ids[3]]])
})

t.test('a listener that throws is heard of, and keeps no session from opening or ending', async (t) => {
  const failures: unknown[] = []
  const sessions = new SessionManager({ sessionIdleTimeout: 0, maxSessions: 1, eventStore: undefined, retryInterval: undefined }, (error, what) => failures.push([error, what]))
  const error = new Error('mine')
  for (const name of ['opened', 'ended'] as const) sessions.on(name, () => { throw error })

  const session = sessions.open('2025-11-25', CLIENT)
  sessions.stop()

  t.ok(session)
  t.equal(sessions.size, 0)
  t.same(failures, [[error, "a listener of 'opened'"], [error, "a listener of 'ended'"]])
})

t.test('the events of a session are forgotten with it, if it had any', async (t) => {
  const forgotten: string[] = []
  const eventStore = { ...createMemoryEventStore(), forget (sessionId: string) { forgotten.push(sessionId) } }
  const { sessions, open } = createManager({ eventStore })
  const [silent, told] = [open(), open()]
  told.listen().send('{}')

  t.same([...sessions], [silent, told])
  sessions.stop()

  t.same(forgotten, [told.sessionId])
})

t.test('a store that fails to forget is heard of', async (t) => {
  const failures: unknown[] = []
  const error = new Error('no disk')
  const eventStore = { ...createMemoryEventStore(), forget () { throw error } }
  const sessions = new SessionManager({ sessionIdleTimeout: 0, maxSessions: 1, eventStore, retryInterval: undefined }, (...failure) => failures.push(failure))
  const session = sessions.open('2025-11-25', CLIENT)
  if (session instanceof Session) session.listen()

  sessions.stop()
  await new Promise(setImmediate)

  t.same(failures, [[error, 'the event store']])
})

t.test('one holder has its share of the sessions and no more, however often it tries', async (t) => {
  const shares = { by: 'principal', sessions: 2, displaces: false } as const
  const { sessions } = createManager({ maxSessions: 4, shares })
  const openFor = (holder?: string) => sessions.open('2025-11-25', CLIENT, { principal: holder, holder })
  const first = openFor('ann')
  openFor('ann')

  t.same([openFor('ann'), openFor('ann')], [{ refused: 'principal', max: 2 }, { refused: 'principal', max: 2 }])
  t.ok(openFor('bob') instanceof Session)
  t.ok(openFor() instanceof Session)
  t.same(openFor('eve'), { refused: 'mount', max: 4 })
  if (first instanceof Session) sessions.end(first.sessionId, 'deleted')
  t.ok(openFor('ann') instanceof Session)
  t.same(openFor('ann'), { refused: 'principal', max: 2 })
})

t.test('a place that was refused because all are taken is not counted', async (t) => {
  const { sessions, open } = createManager({ maxSessions: 1, shares: { by: 'principal', sessions: 1, displaces: false } })
  const other = open()

  t.same(sessions.open('2025-11-25', CLIENT, { holder: 'ann' }), { refused: 'mount', max: 1 })
  sessions.end(other.sessionId, 'idle')

  t.ok(sessions.open('2025-11-25', CLIENT, { holder: 'ann' }) instanceof Session)
})

t.test('of sessions that were never used the oldest makes room, and none that was used or is being served', async (t) => {
  const { sessions, open } = createManager({ maxSessions: 4, shares: { by: undefined, sessions: Infinity, displaces: true } })
  const ended: unknown[] = []
  sessions.on('ended', ({ sessionId }, reason) => ended.push([sessionId, reason]))
  const [used, serving, old, newer] = [open(), open(), open(), open()]
  used.use()
  serving.begin()

  const [next, last] = [open(), open()]
  next.use()
  last.use()

  t.same(ended, [[old.sessionId, 'displaced'], [newer.sessionId, 'displaced']])
  t.same(sessions.open('2025-11-25', CLIENT), { refused: 'mount', max: 4 })
  sessions.settle(serving)
  open()
  t.same(ended.at(-1), [serving.sessionId, 'displaced'])
})
