// Tests the messages of servers during a call: progress and log messages.
import t, { type Test } from 'tap'
import { clientKinds, v1, v2Legacy, v2Modern, type ClientKind, type OfficialClient } from '../../support/clients.ts'
import { connect as connectTo } from '../../support/everything.ts'
import type { SetUp, Stage } from './stage.ts'

function connect (t: Test, kind: ClientKind, { url }: Stage): Promise<OfficialClient> {
  return connectTo(t, kind, url)
}

/** Tests the notifications of servers during calls. */
export function testNotifications (setUp: SetUp): void {
  for (const kind of clientKinds) {
    t.test(`${kind.title} receives the progress of a call in order and before the result`, async (t) => {
      const client = await connect(t, kind, await setUp(t, 'everything'))
      const seen: unknown[] = []

      const answer = await client.callTool('count', { to: 3 }, { onprogress: (progress) => seen.push(progress) })
      seen.push('the result')

      t.match(answer, { content: [{ text: '3 counted' }] })
      t.strictSame(seen, [
        { progress: 1, total: 3, message: 'counted to 1' },
        { progress: 2, total: 3, message: 'counted to 2' },
        { progress: 3, total: 3, message: 'counted to 3' },
        'the result'
      ])
    })

    t.test(`${kind.title} receives the progress of two simultaneous calls separately`, async (t) => {
      const client = await connect(t, kind, await setUp(t, 'everything'))
      const few: unknown[] = []
      const many: unknown[] = []

      await Promise.all([
        client.callTool('count', { to: 1 }, { onprogress: (progress) => few.push(progress) }),
        client.callTool('count', { to: 2 }, { onprogress: (progress) => many.push(progress) })
      ])

      t.strictSame(few, [{ progress: 1, total: 1, message: 'counted to 1' }])
      t.strictSame(many, [
        { progress: 1, total: 2, message: 'counted to 1' },
        { progress: 2, total: 2, message: 'counted to 2' }
      ])
    })

    t.test(`${kind.title} gets the same result without requesting progress`, async (t) => {
      const client = await connect(t, kind, await setUp(t, 'everything'))

      const answer = await client.callTool('count', { to: 3 })

      t.match(answer, { content: [{ text: '3 counted' }] })
    })
  }

  for (const kind of [v1, v2Legacy]) {
    t.test(`${kind.title} receives all log messages until it sets a level`, async (t) => {
      const client = await connect(t, kind, await setUp(t, 'everything'))

      await client.callTool('chat')
      const all = client.logs.slice()
      await client.setLogLevel('info')
      await client.callTool('chat')

      t.strictSame(all, [
        { level: 'debug', data: 'a detail' },
        { level: 'info', logger: 'reporter', data: { news: true } },
        { level: 'error', data: 'a failure' }
      ])
      t.strictSame(client.logs.slice(all.length), [
        { level: 'info', logger: 'reporter', data: { news: true } },
        { level: 'error', data: 'a failure' }
      ])
    })

    t.test(`${kind.title} gets a reply to its ping`, async (t) => {
      const client = await connect(t, kind, await setUp(t, 'everything'))

      const answer = await client.ping()

      t.strictSame(answer, {})
    })
  }

  t.test('the log level of one legacy client does not affect another', async (t) => {
    const stage = await setUp(t, 'everything')
    const quiet = await connect(t, v1, stage)
    const curious = await connect(t, v2Legacy, stage)

    await quiet.setLogLevel('emergency')
    await Promise.all([quiet.callTool('chat'), curious.callTool('chat')])

    t.strictSame(quiet.logs, [])
    t.equal(curious.logs.length, 3)
  })

  t.test('the modern client receives log messages only for requests that set a level', async (t) => {
    const client = await connect(t, v2Modern, await setUp(t, 'everything'))

    await client.callTool('chat')
    const unasked = client.logs.slice()
    await client.callTool('chat', {}, { logLevel: 'info' })

    t.strictSame(unasked, [])
    t.strictSame(client.logs, [
      { level: 'info', logger: 'reporter', data: { news: true } },
      { level: 'error', data: 'a failure' }
    ])
  })
}
