import t from 'tap'
import { findAnswerProblem, findMissingCapability, isQuestion, type Question } from '../../lib/protocol/question.ts'

const form: Question = {
  method: 'elicitation/create',
  params: { message: 'Who?', requestedSchema: { type: 'object', properties: {} } }
}
const url: Question = {
  method: 'elicitation/create',
  params: { mode: 'url', message: 'Pay', url: 'https://example.com/' }
}
const sampling: Question = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } }
const roots: Question = { method: 'roots/list', params: {} }

t.test('a question has a method of the protocol and parameters', async (t) => {
  for (const question of [form, url, sampling, roots]) t.equal(isQuestion(question), true)
  for (const value of [
    null,
    [],
    'roots/list',
    { method: 'roots/list' },
    { method: 'ping', params: {} },
    { method: 'roots/list', params: [] }
  ]) {
    t.equal(isQuestion(value), false)
  }
})

t.test('a form needs a client with elicitation, and with its form mode if it declares modes', async (t) => {
  t.strictSame(findMissingCapability(form, {}), { elicitation: {} })
  t.strictSame(findMissingCapability(form, { elicitation: { url: {} } }), { elicitation: { form: {} } })
  for (const elicitation of [{}, { form: {} }, { form: {}, url: {} }]) {
    t.equal(findMissingCapability(form, { elicitation }), undefined)
  }
})

t.test('a URL to open needs a client with the URL mode of elicitation', async (t) => {
  for (const capabilities of [{}, { elicitation: {} }, { elicitation: { form: {} } }]) {
    t.strictSame(findMissingCapability(url, capabilities), { elicitation: { url: {} } })
  }
  t.equal(findMissingCapability(url, { elicitation: { url: {} } }), undefined)
})

t.test('sampling needs a client with sampling, and with its tools if the question has tools', async (t) => {
  t.strictSame(findMissingCapability(sampling, {}), { sampling: {} })
  t.equal(findMissingCapability(sampling, { sampling: {} }), undefined)
  for (const extra of [{ tools: [] }, { toolChoice: {} }]) {
    const question: Question = { ...sampling, params: { ...sampling.params, ...extra } }
    t.strictSame(findMissingCapability(question, {}), { sampling: { tools: {} } })
    t.strictSame(findMissingCapability(question, { sampling: {} }), { sampling: { tools: {} } })
    t.equal(findMissingCapability(question, { sampling: { tools: {} } }), undefined)
  }
})

t.test('listing roots needs a client with roots', async (t) => {
  t.strictSame(findMissingCapability(roots, {}), { roots: {} })
  t.equal(findMissingCapability(roots, { roots: {} }), undefined)
})

t.test('a valid answer has the shape that its question requires', async (t) => {
  const answers: ReadonlyArray<readonly [question: Question, answer: unknown, problem: string | undefined]> = [
    [form, 12345, 'must be an object'],
    [form, null, 'must be an object'],
    [roots, [], 'must be an object'],
    [form, {}, "needs an 'action': accept, decline or cancel"],
    [form, { action: 'yes' }, "needs an 'action': accept, decline or cancel"],
    [form, { action: 'accept', content: [] }, "must have an object as its 'content'"],
    [form, { action: 'decline', content: null }, undefined],
    [form, { action: 'accept', content: {} }, undefined],
    [form, { action: 'decline' }, undefined],
    [url, { action: 'accept' }, undefined],
    [sampling, { role: 'assistant', model: 'm' }, "needs a 'role', a 'model' and a 'content'"],
    [sampling, { role: 'assistant', model: 'm', content: null }, "needs a 'role', a 'model' and a 'content'"],
    [sampling, { role: 'assistant', content: {} }, "needs a 'role', a 'model' and a 'content'"],
    [sampling, { role: 'assistant', model: 'm', content: { type: 'text', text: 'a' } }, undefined],
    [sampling, { role: 'assistant', model: 'm', content: [{ type: 'text', text: 'a' }] }, undefined],
    [roots, { roots: [{ name: 'a' }] }, "needs 'roots', an array of objects with a 'uri'"],
    [roots, { roots: {} }, "needs 'roots', an array of objects with a 'uri'"],
    [roots, { roots: [{ uri: 'file:///a' }] }, undefined],
    [roots, { roots: [] }, undefined]
  ]

  for (const [question, answer, problem] of answers) t.equal(findAnswerProblem(question, answer), problem)
})
