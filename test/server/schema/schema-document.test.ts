import t from 'tap'
import { followLocalReference, readSchemaDocument } from '../../../lib/server/schema/schema-document.ts'

t.test('references are resolved against the base URI of their schema', async (t) => {
  const inner = { $id: 'https://example.com/inner', $defs: { a: {} }, items: { $ref: '#/$defs/a' } }
  const { findTarget } = readSchemaDocument({ $id: 'https://example.com/outer', $defs: { a: {}, inner } })

  t.equal(findTarget(inner.items, '#/$defs/a'), '#/$defs/inner/$defs/a')
  t.equal(findTarget(inner, 'outer#/$defs/a'), '#/$defs/a')
})

t.test('references of a schema outside of the document are resolved against its root', async (t) => {
  const { findTarget } = readSchemaDocument({ $defs: { a: {} } })

  t.equal(findTarget({ $ref: '#/$defs/a' }, '#/$defs/a'), '#/$defs/a')
  t.equal(findTarget({ $ref: '#/$defs/b' }, '#/$defs/b'), undefined)
})

t.test('an $id that is not a URI is ignored', async (t) => {
  const named = { $id: 'http://[', $ref: '#/$defs/a' }
  const { findTarget } = readSchemaDocument({ items: named, $defs: { a: {} } })

  t.equal(findTarget(named, '#/$defs/a'), '#/$defs/a')
  t.equal(findTarget(named, 'http://['), undefined)
})

t.test('a local reference is followed to its target', async (t) => {
  const root = { $defs: { 'a/b': { type: 'string' }, '%': 1 } }

  t.equal(followLocalReference(root, '#'), root)
  t.same(followLocalReference(root, '#/$defs/a~1b'), { type: 'string' })
  t.equal(followLocalReference(root, '#/$defs/%'), 1)
  t.equal(followLocalReference(root, '#/$defs/none'), undefined)
})
