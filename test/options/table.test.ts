import t from 'tap'
import { required, text, whole } from '../../lib/options/checks.ts'
import { complete, findProblem, resolve } from '../../lib/options/table.ts'

const UNKNOWN = 'does not exist; the options are name, count, note'

const TABLE = { name: required(text()), count: whole(3), note: text() }

t.test('the first unknown, missing or wrong option is reported', async (t) => {
  t.equal(findProblem(TABLE, { name: 'a', count: 1 }), undefined)
  t.equal(findProblem(TABLE, { name: 'a', count: undefined, size: undefined }), undefined)
  t.same(findProblem(TABLE, { name: 'a', size: 1 }), { name: 'size', problem: UNKNOWN })
  t.same(findProblem(TABLE, { name: 'a', toString: 1 }), { name: 'toString', problem: UNKNOWN })
  t.same(findProblem(TABLE, { count: 0 }), { name: 'name', problem: 'must be a string that is not empty' })
  t.same(findProblem(TABLE, { name: 'a', count: 0 }), { name: 'count', problem: 'must be a whole number above 0' })
})

t.test('options that are not an object are refused', async (t) => {
  for (const wrong of [null, undefined, 'redis://localhost', 1]) {
    t.same(findProblem(TABLE, wrong), { name: 'options', problem: 'must be an object' })
  }
})

t.test('an unknown option may be ignored', async (t) => {
  t.equal(findProblem(TABLE, { name: 'a', size: 1, toString: 1 }, () => undefined), undefined)
  const judge = (name: string, known: readonly string[]): string => `${name} is none of ${known.join()}`
  t.same(findProblem(TABLE, { nam: 1 }, judge), { name: 'nam', problem: 'nam is none of name,count,note' })
})

t.test('options are completed into an object of their own, which cannot be changed', async (t) => {
  const given = Object.freeze({ name: 'a' })
  const resolved = complete(TABLE, given)

  t.strictSame(resolved, { name: 'a', count: 3, note: undefined })
  t.ok(Object.isFrozen(resolved))
})

t.test('inherited properties count as options', async (t) => {
  t.match(resolve(TABLE, Object.create({ name: 'a', count: 5 })), { name: 'a', count: 5 })
  t.throws(() => resolve(TABLE, Object.create({ name: 'a', count: 0 })), { code: 'MCP_ERR_INVALID_OPTION' })
})

t.test('a wrong option is an error that names it and what to write', async (t) => {
  const problem = 'must be a string that is not empty'

  t.throws(() => resolve(TABLE, {}), { code: 'MCP_ERR_INVALID_OPTION', message: `option 'name' ${problem}` })
  t.throws(() => resolve(TABLE, { name: '' }, 'reader.'), { message: `option 'reader.name' ${problem}` })
  t.match(resolve(TABLE, { name: 'a', count: 1 }), { name: 'a', count: 1 })
})
