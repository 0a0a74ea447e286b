import t from 'tap'
import { freezeDeeply } from '../../lib/auth/freeze.ts'

t.test('a value is frozen in place, with everything in it', async (t) => {
  const value = { a: [{ b: { c: 1 } }, null], d: 'e' }

  t.equal(freezeDeeply(value), value)
  t.ok([value, value.a, value.a[0], value.a[0]?.b].every((part) => Object.isFrozen(part)))
  t.throws(() => { value.a.push(null) }, TypeError)
})

t.test('a value of any depth is frozen', async (t) => {
  let value: object = {}
  const innermost = value
  for (let depth = 0; depth < 100_000; depth++) value = { value }

  freezeDeeply(value)

  t.ok(Object.isFrozen(innermost))
})

t.test('an array of any length is frozen with its entries', async (t) => {
  const list = freezeDeeply(Array.from({ length: 500_000 }, () => ({})))

  t.ok(list.every((entry) => Object.isFrozen(entry)))
})

t.test('a value that is not an object is returned as it is', async (t) => {
  t.equal(freezeDeeply(null), null)
  t.equal(freezeDeeply('a'), 'a')
})
