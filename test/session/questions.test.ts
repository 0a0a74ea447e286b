import t from 'tap'
import { RpcError } from '../../lib/errors.ts'
import type { Question } from '../../lib/protocol/question.ts'
import { Questions } from '../../lib/session/questions.ts'
import { stopClock } from '../support/definition-client.ts'

const QUESTION: Question = { method: 'roots/list', params: {} }

function createQuestions () {
  const sent: unknown[] = []
  const sink = { send: (json: string) => { sent.push(JSON.parse(json)) } }
  const questions = new Questions()
  const controller = new AbortController()
  const ask = (timeout = 0): Promise<unknown> => questions.ask(sink, QUESTION, { timeout, signal: controller.signal })
  return { questions, sent, sink, controller, ask }
}

t.test('a question is sent with a unique id, and resolves to the result of its answer', async (t) => {
  const { questions, sent, ask } = createQuestions()

  const answers = [ask(), ask()]
  const taken = [questions.answer('ask-2', { result: 'second' }), questions.answer('ask-1', { result: 'first' })]

  t.same(sent, [{ jsonrpc: '2.0', id: 'ask-1', ...QUESTION }, { jsonrpc: '2.0', id: 'ask-2', ...QUESTION }])
  t.same(taken, [true, true])
  t.same(await Promise.all(answers), ['first', 'second'])
  t.equal(questions.size, 0)
})

t.test('an answer with an unknown, used or non-text id is not accepted', async (t) => {
  const { questions, ask } = createQuestions()
  const answer = ask()

  t.notOk(questions.answer('ask-2', { result: 'wrong' }))
  t.notOk(questions.answer(1, { result: 'wrong' }))
  t.notOk(questions.answer(null, { result: 'wrong' }))
  t.ok(questions.answer('ask-1', { result: 'right' }))
  t.notOk(questions.answer('ask-1', { result: 'wrong' }))
  t.equal(await answer, 'right')
})

t.test('a question rejects with the error of the client, as far as that is valid', async (t) => {
  const none = 'The client answered with an error'
  for (const [error, expected] of [
    [{ code: -1, message: 'User rejected', data: { why: 'busy' } }, new RpcError(-1, 'User rejected', { why: 'busy' })],
    [{}, new RpcError(-32603, none)],
    [null, new RpcError(-32603, none)],
    ['text', new RpcError(-32603, none)],
    [{ code: 'x', message: { toString: 1 } }, new RpcError(-32603, none)]
  ] as const) {
    const { questions, ask } = createQuestions()
    const answer = ask()

    questions.answer('ask-1', { error })

    await t.rejects(answer, expected)
  }
})

t.test('a question that is not answered in time is cancelled', async (t) => {
  const tick = stopClock(t)
  const { questions, sent, ask } = createQuestions()

  const answer = ask(1000)
  tick(999)
  const before = questions.size
  tick(1)

  t.equal(before, 1)
  await t.rejects(answer, new RpcError(-32603, 'roots/list was not answered: no answer within 1000 ms'))
  t.same(sent.at(-1), {
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: 'ask-1', reason: 'no answer within 1000 ms' }
  })
  t.notOk(questions.answer('ask-1', { result: 'late' }))
})

t.test('an answer in time clears the timer and the listener of the signal', async (t) => {
  const tick = stopClock(t)
  const { questions, sent, controller, ask } = createQuestions()
  const answer = ask(1000)

  questions.answer('ask-1', { result: 'yes' })
  tick(1000)
  controller.abort()

  t.equal(await answer, 'yes')
  t.equal(sent.length, 1)
})

t.test('a question is cancelled when its signal is aborted', async (t) => {
  const { questions, sent, controller, ask } = createQuestions()
  const answer = ask()

  controller.abort()

  await t.rejects(answer, new RpcError(-32603, 'roots/list was not answered: the call has ended'))
  t.match(sent, [
    { id: 'ask-1' },
    { method: 'notifications/cancelled', params: { requestId: 'ask-1', reason: 'the call has ended' } }
  ])
  t.equal(questions.size, 0)
})

t.test('a question of an ended call is not sent', async (t) => {
  const { questions, sent, controller, ask } = createQuestions()
  controller.abort()

  await t.rejects(ask(), new RpcError(-32603, 'roots/list was not answered: the call has ended'))
  t.same(sent, [])
  t.equal(questions.size, 0)
})

t.test('a question that JSON cannot express is rejected, and does not stay open', async (t) => {
  const { questions, sink, controller } = createQuestions()

  await t.rejects(async () => {
    const question = { method: 'roots/list', params: { no: 1n } }
    await questions.ask(sink, question, { timeout: 1000, signal: controller.signal })
  }, TypeError)
  t.equal(questions.size, 0)
})

t.test('a question that cannot reach the client is rejected without a cancellation', async (t) => {
  const { questions, controller } = createQuestions()
  const sink = { send: async () => { throw new Error('nobody listens') } }

  await t.rejects(questions.ask(sink, QUESTION, { timeout: 0, signal: controller.signal }), {
    code: -32603,
    message: 'roots/list was not answered: nobody listens'
  })
  t.equal(questions.size, 0)
  const aborted = questions.ask(sink, QUESTION, { timeout: 0, signal: controller.signal })
  controller.abort()

  await t.rejects(aborted, { message: 'roots/list was not answered: the call has ended' })
})

t.test('the ids of questions contain the id of the node', async (t) => {
  const questions = new Questions('node-')
  const sent: string[] = []

  const sink = { send: (json: string) => { sent.push(json) } }
  const answer = questions.ask(sink, QUESTION, { timeout: 0, signal: new AbortController().signal })
  questions.answer('ask-node-1', { result: 'yes' })

  t.equal(await answer, 'yes')
  t.match(sent, [/"id":"ask-node-1"/])
})

t.test('the open questions of a session are rejected when it ends', async (t) => {
  const { questions, ask } = createQuestions()
  const answers = [ask(), ask(1000)]

  questions.abandon()

  for (const answer of answers) await t.rejects(answer, new RpcError(-32603, 'The session has ended'))
  t.equal(questions.size, 0)
})

t.test('an error of the client is cut to a size that may be passed on', async (t) => {
  const { questions, ask } = createQuestions()
  const answers = [ask(), ask()]
  const data = Array.from({ length: 10_000 }, () => ({}))
  questions.answer('ask-1', { error: { code: 1, message: 'x'.repeat(100_000), data } })
  questions.answer('ask-2', { error: { code: 1, message: 'no', data: { reason: 'busy' } } })
  const [long, short] = await Promise.all(answers.map((answer) => answer.catch((error: unknown) => error)))

  t.match(long, { code: 1, message: `${'x'.repeat(1024)}…`, data: undefined })
  t.match(short, { code: 1, message: 'no', data: { reason: 'busy' } })
})
