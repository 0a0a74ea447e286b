import t from 'tap'
import { findShareProblem, resolveShares } from '../../lib/shares/share-options.ts'

const LIMITS = {
  maxSessions: 10_000,
  maxStreams: 1024,
  maxCallsInFlight: 500,
  maxWatched: 1000,
  maxWatchedTotal: 50_000
}

t.test('with auth a principal has a tenth, but at least ten unless that is more than half', async (t) => {
  t.same(resolveShares({ auth: {}, ...LIMITS }), {
    by: 'principal',
    sessions: 1000,
    streams: 103,
    calls: 50,
    watched: 5000,
    displaces: false
  })
  const sessionsOf = (maxSessions: number): number => resolveShares({ auth: {}, ...LIMITS, maxSessions }).sessions
  t.same([1, 2, 3, 15, 20, 50, 100, 101].map(sessionsOf), [1, 1, 2, 8, 10, 10, 10, 11])
})

t.test('with auth a principal may watch at least as much as one client, unless that is more than half', async (t) => {
  const watchedOf = (maxWatchedTotal: number): number => resolveShares({ auth: {}, ...LIMITS, maxWatchedTotal }).watched
  t.same([1, 1000, 1999, 5000, 10_000, 10_001].map(watchedOf), [1, 500, 1000, 1000, 1000, 1001])
})

t.test('a share that is set replaces the default', async (t) => {
  const shares = {
    maxSessionsPerPrincipal: 1, maxStreamsPerPrincipal: 2, maxWatchedPerPrincipal: 3, maxCallsInFlightPerPrincipal: 4
  }
  t.same(resolveShares({ auth: {}, ...LIMITS, ...shares }), {
    by: 'principal', sessions: 1, streams: 2, calls: 4, watched: 3, displaces: false
  })
})

t.test('without auth callers are told apart only by address, if at all', async (t) => {
  t.same(resolveShares(LIMITS), {
    by: undefined,
    sessions: Infinity,
    streams: Infinity,
    calls: Infinity,
    watched: Infinity,
    displaces: true
  })
  const options = [
    ['maxSessionsPerAddress', 'sessions'],
    ['maxStreamsPerAddress', 'streams'],
    ['maxCallsInFlightPerAddress', 'calls'],
    ['maxWatchedPerAddress', 'watched']
  ] as const
  for (const [option, name] of options) {
    t.same(resolveShares({ ...LIMITS, [option]: 7 }), {
      by: 'address',
      sessions: Infinity,
      streams: Infinity,
      calls: Infinity,
      watched: Infinity,
      displaces: true,
      [name]: 7
    })
  }
})

t.test('a share that does not fit auth is refused, and the message names the one that does', async (t) => {
  t.same(findShareProblem({ maxStreamsPerPrincipal: 5 }), {
    name: 'maxStreamsPerPrincipal',
    problem:
      "needs 'auth', which identifies the callers; set it, or use 'maxStreamsPerAddress' for a mount without 'auth'"
  })
  t.same(findShareProblem({ auth: {}, maxSessionsPerAddress: 5 }), {
    name: 'maxSessionsPerAddress',
    problem:
      "has no effect with 'auth', which identifies callers better than their addresses do; " +
        "use 'maxSessionsPerPrincipal'"
  })
  t.equal(findShareProblem({ auth: {}, maxSessionsPerPrincipal: 5 }), undefined)
  t.equal(findShareProblem({ maxSessionsPerAddress: 5 }), undefined)
})
