import { Type } from '@sinclair/typebox'
import { type } from 'arktype'
import t from 'tap'
import * as typebox from 'typebox'
import { z } from 'zod'
import { compileSchema, type CompiledSchema } from '../../../lib/server/schema/schema.ts'
import type { JsonSchema } from '../../../lib/server/schema/validation.ts'

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'

function compileInput (schema: unknown): CompiledSchema {
  return compileSchema(schema, 'input', 'the schema')
}

function compileOutput (schema: unknown): CompiledSchema {
  return compileSchema(schema, 'output', 'the schema')
}

function show (schema: unknown): JsonSchema {
  return compileOutput(schema).json
}

function refusalOf (schema: unknown): string {
  try {
    return `compiled: ${JSON.stringify(show(schema))}`
  } catch (error) {
    return String(error).replace('FastifyError [MCP_ERR_INVALID_SCHEMA]: the schema ', '')
  }
}

t.test('a unique anchor is kept, and equal anchors are removed', async (t) => {
  const a = { $anchor: 'a', type: 'object', properties: {} }

  t.strictSame(show({ $ref: '#a', $defs: { a } }), { type: 'object', properties: {}, $defs: { a } })
  t.strictSame(show({ type: 'object', properties: { a, b: { $id: 'b', ...a }, c: { $id: 'c', ...a } } }), {
    type: 'object',
    properties: {
      a: { type: 'object', properties: {} },
      b: { type: 'object', properties: {} },
      c: { type: 'object', properties: {} }
    }
  })
})

t.test('global names are removed at every depth, and references to them become local', async (t) => {
  const shown = show({
    $id: 'https://example.com/order',
    type: 'object',
    properties: {
      self: { $ref: 'order' },
      address: { $ref: 'https://example.com/address#street' },
      part: { $ref: '/address#/$defs/a~1b%20c' },
      size: { $ref: '#size' }
    },
    $defs: {
      size: { $anchor: 'size', type: 'integer' },
      address: {
        $id: 'address',
        type: 'object',
        properties: { street: { $anchor: 'street', type: 'string' } },
        $defs: { 'a/b c': { $ref: '#/properties/street' } }
      }
    }
  })

  t.strictSame(shown, {
    type: 'object',
    properties: {
      self: { $ref: '#' },
      address: { $ref: '#/$defs/address/properties/street' },
      part: { $ref: '#/$defs/address/$defs/a~1b%20c' },
      size: { $ref: '#/$defs/size' }
    },
    $defs: {
      size: { $anchor: 'size', type: 'integer' },
      address: {
        type: 'object',
        properties: { street: { $anchor: 'street', type: 'string' } },
        $defs: { 'a/b c': { $ref: '#/$defs/address/properties/street' } }
      }
    }
  })
})

t.test('an $id of draft-07 that begins with # is an anchor', async (t) => {
  const schema = {
    $schema: DRAFT_07,
    type: 'object',
    properties: { a: { $ref: '#a' } },
    definitions: { a: { $id: '#a', type: 'string' } }
  }

  t.strictSame(show(schema), {
    $schema: DRAFT_07,
    type: 'object',
    properties: { a: { $ref: '#/definitions/a' } },
    definitions: { a: { type: 'string' } }
  })
})

t.test('properties named like keywords are kept', async (t) => {
  const properties = {
    $id: { type: 'string' },
    id: { type: 'string' },
    nullable: { type: 'boolean' },
    $ref: { type: 'string' },
    pattern: { type: 'string' }
  }
  const schema = {
    type: 'object',
    properties,
    required: ['$id', 'id'],
    default: { $id: 'a' },
    enum: [{ $id: 'a', id: 'b' }],
    const: { $id: 'a', id: 'b' }
  }

  t.strictSame(show(schema), schema)
})

t.test('dynamic and recursive references become plain ones', async (t) => {
  const dynamic = show({ $dynamicAnchor: 'node', type: 'object', properties: { next: { $dynamicRef: '#node' } } })
  const recursive = show({ $recursiveAnchor: true, type: 'object', properties: { next: { $recursiveRef: '#' } } })
  const references = { $ref: '#/$defs/a', $dynamicRef: '#b' }
  const both = show({
    type: 'object',
    properties: { a: references, b: { ...references, allOf: [{ minLength: 1 }] } },
    $defs: { a: {}, b: { $dynamicAnchor: 'b', allOf: [{}] } }
  })

  for (const json of [dynamic, recursive]) t.strictSame(json, { type: 'object', properties: { next: { $ref: '#' } } })
  t.strictSame(both.properties, {
    a: { $ref: '#/$defs/a', allOf: [{ $ref: '#/$defs/b' }] },
    b: { $ref: '#/$defs/a', allOf: [{ minLength: 1 }, { $ref: '#/$defs/b' }] }
  })
  t.equal(refusalOf({ $dynamicRef: '#a', $defs: { a: { $dynamicAnchor: 'a' }, b: { $id: 'b', $dynamicAnchor: 'a' } } }),
    "has the $dynamicAnchor 'a' more than once; write one $ref for each use instead")
})

t.test('a reference to a schema outside of the document is refused with advice', async (t) => {
  const advice = "which it does not contain; put that schema under '$defs' and write { $ref: '#/$defs/name' }"
  const unknown = ' (schemas of addSchema() are not available here, and nothing is fetched)'

  t.equal(refusalOf({ $ref: 'note#' }), `has a $ref to 'note#', ${advice}${unknown}`)
  t.equal(refusalOf({ $ref: 'http://[' }), `has a $ref to 'http://[', ${advice}${unknown}`)
  t.equal(refusalOf({ $ref: '#/$defs/toString', $defs: {} }), `has a $ref to '#/$defs/toString', ${advice}`)
  t.equal(refusalOf({ items: { $ref: '#note' } }), `has a $ref to '#note', ${advice}`)
  t.equal(refusalOf({ $ref: '#/$defs/%' }), `has a $ref to '#/$defs/%', ${advice}`)
})

t.test('a schema below an unknown keyword is normalised if a reference points to it', async (t) => {
  const shown = show({
    type: 'object',
    properties: { a: { $ref: '#/components/schemas/A' }, b: { $ref: '#/components/schemas/B' } },
    components: { schemas: { A: { $id: 'A', id: 'A', type: 'string' }, B: { $ref: '#/components/schemas/A' } } }
  })

  t.strictSame(shown.components, { schemas: { A: { type: 'string' }, B: { $ref: '#/components/schemas/A' } } })
})

t.test('annotations of OpenAPI and draft-04 do not affect validation, and those that validators reject are removed', async (t) => {
  const annotated = {
    text: { type: 'string', nullable: true, id: 'Text', example: 'a', xml: { name: 'text' }, externalDocs: { url: 'https://example.com' } },
    any: {
      nullable: true,
      discriminator: { propertyName: 'kind', mapping: { a: '#/a' } },
      anyOf: [{ type: 'string' }, { type: 'number' }]
    },
    listed: { type: 'string', examples: { a: { value: 'a' } }, example: { $id: 'https://example.com/a' } },
    above: { type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: false },
    open: { type: 'number', exclusiveMinimum: true }
  }
  const { json, validate } = compileInput({ type: 'object', properties: annotated })

  t.strictSame(json.properties, {
    text: { type: 'string', example: 'a', xml: { name: 'text' }, externalDocs: { url: 'https://example.com' } },
    any: {
      discriminator: { propertyName: 'kind', mapping: { a: '#/a' } }, anyOf: [{ type: 'string' }, { type: 'number' }]
    },
    listed: { type: 'string' },
    above: { type: 'number', exclusiveMinimum: 1, maximum: 5 },
    open: { type: 'number' }
  })
  t.match(validate({ text: null }), { valid: false, problem: '/text must be string' })
  t.match(validate({ any: null }), { valid: false })
  t.match(validate({ above: 1 }), { valid: false, problem: '/above must be > 1' })
  t.match(validate({ text: 'a', any: 1, above: 5 }), { valid: true })
})

t.test('a pattern that the flag u forbids is listed in a form that it allows', async (t) => {
  const schema = z.object({
    slug: z.string().regex(/^[\w-.]+$/), map: z.record(z.string().regex(/^[\w-@]/), z.number())
  })
  const written = { type: 'object', patternProperties: { '^\\@': { pattern: '\\-' } } }

  t.match(show(schema).properties, {
    slug: { pattern: '^[\\w\\-.]+$' }, map: { propertyNames: { pattern: '^[\\w\\-@]' } }
  })
  t.match(show(type({ a: /^[\w-.]$/ })).properties, { a: { pattern: '^[\\w\\-.]$' } })
  t.strictSame(show(written), { type: 'object', patternProperties: { '^@': { pattern: '-' } } })
  t.equal(
    refusalOf({ pattern: 'a\\Z' }),
    'has the pattern "a\\\\Z", which cannot be used: ' +
      "JavaScript has '^' and '$' instead of '\\A', '\\Z' and '\\z'"
  )
})

t.test('the rendered schema of a Standard Schema is checked', async (t) => {
  const standard = (json: object) => ({
    '~standard': {
      version: 1,
      vendor: 'acme',
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => json, output: () => json }
    }
  })

  t.match(refusalOf(standard({ type: 'text' })), /^is not a valid JSON Schema: \/type must be equal to one of/)
  t.match(refusalOf(standard({ $ref: 'https://example.com/a' })), /^has a \$ref to/)
  t.strictSame(show(standard({ $id: 'a', type: 'object' })), { type: 'object' })
})

t.test('recursive schemas of every library have type object at their root', async (t) => {
  const node = z.object({ name: z.string(), get children () { return z.array(node).optional() } }).meta({ id: 'Node' })
  const schemas = {
    zod: node,
    arktype: type({ name: 'string', 'children?': 'this[]' }),
    TypeBox: Type.Recursive((This) => Type.Object({ name: Type.String(), children: Type.Optional(Type.Array(This)) })),
    typebox: typebox.Cyclic(
      { A: typebox.Object({ name: typebox.String(), children: typebox.Optional(typebox.Array(typebox.Ref('A'))) }) },
      'A'
    )
  }

  for (const [library, schema] of Object.entries(schemas)) {
    const { json, validate } = compileInput(schema)

    t.match(json, { type: 'object', properties: { name: { type: 'string' } } }, library)
    t.notMatch(JSON.stringify(json), /\$id/, library)
    t.match(await validate({ name: 'a', children: [{ name: 'b', children: [] }] }), { valid: true }, library)
    t.match(
      await validate({ name: 'a', children: [{ name: 1 }] }), { valid: false, problem: /^\/children\/0\/name/ }, library
    )
  }
})
