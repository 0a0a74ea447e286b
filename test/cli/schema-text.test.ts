import t from 'tap'
import { formatSchema, type Schema } from '../../lib/cli/schema-text.ts'

const nest = (items: Schema): Schema => ({ type: 'array', items })
const SELF: Schema = { type: 'object', properties: { next: { $ref: '#' } } }

t.test('a schema is written as a type', async (t) => {
  const texts: ReadonlyArray<readonly [schema: Schema | boolean, text: string]> = [
    [{}, 'any'],
    [true, 'any'],
    [{ type: 'string' }, 'string'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ const: 'price' }, '"price"'],
    [{ const: null }, 'null'],
    [{ enum: ['one', 2] }, '"one" | 2'],
    [{ enum: [] }, 'any'],
    [{ anyOf: [{ const: 'price' }, { const: 'title' }] }, '"price" | "title"'],
    [{ oneOf: [{ type: 'string' }, { type: 'string' }, { type: 'null' }] }, 'string | null'],
    [{ allOf: [{ $ref: '#/$defs/a' }, { anyOf: [{ type: 'number' }, { const: 'x' }] }] }, 'string & (number | "x")'],
    [{ type: 'array' }, 'array'],
    [nest(nest(nest(nest({ type: 'string' })))), 'array[][][]'],
    [{ type: 'array', items: { type: 'string' } }, 'string[]'],
    [{ items: { enum: ['a', 'b'] } }, '("a" | "b")[]'],
    [{ items: { const: ' | ' } }, '" | "[]'],
    [{ type: 'array', items: true }, 'any[]'],
    [{ prefixItems: [{ type: 'string' }, { type: 'number' }] }, '[string, number]'],
    [{ type: 'array', items: [{ type: 'string' }] }, '[string]'],
    [{ type: 'object' }, 'object'],
    [
      { properties: { a: { type: 'number' }, b: {}, c: { default: 1 } }, required: ['a', 'c'] },
      '{ a: number, b?: any, c?: any }'
    ],
    [
      { type: 'array', items: { type: 'object', properties: { kind: { enum: ['a', 'b'] } } } },
      '{ kind?: "a" | "b" }[]'
    ],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [key]: number }'],
    [{ type: 'object', additionalProperties: false }, 'object'],
    [{ type: 'object', patternProperties: { '.': { type: 'string' } } }, '{ [key]: string }'],
    [{ $ref: '#/$defs/a' }, 'string'],
    [{ $ref: '#/$defs/a~1b%20c' }, 'boolean'],
    [{ $ref: '#/$defs/none' }, 'none'],
    [{ $ref: '#/$defs/%' }, '%'],
    [{ $ref: 'https://example.com/order' }, 'order'],
    [{ $ref: '#/$defs/text' }, 'text']
  ]
  const root = { $defs: { a: { type: 'string' }, 'a/b c': { type: 'boolean' }, text: 'a' } }
  for (const [schema, text] of texts) t.equal(formatSchema(schema, root), text, text)
})

t.test('a schema that refers to itself ends', async (t) => {
  t.equal(formatSchema(SELF, SELF), '{ next?: { next?: any } }')
})
