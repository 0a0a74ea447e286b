import t from 'tap'
import type { ServerDefinition } from '../../lib/index.ts'
import { SessionDisposal } from '../../lib/server/session-disposal.ts'
import { createGate } from '../support/stream.ts'
import { createTalker } from '../support/talk.ts'

function createServer (ended: NonNullable<ServerDefinition['ended']>): ServerDefinition {
  return { ...createTalker(() => ({})), ended }
}

t.test('done() waits until the definition has disposed of each session', async (t) => {
  const gate = createGate()
  const over: object[] = []
  const disposal = new SessionDisposal(createServer(async (session) => {
    await gate.promise
    over.push(session)
  }), () => {})
  const sessions = [{ id: 1 }, { id: 2 }]

  for (const session of sessions) disposal.begin(session)
  const done = disposal.done()
  const before = over.length
  gate.open()
  await done

  t.equal(before, 0)
  t.same(over, sessions)
})

t.test('a definition that fails to dispose of a session is logged and does not stop the others', async (t) => {
  const failures: unknown[] = []
  const errors = [new Error('thrown'), new Error('rejected')]
  const disposal = new SessionDisposal(createServer((session) => {
    if (session === errors[0]) throw errors[0]
    return Promise.reject(errors[1])
  }), (err) => { failures.push(err) })

  for (const error of errors) disposal.begin(error)
  await disposal.done()

  t.same(failures, errors)
})

t.test('a definition without `ended` has nothing to dispose of', async (t) => {
  const disposal = new SessionDisposal(createTalker(() => ({})), () => t.fail())

  disposal.begin({})
  await disposal.done()

  t.pass()
})
