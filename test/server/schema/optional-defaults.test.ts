import t from 'tap'
import { type } from 'arktype'
import * as z from 'zod'
import { Type } from '../../../lib/index.ts'
import { compileArguments } from '../../../lib/server/schema/optional-defaults.ts'
import type { JsonSchema } from '../../../lib/server/schema/validation.ts'

function compile (schema: unknown) {
  return compileArguments(schema, 'inputSchema')
}

const WITH_DEFAULT: JsonSchema = {
  type: 'object', properties: { a: { type: 'integer', default: 1 }, b: { type: 'integer' } }, required: ['a', 'b']
}

t.test('an argument with a default is not listed as required, and is filled in', async (t) => {
  const { json, validate } = compile(Type.Object({ text: Type.String(), topic: Type.String({ default: 'general' }) }))

  t.same(json.required, ['text'])
  t.same(validate({ text: 'a' }), { valid: true, value: { text: 'a', topic: 'general' } })
  t.match(validate({ topic: 'a' }), { valid: false })
})

t.test('required is dropped if every property has a default, and an empty list stays', async (t) => {
  t.notOk('required' in compile(Type.Object({ text: Type.String({ default: '' }) })).json)
  t.same(compile({ type: 'object', properties: {}, required: [] }).json.required, [])
})

t.test('nested properties with defaults are optional and filled in', async (t) => {
  const { json, validate } = compile({
    type: 'object',
    properties: {
      one: WITH_DEFAULT,
      many: { type: 'array', items: WITH_DEFAULT },
      pair: { type: 'array', prefixItems: [WITH_DEFAULT, true], items: false, minItems: 2 }
    },
    additionalProperties: WITH_DEFAULT
  })
  const parts = compile({ type: 'object', allOf: [WITH_DEFAULT] })

  t.notMatch(JSON.stringify(json), '"required":["a","b"]')
  t.ok(Object.isFrozen(Object(json.properties).one.required))
  t.notMatch(JSON.stringify(parts.json), '"required":["a","b"]')
  t.same(parts.validate({ b: 2 }), { valid: true, value: { a: 1, b: 2 } })
  t.same(validate({ one: { b: 2 }, many: [{ b: 2 }], pair: [{ b: 2 }, 1], other: { b: 2 } }), {
    valid: true,
    value: { one: { a: 1, b: 2 }, many: [{ a: 1, b: 2 }], pair: [{ a: 1, b: 2 }, 1], other: { a: 1, b: 2 } }
  })
})

t.test('properties whose default may not be filled in stay required', async (t) => {
  const choice = compile({
    type: 'object',
    properties: { either: { anyOf: [WITH_DEFAULT, { type: 'null' }] }, named: { $ref: '#/$defs/named' } },
    $defs: { named: WITH_DEFAULT }
  })
  const apart = compile({ type: 'object', required: ['a', 'toString', 'x'], properties: { a: true, x: { enum: [1] } } })
  const without = compile({ type: 'object', required: ['a'] })

  t.equal(JSON.stringify(choice.json).split('"required":["a","b"]').length, 3)
  t.match(choice.validate({ either: { b: 2 } }), { valid: false })
  t.same(apart.json.required, ['a', 'toString', 'x'])
  t.same(without.json.required, ['a'])
})

t.test('a Standard Schema decides which properties are optional', async (t) => {
  const filled = compile(z.object({ a: z.number().default(1), b: z.number() }))
  const described = compile(z.object({ a: z.number().meta({ default: 1 }) }))

  t.same(filled.json.required, ['b'])
  t.same(filled.validate({ b: 2 }), { valid: true, value: { a: 1, b: 2 } })
  t.same(described.json.required, ['a'])
  t.match(described.validate({}), { valid: false })
  t.same(compile(type({ a: 'number = 1', b: 'number' })).json.required, ['b'])
})

t.test('a boolean property schema stays unchanged', async (t) => {
  const { json } = compile({
    type: 'object', properties: { a: true, b: false, c: { default: 1 } }, required: ['a', 'c']
  })

  t.same(json, { type: 'object', properties: { a: true, b: false, c: { default: 1 } }, required: ['a'] })
})
