import t from 'tap'
import { checkNumbers, createJsonValidator } from '../../../lib/server/schema/json-validator.ts'

t.test('a value that overflows the stack of the validator is invalid and does not crash', async (t) => {
  const validate = createJsonValidator({ type: 'object', properties: { next: { $ref: '#' } } }, 'output')
  const deep = JSON.parse(`${'{"next":'.repeat(100_000)}{}${'}'.repeat(100_000)}`)

  t.same(validate(deep), { valid: false, problem: 'is nested too deeply to be checked' })
  t.match(validate({ next: { next: {} } }), { valid: true })
})

t.test('an error thrown by a getter of the value reaches the caller', async (t) => {
  const validate = createJsonValidator({ type: 'object', properties: { a: { type: 'string' } } }, 'output')

  t.throws(() => validate({ get a () { throw new Error('closed') } }), new Error('closed'))
})

t.test('a reference to a meta-schema that does not exist is refused', async (t) => {
  const json = { type: 'object', properties: { a: { $ref: 'https://json-schema.org/draft/none' } } }

  for (const direction of ['input', 'output'] as const) {
    t.throws(() => createJsonValidator(json, direction), {
      name: 'TypeError', message: /^does not compile: can't resolve reference https:\/\/json-schema\.org\/draft\/none/
    })
  }
})

t.test('a number beyond the range of doubles is refused in inputs only', async (t) => {
  const problem = 'must be a number that a double can hold, up to about 1.8e308'
  const fitting = JSON.parse('{"a":[0,{"b":1e308}],"c":null,"d":"1e400"}')
  const beyond = JSON.parse('{"a":[0,{"b":1e400}]}')

  for (const check of [checkNumbers, createJsonValidator({ type: 'object' }, 'input')]) {
    t.same(check(fitting), { valid: true, value: fitting })
    t.same(check(beyond), { valid: false, problem: `/a/1/b ${problem}` })
    t.throws(() => check({ get a () { throw new Error('closed') } }), new Error('closed'))
  }
  t.same(checkNumbers(-Infinity), { valid: false, problem })
  t.match(createJsonValidator({ type: 'object' }, 'output')(beyond), { valid: true })
})
