import { Ajv } from 'ajv'
import t from 'tap'
import { z } from 'zod'
import { toLegacyOutput, toListedOutput } from '../../../lib/server/schema/listed-schema.ts'
import { compileSchema } from '../../../lib/server/schema/schema.ts'

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'

t.test('multipleOf with a fraction is not listed, and with a whole number it is', async (t) => {
  const json = {
    type: 'object',
    properties: {
      price: { type: 'number', multipleOf: 0.01 }, dozens: { multipleOf: 12 }, list: { items: { multipleOf: 1.5 } }
    }
  }

  const listed = toListedOutput(json)

  t.strictSame(listed, {
    type: 'object', properties: { price: { type: 'number' }, dozens: { multipleOf: 12 }, list: { items: {} } }
  })
  t.ok(Object.isFrozen(listed.properties))
  t.equal(toListedOutput(listed), listed)
})

t.test('keywords that legacy clients would misread are listed in draft-07', async (t) => {
  const tuple = { type: 'array', prefixItems: [{ type: 'string' }, { $ref: 'https://json-schema.org/draft/2020-12/schema' }], items: false, minItems: 2 }
  const properties = {
    tuple, open: { prefixItems: [true] }, few: { contains: { type: 'string' }, minContains: 0, maxContains: 1 }
  }

  const legacy = toLegacyOutput({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties })

  t.strictSame(legacy, {
    $schema: DRAFT_07,
    type: 'object',
    properties: {
      tuple: { type: 'array', items: [{ type: 'string' }, {}], additionalItems: false, minItems: 2 },
      open: { items: [true] },
      few: { minContains: 0, maxContains: 1 }
    }
  })
})

t.test('a schema that both dialects read alike is listed unchanged for legacy clients', async (t) => {
  const json = {
    type: 'object',
    properties: { list: { type: 'array', items: { $ref: '#/$defs/a' } } },
    $defs: { a: { contains: {}, minContains: 1 } }
  }

  t.equal(toLegacyOutput(json), json)
})

t.test('a tuple in draft-07 validates the same values', async (t) => {
  const { json } = compileSchema(
    z.object({ pair: z.tuple([z.string(), z.number()], z.boolean()) }), 'output', 'the schema'
  )

  const check = new Ajv({ strict: false }).compile(toLegacyOutput(json))

  t.equal(check({ pair: ['a', 1, true] }), true)
  t.equal(check({ pair: ['a', 1, 'b'] }), false)
})
