import t from 'tap'
import { createMemoryEventStore } from '../../lib/store/memory-event-store.ts'
import type { NoPlace } from '../../lib/shares/shares.ts'
import { LocalHome } from '../../lib/session/local-home.ts'
import { Session } from '../../lib/session/session.ts'
import { Sessions } from '../../lib/session/sessions.ts'
import type { LocalSessionSettings } from '../../lib/session/settings.ts'
import { createGate } from '../support/stream.ts'

const CLIENT = { capabilities: {} }

const SETTINGS = { sessionIdleTimeout: 1000, maxSessions: 10, eventStore: undefined, retryInterval: undefined }

interface Environment { readonly now?: () => number, readonly logFailure?: (error: unknown, what: string) => void }

function createSessions (
  settings: Partial<LocalSessionSettings>, { now = () => 0, logFailure = () => {} }: Environment = {}
): Sessions<LocalHome> {
  return new Sessions({
    logFailure,
    now,
    createHome: (table) => new LocalHome({ ...SETTINGS, ...settings }, { table, logFailure, now })
  })
}

function openFor ({ home }: Sessions<LocalHome>, holder?: string): Session | NoPlace {
  return home.open({ protocolVersion: '2025-11-25', client: CLIENT, principal: holder, holder })
}

function createHome (settings: Partial<LocalSessionSettings> = {}) {
  const clock = { now: 0 }
  const sessions = createSessions(settings, { now: () => clock.now })
  const open = (): Session => {
    const session = openFor(sessions)
    if ('refused' in session) throw new Error('too many sessions')
    return session
  }
  const find = (sessionId: string) => sessions.find(sessionId, { principal: undefined, isUse: true })
  return { clock, sessions, open, find }
}

t.test('a session is found until it ends', async (t) => {
  const { sessions, open, find } = createHome()
  const session = open()

  t.equal(find(session.sessionId), session)
  t.equal(sessions.size, 1)
  t.equal(await sessions.count(), 1)
  sessions.finish(session.sessionId, 'deleted')
  t.equal(find(session.sessionId), undefined)
  t.equal(sessions.size, 0)
})

t.test('no more sessions than maxSessions are opened', async (t) => {
  const { sessions, open } = createHome({ maxSessions: 2 })
  const session = open()
  open()

  t.equal(sessions.max, 2)
  t.same(openFor(sessions), { refused: 'mount', max: 2 })
  sessions.finish(session.sessionId, 'deleted')
  t.ok(open())
})

t.test('a session that is idle for the whole timeout ends, counted from its last request', async (t) => {
  const { clock, sessions, open, find } = createHome()
  const idle = open()
  const active = open()

  clock.now = 500
  active.begin()
  sessions.settle(active)
  clock.now = 999
  sessions.home.sweep()
  const before = sessions.size
  clock.now = 1000
  sessions.home.sweep()

  t.equal(before, 2)
  t.equal(find(idle.sessionId), undefined)
  t.equal(find(active.sessionId), active)
})

t.test('a session does not expire while one of its requests is being served', async (t) => {
  const { clock, sessions, open } = createHome()
  const session = open()
  session.begin()

  clock.now = 1_000_000
  sessions.home.sweep()
  const during = sessions.size
  sessions.settle(session)
  clock.now = 1_001_000
  sessions.home.sweep()

  t.equal(during, 1)
  t.equal(sessions.size, 0)
})

t.test('after start() idle sessions end automatically', async (t) => {
  const swept = createGate()
  let isOpen = false
  const sessions = createSessions({ sessionIdleTimeout: 1 }, {
    now () {
      if (isOpen) swept.open()
      return 0
    }
  })
  openFor(sessions)
  isOpen = true

  sessions.start()

  await t.resolves(swept.promise)
  sessions.stop()
})

t.test('a timeout of 0 ends no session', async (t) => {
  const { clock, sessions, open } = createHome({ sessionIdleTimeout: 0 })
  open()

  sessions.start()
  clock.now = 1_000_000

  t.equal(sessions.size, 1)
  sessions.stop()
})

t.test('stopping ends all sessions', async (t) => {
  const { sessions, open } = createHome()
  open()
  sessions.start()

  sessions.stop()

  t.equal(sessions.size, 0)
})

t.test('listeners are called for each session that opens and ends, with the reason', async (t) => {
  const { clock, sessions, open } = createHome()
  const told: unknown[] = []
  sessions.on('opened', ({ sessionId }) => told.push(['opened', sessionId]))
  sessions.on('ended', ({ sessionId }, reason) => told.push([reason, sessionId]))

  const ids = [open(), open(), open(), open()].map(({ sessionId }) => sessionId)
  sessions.finish(String(ids[0]), 'deleted')
  sessions.finish(String(ids[0]), 'deleted')
  sessions.finish(String(ids[1]), 'refused')
  sessions.get(String(ids[3]))?.begin()
  clock.now = 1000
  sessions.home.sweep()
  sessions.stop()

  t.same(told, [
    ...ids.map((id) => ['opened', id]),
    ['deleted', ids[0]],
    ['refused', ids[1]],
    ['idle', ids[2]],
    ['closed', ids[3]]
  ])
})

t.test('a listener that throws is reported, and does not keep a session from opening or ending', async (t) => {
  const failures: unknown[] = []
  const sessions = createSessions({ maxSessions: 1 }, { logFailure: (error, what) => { failures.push([error, what]) } })
  const error = new Error('mine')
  for (const name of ['opened', 'ended'] as const) sessions.on(name, () => { throw error })

  const session = openFor(sessions)
  sessions.stop()

  t.ok(session)
  t.equal(sessions.size, 0)
  t.same(failures, [[error, "a listener of 'opened'"], [error, "a listener of 'ended'"]])
})

t.test('the events of a session are dropped when it ends', async (t) => {
  const forgotten: string[] = []
  const eventStore = { ...createMemoryEventStore(), forget (sessionId: string) { forgotten.push(sessionId) } }
  const { sessions, open } = createHome({ eventStore })
  const [silent, told] = [open(), open()]
  told.streams.listen().send('{}')

  t.same([...sessions], [silent, told])
  sessions.stop()

  t.same(forgotten, [told.sessionId])
})

t.test('a store that fails to drop events is reported', async (t) => {
  const failures: unknown[] = []
  const error = new Error('no disk')
  const eventStore = { ...createMemoryEventStore(), forget () { throw error } }
  const sessions = createSessions(
    { maxSessions: 1, eventStore },
    {
      logFailure: (...failure) => { failures.push(failure) }
    }
  )
  const session = openFor(sessions)
  if (session instanceof Session) session.streams.listen()

  sessions.stop()
  await new Promise(setImmediate)

  t.same(failures, [[error, 'the event store']])
})

t.test('a holder gets no more sessions than its share', async (t) => {
  const shares = { by: 'principal', sessions: 2, displaces: false } as const
  const { sessions } = createHome({ maxSessions: 4, shares })
  const first = openFor(sessions, 'ann')
  openFor(sessions, 'ann')

  t.same(
    [openFor(sessions, 'ann'), openFor(sessions, 'ann')],
    [
      { refused: 'principal', max: 2 },
      { refused: 'principal', max: 2 }
    ]
  )
  t.ok(openFor(sessions, 'bob') instanceof Session)
  t.ok(openFor(sessions) instanceof Session)
  t.same(openFor(sessions, 'eve'), { refused: 'mount', max: 4 })
  if (first instanceof Session) sessions.finish(first.sessionId, 'deleted')
  t.ok(openFor(sessions, 'ann') instanceof Session)
  t.same(openFor(sessions, 'ann'), { refused: 'principal', max: 2 })
})

t.test('a session that was refused because all places are taken does not count towards the share', async (t) => {
  const { sessions, open } = createHome({ maxSessions: 1, shares: { by: 'principal', sessions: 1, displaces: false } })
  const other = open()

  t.same(openFor(sessions, 'ann'), { refused: 'mount', max: 1 })
  sessions.finish(other.sessionId, 'idle')

  t.ok(openFor(sessions, 'ann') instanceof Session)
})

t.test('the oldest unused session is displaced, and never one that was used or is being served', async (t) => {
  const { sessions, open } = createHome({
    maxSessions: 4,
    shares: { by: undefined, sessions: Infinity, displaces: true }
  })
  const ended: unknown[] = []
  sessions.on('ended', ({ sessionId }, reason) => ended.push([sessionId, reason]))
  const [used, serving, old, newer] = [open(), open(), open(), open()]
  used.use()
  serving.begin()

  const [next, last] = [open(), open()]
  next.use()
  last.use()

  t.same(ended, [[old.sessionId, 'displaced'], [newer.sessionId, 'displaced']])
  t.same(openFor(sessions), { refused: 'mount', max: 4 })
  sessions.settle(serving)
  open()
  t.same(ended.at(-1), [serving.sessionId, 'displaced'])
})
