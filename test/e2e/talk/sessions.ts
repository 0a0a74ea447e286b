// Tests sessions of the official clients.
import t from 'tap'
import { failureOf, v1, v2Legacy, type OfficialClient } from '../../support/clients.ts'
import { connect } from '../../support/everything.ts'
import type { SetUp } from './stage.ts'

// Ends the session as an administrator would, or another process with the client's credentials.
async function endElsewhere (url: string, { sessionId }: OfficialClient): Promise<void> {
  const { status } = await fetch(url, { method: 'DELETE', headers: { 'mcp-session-id': String(sessionId) } })
  if (status !== 200) throw new Error(`the session was not ended: ${status}`)
}

/** Tests that clients end and lose their sessions. */
export function testSessions (setUp: SetUp): void {
  for (const kind of [v1, v2Legacy]) {
    t.test(`${kind.title} terminates its session`, async (t) => {
      const { url, countSessions } = await setUp(t, 'everything')
      const client = await connect(t, kind, url)
      const opened = await countSessions()

      await client.terminateSession()

      t.equal(opened, 1)
      t.equal(await countSessions(), 0)
      t.equal(client.sessionId, undefined, 'the client knows that it has none')
    })

    t.test(`${kind.title} gets 404 for a lost session, and opens a new one`, async (t) => {
      const { url } = await setUp(t, 'everything')
      const client = await connect(t, kind, url)
      const lost = client.sessionId
      await endElsewhere(url, client)

      const failure = await failureOf(client.callTool('greet', { name: 'Ada' }))
      await client.reconnect()
      const answer = await client.callTool('greet', { name: 'Ada' })

      t.equal(failure.code, 404)
      t.match(failure.message, /Session not found/)
      t.match(answer, { content: [{ text: 'Hello, Ada!' }] })
      t.not(client.sessionId, lost)
    })

    t.test(`${kind.title} ends its session, and the session of another client goes on`, async (t) => {
      const { url } = await setUp(t, 'everything')
      const client = await connect(t, kind, url)
      const other = await connect(t, kind, url)

      await client.terminateSession()
      const answer = await other.callTool('greet', { name: 'Ada' })

      t.match(answer, { content: [{ text: 'Hello, Ada!' }] })
    })
  }
}
