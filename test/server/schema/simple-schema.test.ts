import { Type } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { type } from 'arktype'
import fc from 'fast-check'
import t from 'tap'
import { z } from 'zod'
import { isSimpleSchema } from '../../../lib/server/schema/simple-schema.ts'
import type { JsonSchema } from '../../../lib/server/schema/validation.ts'

const DRAFT_2020_12 = 'https://json-schema.org/draft/2020-12/schema'
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'

const ORDINARY: Readonly<Record<string, object>> = {
  'an empty schema': {},
  'of TypeBox': Type.Object({
    text: Type.String({ minLength: 1, description: 'The note', default: 'none' }),
    tags: Type.Optional(Type.Array(Type.String(), { maxItems: 3, uniqueItems: true })),
    size: Type.Union([Type.Literal('small'), Type.Literal('large'), Type.Null()])
  }, { additionalProperties: false }),
  'of zod': z.toJSONSchema(
    z.object({
      address: z.email(),
      count: z.int().min(1).multipleOf(2),
      kind: z.enum(['a', 'b']),
      map: z.record(z.string(), z.number())
    })
  ),
  'of arktype': type({ name: 'string > 0', 'age?': 'number < 150' }).toJsonSchema(),
  'with some nesting': nest(32),
  'of draft-07': { $schema: DRAFT_07, type: ['string', 'null'], examples: ['a'], enum: ['a', null] }
}

for (const [name, schema] of Object.entries(ORDINARY)) {
  t.test(`a schema is simple: ${name}`, async (t) => {
    const simple = isSimpleSchema(toJson(schema))

    t.equal(simple, true)
  })
}

const OTHERS: Readonly<Record<string, object>> = {
  'a reference': { $ref: '#/$defs/note' },
  'an unknown keyword': { unit: 'metre' },
  'properties that are a list': { properties: [] },
  'a subschema that is a list': { items: [{ type: 'string' }] },
  'a property that is not simple': { properties: { note: { $ref: '#/$defs/note' } } },
  'no subschema at all': { anyOf: [] },
  'equal objects to choose from': { enum: [{ a: 1 }, { a: 1 }] },
  'a type twice': { type: ['string', 'string'] },
  'an unknown type': { type: 'date' },
  'a name required twice': { required: ['a', 'a'] },
  'a negative count': { minLength: -1 },
  'a divisor of 0': { multipleOf: 0 },
  'a broken pattern': { pattern: '(' },
  'a pattern with an anchor that is none': { pattern: 'a\\Z' },
  'a pattern that is broken by the flag u': { pattern: '\\-' },
  'a pattern that is broken without it': { pattern: '[\\u{1F600}-\\u{1F64F}]' },
  'an unknown format': { format: 'constructor' },
  'much nesting': nest(33),
  'a description that is no text': { description: 1 },
  'a $schema that is no text': { $schema: [DRAFT_2020_12] },
  'a $schema within': { items: { $schema: DRAFT_2020_12 } }
}

for (const [name, schema] of Object.entries(OTHERS)) {
  t.test(`a schema is not simple: ${name}`, async (t) => {
    const simple = isSimpleSchema(toJson(schema))

    t.equal(simple, false)
  })
}

t.test('a simple schema is valid by the meta-schema of both dialects, and compiles', async (t) => {
  const options = { strict: false, logger: false, formats: fullFormats, validateSchema: false } as const
  const validate2020 = new Ajv2020(options).compile({ $ref: DRAFT_2020_12 })
  const validate07 = new Ajv(options).compile({ $ref: DRAFT_07 })
  let simple = 0

  fc.assert(fc.property(arbitrarySchema(), (schema) => {
    if (!isSimpleSchema(schema)) return true
    simple++
    return validate2020(schema) && validate07(schema) && [new Ajv2020(options), new Ajv(options)]
      .every((ajv) => ajv.compile(schema) !== undefined)
  }), { numRuns: 3000, seed: 42 })

  t.ok(simple > 300, `${simple} of the schemas were simple`)
})

function nest (depth: number): object {
  return depth === 1 ? {} : { items: nest(depth - 1) }
}

function toJson (schema: object): JsonSchema {
  return JSON.parse(JSON.stringify(schema))
}

// Each keyword with its own operands, with operands of other keywords, and with arbitrary values.
function arbitrarySchema (): fc.Arbitrary<JsonSchema> {
  const { schema } = fc.letrec<{ schema: JsonSchema, subschema: unknown, operand: unknown }>((tie) => {
    const operands = [
      fc.constantFrom('string', 'object', 'note', '(', 'a\\Z', '^a$', '\\-', 'email', 'date', 'constructor', DRAFT_07),
      fc.constantFrom(-1, 0, 1, 1.5, 2 ** 60),
      fc.boolean(),
      fc.array(fc.constantFrom('string', 'null', 'a', 1, 1, null, '('), { maxLength: 3 }),
      fc.array(tie('subschema'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('subschema'), { maxKeys: 2 }),
      tie('subschema'),
      fc.jsonValue({ maxDepth: 2 })
    ]
    return {
      operand: fc.oneof({ maxDepth: 4, withCrossShrink: true }, ...operands),
      subschema: fc.oneof({ maxDepth: 4 }, fc.boolean(), tie('schema')),
      schema: fc.dictionary(fc.constantFrom(...KEYWORDS), tie('operand'), { maxKeys: 3 })
    }
  })
  return schema
}

const KEYWORDS = [
  'const', 'default', '$comment', 'description', 'format', 'title', 'deprecated', 'readOnly', 'uniqueItems',
  'writeOnly', 'exclusiveMaximum',
  'exclusiveMinimum', 'maximum', 'minimum', 'maxItems', 'maxLength', 'maxProperties', 'minItems', 'minLength',
  'minProperties',
  'additionalProperties', 'contains', 'items', 'not', 'propertyNames', 'allOf', 'anyOf', 'oneOf', 'enum', 'examples',
  'properties', 'required',
  'type', 'multipleOf', 'pattern', '$ref', '$id', '$defs', 'if', 'unknown'
]
