import t from 'tap'
import type { SessionHome } from '../../lib/session/home.ts'
import { summarize } from '../../lib/session/session-summary.ts'
import { Sessions } from '../../lib/session/sessions.ts'
import { hashSessionId } from '../../lib/telemetry/session-hash.ts'

const ID = 'a2b7c0de-0000-4000-8000-000000000001'

t.test('a summary has a hash in place of the id, and leaves open what nobody knows', (t) => {
  const session = { sessionId: ID, client: { capabilities: {} }, usedAt: 2000 }

  t.strictSame(summarize(session, { calls: 3, streams: 1 }), {
    idHash: hashSessionId(ID),
    principal: undefined,
    client: undefined,
    since: undefined,
    lastCall: new Date(2000),
    calls: 3,
    streams: 1
  })
  t.end()
})

t.test('a session that a store lists twice is listed once, unused if nobody knows its use', async (t) => {
  const session = { sessionId: ID, client: { info: { name: 'c', version: '1' }, capabilities: {} }, usedAt: 0 }
  // The list needs no other members of a home.
  const home = {
    async * list () {
      yield [session]
      yield [session, session]
    },
    usesOf: async () => []
  } as Partial<SessionHome> as SessionHome
  const sessions = new Sessions({ createHome: () => home, logFailure: () => {} })

  const listed = []
  for await (const { idHash, calls, streams } of sessions) listed.push({ idHash, calls, streams })

  t.strictSame(listed, [{ idHash: hashSessionId(ID), calls: 0, streams: 0 }])
})
