import fc from 'fast-check'
import t from 'tap'
import { buildQuery } from '../../lib/routes/query.ts'

function build (values: object): string {
  return decodeURIComponent(buildQuery(new Map(Object.entries(values))))
}

t.test('values are written as HTTP clients write them', async (t) => {
  t.equal(build({ page: 2, all: true, name: 'a b' }), 'page=2&all=true&name=a b')
  t.equal(build({ tag: ['a', 'b'], none: [], nothing: undefined, empty: null }), 'tag=a&tag=b&empty=')
  t.equal(build({ filter: { name: 'x', price: { min: 1 } } }), 'filter[name]=x&filter[price][min]=1')
  t.equal(build({ items: [{ id: 1 }, { id: 2 }] }), 'items[0][id]=1&items[1][id]=2')
  t.equal(build({ filter: { tags: ['a', 'b'] } }), 'filter[tags]=a&filter[tags]=b')
})

t.test('names and values are encoded, whatever they are', async (t) => {
  const pairs = fc.dictionary(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }))

  fc.assert(fc.property(pairs, (values) => {
    const query = buildQuery(new Map(Object.entries(values)))
    const read = Object.fromEntries(new URLSearchParams(query))
    return Object.keys(values).length === Object.keys(read).length &&
      Object.entries(values).every(([name, value]) => read[name] === value)
  }))
  t.equal(buildQuery(new Map([['\ud800', '\udfff']])), '%EF%BF%BD=%EF%BF%BD')
})
