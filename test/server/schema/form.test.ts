import t from 'tap'
import { Type } from '@sinclair/typebox'
import { z } from 'zod'
import { createFormCompiler } from '../../../lib/server/schema/form.ts'

const compileForm = createFormCompiler()

function fieldOf (property: object): unknown {
  return compileForm({ type: 'object', properties: { a: property } }).requestedSchema.properties
}

t.test('a form is compiled from the schema of any library', async (t) => {
  const requestedSchema = {
    type: 'object',
    properties: { name: { type: 'string', minLength: 1 }, age: { type: 'number', minimum: 0 } },
    required: ['name']
  }
  const schemas = [
    Type.Object({ name: Type.String({ minLength: 1 }), age: Type.Optional(Type.Number({ minimum: 0 })) }, {
      additionalProperties: false
    }),
    z.object({ name: z.string().min(1), age: z.number().min(0).optional() }),
    { $schema: 'https://json-schema.org/draft/2020-12/schema', ...requestedSchema, title: 'Who' }
  ]

  for (const schema of schemas) t.strictSame(compileForm(schema).requestedSchema, requestedSchema)
})

t.test('a form is compiled once per schema object', async (t) => {
  const schema = Type.Object({ name: Type.String() })

  t.equal(compileForm(schema), compileForm(schema))
  t.not(compileForm(schema), compileForm(Type.Object({ name: Type.String() })))
})

t.test('form content is validated, and missing fields get their defaults', async (t) => {
  const { validate } = compileForm(Type.Object({ name: Type.String(), age: Type.Integer({ default: 30 }) }))

  t.strictSame(await validate({ name: 'Ann' }), { valid: true, value: { name: 'Ann', age: 30 } })
  t.match(await validate({ name: 1 }), { valid: false, problem: '/name must be string' })
})

t.test('every kind of field that the protocol defines stays unchanged', async (t) => {
  const fields = [
    { type: 'string', title: 'T', description: 'D', minLength: 1, maxLength: 2, default: 'a' },
    { type: 'string', format: 'email' },
    { type: 'string', format: 'uri' },
    { type: 'string', format: 'date' },
    { type: 'string', format: 'date-time' },
    { type: 'number', minimum: 1, maximum: 2, default: 1 }, { type: 'integer' }, { type: 'boolean', default: false },
    { type: 'string', enum: ['a', 'b'], default: 'a' },
    { type: 'string', enum: ['a', 'b'], enumNames: ['A', 'B'] },
    { type: 'string', oneOf: [{ const: 'a', title: 'A' }, { const: 'b', title: 'B' }], default: 'b' },
    { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string', enum: ['a', 'b'] }, default: ['a'] },
    { type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] } }
  ]

  for (const field of fields) t.strictSame(fieldOf(field), { a: field })
})

t.test('choices of every rendering become enum, oneOf or anyOf as the protocol defines', async (t) => {
  const single = { type: 'string', enum: ['x', 'y'] }
  const literals = [Type.Literal('x'), Type.Literal('y')]

  t.strictSame(fieldOf(Type.Union(literals, { title: 'T' })), { a: { ...single, title: 'T' } })
  t.strictSame(fieldOf({ enum: ['x', 'y'] }), { a: single })
  t.strictSame(fieldOf(Type.Literal('x', { title: 'T' })), { a: { type: 'string', enum: ['x'], title: 'T' } })
  t.strictSame(fieldOf(Type.Array(Type.Union(literals))), { a: { type: 'array', items: single } })
  t.strictSame(fieldOf(Type.Array(Type.Literal('x'))), { a: { type: 'array', items: { type: 'string', enum: ['x'] } } })
  t.strictSame(fieldOf({ type: 'array', items: { enum: ['x', 'y'] } }), { a: { type: 'array', items: single } })
  t.strictSame(fieldOf({ anyOf: [{ const: 'x', title: 'X' }, { const: 'y' }] }), {
    a: { type: 'string', oneOf: [{ const: 'x', title: 'X' }, { const: 'y', title: 'y' }] }
  })
  t.strictSame(compileForm(z.object({ a: z.enum(['x', 'y']) })).requestedSchema.properties, { a: single })
})

t.test('a form that clients cannot show is refused', async (t) => {
  const root = "a form must describe an object with properties: its root needs type 'object'"
  const kind = "a form has a property 'a' that is not a string, number, integer, boolean, " +
    'choice of strings or list of such choices; forms are flat'
  const list = "a form has a property 'a' whose items are not a choice of strings; " +
    "give 'items' an 'enum' of strings"
  const refused: ReadonlyArray<readonly [schema: object, message: string]> = [
    [{ type: 'string' }, root],
    [{ type: 'object' }, root],
    [{ type: 'object', properties: { a: true } }, "a form has a property 'a' that accepts any value; give it a type"],
    ...[
      {}, { type: 'object' }, { type: ['string', 'null'] }, { type: 'null' }, { oneOf: [{ const: 1 }] },
      { anyOf: [{ type: 'string' }] }, { const: 1 }, { enum: [1] }
    ]
      .map((property) => [{ type: 'object', properties: { a: property } }, kind] as const),
    ...[
      {},
      { items: true },
      { items: { type: 'string' } },
      { items: { type: 'number', enum: [1] } },
      { items: { type: 'object' } }
    ]
      .map((property) => [{ type: 'object', properties: { a: { type: 'array', ...property } } }, list] as const),
    [
      { type: 'object', properties: { a: { type: 'string', format: 'uuid' } } },
      "a form has a property 'a' of format 'uuid'; forms support email, uri, date and date-time"
    ]
  ]

  for (const [schema, message] of refused) {
    t.throws(() => compileForm(schema), { code: 'MCP_ERR_INVALID_SCHEMA', message })
  }
})

t.test('a schema that does not compile is refused', async (t) => {
  t.throws(() => compileForm({ type: 'object', properties: { a: { type: 'text' } } }), {
    code: 'MCP_ERR_INVALID_SCHEMA', message: /^a form is not a valid JSON Schema/
  })
})
