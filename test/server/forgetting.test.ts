import t from 'tap'
import type { ServerDefinition } from '../../lib/index.ts'
import { Forgetting } from '../../lib/server/forgetting.ts'
import { createGate } from '../support/stream.ts'
import { createTalker } from '../support/talk.ts'

function createServer (ended: NonNullable<ServerDefinition['ended']>): ServerDefinition {
  return { ...createTalker(() => ({})), ended }
}

t.test('done() waits until the definition has disposed of each session', async (t) => {
  const gate = createGate()
  const over: object[] = []
  const forgetting = new Forgetting(createServer(async (session) => {
    await gate.promise
    over.push(session)
  }), () => {})
  const sessions = [{ id: 1 }, { id: 2 }]

  for (const session of sessions) forgetting.begin(session)
  const done = forgetting.done()
  const before = over.length
  gate.open()
  await done

  t.equal(before, 0)
  t.same(over, sessions)
})

t.test('a definition that fails to dispose of a session is logged and does not stop the others', async (t) => {
  const failures: unknown[] = []
  const errors = [new Error('thrown'), new Error('rejected')]
  const forgetting = new Forgetting(createServer((session) => {
    if (session === errors[0]) throw errors[0]
    return Promise.reject(errors[1])
  }), (err) => { failures.push(err) })

  for (const error of errors) forgetting.begin(error)
  await forgetting.done()

  t.same(failures, errors)
})

t.test('a definition without `ended` has nothing to dispose of', async (t) => {
  const forgetting = new Forgetting(createTalker(() => ({})), () => t.fail())

  forgetting.begin({})
  await forgetting.done()

  t.pass()
})
