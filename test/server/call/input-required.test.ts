import t from 'tap'
import { inputRequired, InputRequired, InputRequiredError } from '../../../lib/server/call/input-required.ts'
import { untyped } from '../../support/definition-client.ts'

const roots = { method: 'roots/list', params: {} } as const

t.test('inputRequired() takes questions, a state or both', async (t) => {
  const asked = inputRequired({ inputRequests: { roots }, state: { step: 1 } })

  t.type(asked, InputRequired)
  t.strictSame(asked.inputRequests, { roots })
  t.strictSame(asked.state, { step: 1 })
  t.equal(inputRequired({ inputRequests: { roots } }).state, undefined)
  t.equal(inputRequired({ inputRequests: {}, state: 0 }).inputRequests, undefined)
  t.equal(inputRequired({ state: null }).state, null)
})

t.test('inputRequired() without content, or with an invalid question, throws', async (t) => {
  for (const fields of [{}, { inputRequests: {} }, { inputRequests: null }]) {
    t.throws(
      () => inputRequired(untyped(fields)), new TypeError("inputRequired needs 'inputRequests', 'state' or both")
    )
  }
  for (const question of [null, 'roots/list', { method: 'ping', params: {} }, { method: 'roots/list' }]) {
    t.throws(() => inputRequired({ inputRequests: { a: roots, b: untyped(question) } }), new TypeError(
      "inputRequired: 'b' must be { method, params }, " +
      'its method elicitation/create, sampling/createMessage or roots/list'
    ))
  }
})

t.test('the error that ends a round has a message that explains it', async (t) => {
  t.match(new InputRequiredError(), { name: 'InputRequiredError', message: /^The client has to answer first/ })
})
