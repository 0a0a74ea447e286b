import fc from 'fast-check'
import t from 'tap'
import { findToolNameProblem } from '../../lib/protocol/tool-name.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.'

t.test('the names in the examples of the specification are valid', async (t) => {
  for (const name of ['getUser', 'DATA_EXPORT_v2', 'admin.tools.list', 'a', '-', 'x'.repeat(128)]) {
    t.equal(findToolNameProblem(name), undefined)
  }
})

t.test('an invalid name has a problem that says what is wrong', async (t) => {
  t.equal(findToolNameProblem(undefined), 'must have a string as its name')
  t.equal(findToolNameProblem(7), 'must have a string as its name')
  t.equal(findToolNameProblem(''), 'must have a name that is not empty')
  t.equal(findToolNameProblem('x'.repeat(129)), 'has a name of 129 characters; at most 128 are allowed')
  for (const name of ['a b', 'a,b', 'a/b', 'größe', 'a\n', '\na', 'a\0']) {
    t.equal(
      findToolNameProblem(name),
      "has a name with other characters than the allowed A-Z, a-z, 0-9, '_', '-' and '.'"
    )
  }
})

t.test('a name is valid exactly if it has 1 to 128 allowed characters', async () => {
  const name = fc.oneof(
    fc.string({ maxLength: 140 }),
    fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 140 })
  )

  fc.assert(fc.property(name, (value) => {
    const isGood =
      value.length >= 1 && value.length <= 128 && [...value].every((character) => ALPHABET.includes(character))

    return (findToolNameProblem(value) === undefined) === isGood
  }))
})
