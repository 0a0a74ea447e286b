import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import t from 'tap'
import * as typebox from 'typebox'
import * as v from 'valibot'
import { z } from 'zod'
import { compileSchema } from '../../../lib/server/schema/schema.ts'
import type { JsonSchema } from '../../../lib/server/schema/validation.ts'

const A = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
const B = { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] }
const MERGED = { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a', 'b'] }

function showInput (schema: unknown): JsonSchema {
  return compileSchema(schema, 'input', 'the schema').json
}

function showOutput (schema: unknown): JsonSchema {
  return compileSchema(schema, 'output', 'the schema').json
}

t.test('a reference at the root is replaced by its target', async (t) => {
  const $defs = { a: { ...A, title: 'A' }, b: { $ref: '#/$defs/a' } }

  t.strictSame(showOutput({ $ref: '#/$defs/a', $defs }), {
    type: 'object', properties: A.properties, required: ['a'], title: 'A', $defs
  })
  t.match(showOutput({ $ref: '#/$defs/b', title: 'B', type: 'object', $defs }), {
    type: 'object', properties: A.properties, title: 'B'
  })
  t.strictSame(showOutput({ $ref: '#/$defs/a', maxProperties: 2, allOf: [{}], $defs }), {
    type: 'object', maxProperties: 2, allOf: [{}, { $ref: '#/$defs/a' }], $defs
  })
  t.strictSame(showOutput({ $ref: '#/$defs/c', $defs: { c: true } }), { $ref: '#/$defs/c', $defs: { c: true } })
})

t.test('a root that only refers to itself is refused', async (t) => {
  for (const schema of [
    { $ref: '#' }, { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }
  ]) {
    t.throws(() => showOutput(schema), {
      message: /^the schema has a \$ref to '#.*' that leads back to itself, so validation would never end$/
    })
  }
})

t.test('an intersection of objects of any library becomes one object', async (t) => {
  const intersections = {
    'JSON Schema': { allOf: [A, B] },
    'by reference': { allOf: [{ $ref: '#/$defs/a', description: 'the first' }, B], $defs: { a: A } },
    TypeBox: Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]),
    typebox: typebox.Intersect([typebox.Object({ a: typebox.String() }), typebox.Object({ b: typebox.String() })]),
    zod: z.looseObject({ a: z.string() }).and(z.looseObject({ b: z.string() })),
    valibot: toStandardJsonSchema(v.intersect([v.object({ a: v.string() }), v.object({ b: v.string() })]))
  }

  for (const [library, schema] of Object.entries(intersections)) {
    const { $schema, $defs, additionalProperties, ...shown } = showInput(schema)
    t.strictSame(shown, MERGED, library)
  }
  t.strictSame(showInput(
    Type.Intersect([Type.Object({ a: Type.Optional(Type.String()) }), Type.Object({})], {
      unevaluatedProperties: false
    })
  ),
  { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false })
})

t.test('objects with other keywords or a common property are not merged', async (t) => {
  const apart: readonly object[] = [
    { allOf: [A, { ...B, additionalProperties: false }] },
    { allOf: [A, { ...A, required: [] }] },
    { allOf: [A, { $ref: '#/$defs/b', minProperties: 1 }], $defs: { b: B } },
    { allOf: [A, B], properties: { c: { $ref: '#/allOf/0/properties/a' } } },
    { allOf: [A, true] }
  ]

  for (const schema of apart) t.strictSame(showInput(schema), { type: 'object', ...schema })
  t.strictSame(showInput({ type: 'object', allOf: [A, B], unevaluatedProperties: { type: 'string' } }), {
    type: 'object', allOf: [A, B], unevaluatedProperties: { type: 'string' }
  })
})

t.test('a union of objects of any library gets type object', async (t) => {
  const unions = [
    { anyOf: [A, { oneOf: [B, { $ref: '#/$defs/a' }] }], $defs: { a: A } },
    Type.Union([Type.Object({}), Type.Object({ a: Type.String() })]),
    Type.Intersect([
      Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]),
      Type.Object({ c: Type.String() })
    ]),
    z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })])
  ]

  for (const schema of unions) {
    t.equal(showInput(schema).type, 'object')
    t.equal(showOutput(schema).type, 'object')
    t.equal(Object.keys(showOutput(schema))[0], 'type')
  }
})

t.test('a schema that accepts values other than objects gets no type object', async (t) => {
  for (const schema of [
    {},
    { anyOf: [A, { type: 'string' }] },
    { anyOf: [A, true] },
    { allOf: [{ minProperties: 1 }, { required: ['a'] }] },
    { type: 'array' }
  ]) {
    t.strictSame(showInput(schema), schema)
  }
  t.throws(() => showInput({ anyOf: [{ $ref: '#/$defs/a' }], $defs: { a: { $ref: '#/$defs/a' } } }), {
    code: 'MCP_ERR_INVALID_SCHEMA'
  })
})

t.test('an input with properties gets type object, and an output does not', async (t) => {
  t.strictSame(showInput({ properties: { a: {} } }), { type: 'object', properties: { a: {} } })
  t.strictSame(showOutput({ properties: { a: {} } }), { properties: { a: {} } })
})
