import t from 'tap'
import { OrderedMap, OrderedSet } from '../lib/ordered-map.ts'

t.test('keys are in the order in which they were last set', async (t) => {
  const map = new OrderedMap<string, number>()
  t.equal(map.first, undefined)
  for (const [key, value] of [['a', 1], ['b', 2], ['c', 3], ['a', 4]] as const) map.set(key, value)

  t.equal(map.first, 2)
  t.strictSame([...map.values()], [2, 3, 4])
  t.strictSame([map.get('a'), map.get('d'), map.has('a'), map.has('d'), map.size], [4, undefined, true, false, 3])
})

t.test('entries are deleted at the beginning, in the middle and at the end', async (t) => {
  const map = new OrderedMap<string, string>()
  for (const key of ['a', 'b', 'c', 'd', 'e']) map.set(key, key)

  t.strictSame([map.delete('c'), map.delete('c'), map.delete('e')], [true, false, true])
  map.deleteFirst()
  t.strictSame([...map.values()], ['b', 'd'])
  map.set('f', 'f')
  t.strictSame([...map.values()], ['b', 'd', 'f'])
  for (let n = 0; n < 4; n++) map.deleteFirst()
  t.strictSame([map.size, map.first, [...map.values()]], [0, undefined, []])
  map.set('g', 'g')
  t.strictSame([map.first, [...map.values()]], ['g', ['g']])
})

t.test('the value that was returned last may be deleted while values are read', async (t) => {
  const set = new OrderedSet<string>()
  for (const value of ['a', 'b', 'c', 'd']) set.add(value)
  const read: string[] = []

  for (const value of set.values()) {
    read.push(value)
    if (value !== 'b') set.delete(value)
  }

  t.strictSame(read, ['a', 'b', 'c', 'd'])
  t.strictSame([...set.values()], ['b'])
})
