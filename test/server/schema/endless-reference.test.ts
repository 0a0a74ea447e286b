import t from 'tap'
import { findEndlessReference } from '../../../lib/server/schema/endless-reference.ts'
import { readSchemaDocument } from '../../../lib/server/schema/schema-document.ts'

function find (schema: { [keyword: string]: unknown }): string | undefined {
  return findEndlessReference(readSchemaDocument(schema))
}

t.test('a reference that leads back to itself in the same value is found', async (t) => {
  const a = { $ref: '#/$defs/a' }

  for (const schema of [
    { $ref: '#' }, { allOf: [{ $ref: '#' }] }, { not: { $ref: '#' } }, { if: {}, then: { $ref: '#' } },
    { dependentSchemas: { x: { $ref: '#' } } }
  ]) t.equal(find({ type: 'object', ...schema }), '#', JSON.stringify(schema))
  t.equal(find({ type: 'object', properties: { a }, $defs: { a } }), '#/$defs/a')
  t.equal(
    find({ $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }, { type: 'string' }] }, b: { oneOf: [a] } } }), '#/$defs/a'
  )
})

t.test('a recursive reference that descends into the value is not endless', async (t) => {
  const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, items: { $ref: '#' } }

  for (const schema of [
    { properties: { next: { $ref: '#' } } },
    { $ref: '#/$defs/node', $defs: { node } },
    { anyOf: [{ $ref: '#/$defs/node' }, { $ref: '#/$defs/node' }], $defs: { node } },
    { $ref: 'https://json-schema.org/draft/2020-12/schema' },
    { allOf: [true], not: false, $defs: { a: { $ref: '#/nowhere' } } }
  ]) t.equal(find(schema), undefined, JSON.stringify(schema))
})
