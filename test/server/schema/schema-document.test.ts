import t from 'tap'
import { followLocalReference, readSchemaDocument } from '../../../lib/server/schema/schema-document.ts'

t.test('references are resolved from the schema that has them', async (t) => {
  const inner = { $id: 'https://example.com/inner', $defs: { a: {} }, items: { $ref: '#/$defs/a' } }
  const { findTarget } = readSchemaDocument({ $id: 'https://example.com/outer', $defs: { a: {}, inner } })

  t.equal(findTarget(inner.items, '#/$defs/a'), '#/$defs/inner/$defs/a')
  t.equal(findTarget(inner, 'outer#/$defs/a'), '#/$defs/a')
})

t.test('a schema that is no part of the document refers from its root', async (t) => {
  const { findTarget } = readSchemaDocument({ $defs: { a: {} } })

  t.equal(findTarget({ $ref: '#/$defs/a' }, '#/$defs/a'), '#/$defs/a')
  t.equal(findTarget({ $ref: '#/$defs/b' }, '#/$defs/b'), undefined)
})

t.test('an $id that is no URI names nothing', async (t) => {
  const named = { $id: 'http://[', $ref: '#/$defs/a' }
  const { findTarget } = readSchemaDocument({ items: named, $defs: { a: {} } })

  t.equal(findTarget(named, '#/$defs/a'), '#/$defs/a')
  t.equal(findTarget(named, 'http://['), undefined)
})

t.test('a local reference is followed to what is there', async (t) => {
  const root = { $defs: { 'a/b': { type: 'string' }, '%': 1 } }

  t.equal(followLocalReference(root, '#'), root)
  t.same(followLocalReference(root, '#/$defs/a~1b'), { type: 'string' })
  t.equal(followLocalReference(root, '#/$defs/%'), 1)
  t.equal(followLocalReference(root, '#/$defs/none'), undefined)
})
