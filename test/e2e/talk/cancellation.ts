// Tests calls that their clients cancel, during the work and while the user is asked.
import t, { type Test } from 'tap'
import { createGate } from '../../support/stream.ts'
import {
  clientKinds,
  v1,
  v2Legacy,
  type Answering,
  type ClientKind,
  type OfficialClient
} from '../../support/clients.ts'
import { untilNoted, untilSo, type SetUp, type Stage } from './stage.ts'

/** A client of a server that works until it is stopped, or asks its user. */
interface Scene {
  readonly client: OfficialClient
  readonly stage: Stage
  /** Resolves when the user is asked. The user answers when the test calls `agree`. */
  readonly asked: Promise<void>
  readonly agree: () => void
}

const CLOSED = 'is stopped: Error: The client closed the connection'

function deleteSession ({ url }: Stage, sessionId = ''): Promise<Response> {
  return fetch(url, {
    method: 'DELETE',
    headers: { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' }
  })
}

// Messages that a client sent just before it left may arrive later.
async function untilNothingIsLeft (stage: Stage): Promise<void> {
  await untilSo(async () => Object.values(await stage.stats()).every((count) => count === 0))
}

async function untilAnswered (stage: Stage): Promise<void> {
  await untilSo(async () => (await stage.stats()).exchanges === 0)
}

async function countCalls (stage: Stage): Promise<number> {
  return (await stage.notes()).filter((note) => note.endsWith('begins')).length
}

/** Tests cancelled calls of all clients. */
export function testCancellation (setUp: SetUp): void {
  async function begin (t: Test, kind: ClientKind): Promise<Scene> {
    const asked = createGate<void>()
    const agreed = createGate<void>()
    const answering: Answering = {
      async elicit () {
        asked.open()
        await agreed.promise
        return { action: 'accept', content: { agreed: true } }
      }
    }
    const stage = await setUp(t, 'slow')
    const client = await kind.connect(stage.url, 'slow', answering)
    t.teardown(() => client.close())
    return { client, stage, asked: asked.promise, agree: agreed.open }
  }

  for (const kind of clientKinds) {
    t.test(`${kind.title} cancels a call, which aborts ctx.signal, and then calls another tool`, async (t) => {
      const { client, stage } = await begin(t, kind)
      const controller = new AbortController()
      const call = client.callTool('work', {}, { signal: controller.signal })
      const rejected = t.rejects(call, /enough/)
      await untilNoted(stage, 'work begins')

      controller.abort('enough')

      await rejected
      await untilNoted(stage, 'work is stopped')
      t.match(
        (await stage.notes())[1],
        kind.era === 'legacy' ? /^work is stopped: Error: The request was cancelled: .*enough/ : `work ${CLOSED}`
      )
      await untilAnswered(stage)
      t.match(await client.callTool('here'), { content: [{ text: 'yes' }] })
    })

    t.test(`${kind.title} cancels one of two calls, and the other one goes on`, async (t) => {
      const { client, stage } = await begin(t, kind)
      const [first, second] = [new AbortController(), new AbortController()]
      const rejected = t.rejects(client.callTool('work', {}, { signal: first.signal }), /first/)
      await untilSo(async () => await countCalls(stage) === 1)
      const lasting = t.rejects(client.callTool('work', {}, { signal: second.signal }), /second/)
      await untilSo(async () => await countCalls(stage) === 2)
      const countStopped = async (): Promise<number> =>
        (await stage.notes()).filter((note) => note.includes('is stopped')).length

      first.abort('first')

      await rejected
      await untilSo(async () => await countStopped() > 0)
      t.equal(await countStopped(), 1)
      second.abort('second')
      await lasting
      await untilSo(async () => await countStopped() === 2)
      await untilAnswered(stage)
    })

    t.test(`${kind.title} cancels a call that waits for its user, and a late answer does not continue the call`, async (t) => {
      const { client, stage, asked, agree } = await begin(t, kind)
      const controller = new AbortController()
      const rejected = t.rejects(client.callTool('ask', {}, { signal: controller.signal }), /enough/)
      await asked

      controller.abort('enough')
      // A modern call ends when it asks, so there is nothing to abort.
      if (kind.era === 'legacy') await untilNoted(stage, 'ask is stopped')
      agree()

      await rejected
      await untilAnswered(stage)
      t.match(await client.callTool('here'), { content: [{ text: 'yes' }] })
      t.equal(await countCalls(stage), 1)
    })

    t.test(`${kind.title} disconnects during a call, which aborts ctx.signal and leaves nothing behind`, async (t) => {
      const { client, stage } = await begin(t, kind)
      const { sessionId } = client
      const rejected = t.rejects(client.callTool('work'), /closed|aborted/i)
      await untilNoted(stage, 'work begins')

      await client.close()

      await rejected
      await untilNoted(stage, `work ${CLOSED}`)
      t.equal(await countCalls(stage), 1)
      // A session outlasts its connections.
      if (kind.era === 'legacy') await deleteSession(stage, sessionId)
      await untilNothingIsLeft(stage)
    })

    t.test(`${kind.title} disconnects while its user is asked, which leaves nothing behind`, async (t) => {
      const { client, stage, asked, agree } = await begin(t, kind)
      const { sessionId } = client
      const rejected = t.rejects(client.callTool('ask'), /closed|not connected/i)
      await asked
      t.equal(
        (await stage.stats()).exchanges,
        kind.era === 'legacy' ? 1 : 0,
        'only a legacy call is open while the user is asked'
      )

      await client.close()
      agree()

      await rejected
      if (kind.era === 'legacy') {
        // With an event store, a call outlives its connection and waits for its client to resume.
        if (!stage.isResumable) await untilNoted(stage, `ask ${CLOSED}`)
        await deleteSession(stage, sessionId)
        await untilNoted(
          stage,
          stage.isResumable ? 'ask is stopped: Error: The request was cancelled: the session was deleted' : CLOSED
        )
      }
      await untilNothingIsLeft(stage)
      t.equal(await countCalls(stage), 1)
    })
  }

  for (const kind of [v1, v2Legacy]) {
    t.test(`${kind.title} ends its session while its user is asked, and the call ends, too`, async (t) => {
      const { client, stage, asked } = await begin(t, kind)
      const rejected = t.rejects(client.callTool('ask'), /closed|aborted/i)
      await asked

      await client.terminateSession()

      await untilNoted(stage, 'ask is stopped: Error: The request was cancelled: the session was deleted')
      t.equal(await countCalls(stage), 1)
      await untilNothingIsLeft(stage)
      await client.close()
      await rejected
    })
  }
}
