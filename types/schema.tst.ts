import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { describe, expect, test } from 'tstyche'
import * as typebox from 'typebox'
import * as v from 'valibot'
import { z } from 'zod'
import type { AnySchema } from '../lib/server/schema/schema.ts'
import type { InferInput, InferOutput } from '../lib/server/schema/infer.ts'
import type { JsonSchema } from '../lib/server/schema/validation.ts'

// The register functions accept schemas in the same way.
declare function input<const S extends AnySchema | undefined> (schema: S): InferInput<S>
declare function output<const S extends AnySchema | undefined> (schema: S): InferOutput<S>

interface Note {
  text: string
  priority?: number
  tags: string[]
  state: 'open' | 'done'
  author: { name: string, email?: string }
}

describe('a schema of a library gives the type of its values:', () => {
  test('TypeBox 0.34', () => {
    const schema = Type.Object({
      text: Type.String(),
      priority: Type.Optional(Type.Integer()),
      tags: Type.Array(Type.String()),
      state: Type.Union([Type.Literal('open'), Type.Literal('done')]),
      author: Type.Object({ name: Type.String(), email: Type.Optional(Type.String()) })
    })

    expect(input(schema)).type.toBe<Note>()
    expect(output(schema)).type.toBe<Note>()
    expect(input(Type.Object({ text: Type.String(), size: Type.Literal(3) }))).type.toBe<{ text: string, size: 3 }>()
    expect(input(Type.Object({}))).type.toBe<{}>()
    expect(output(Type.Array(Type.Tuple([Type.String(), Type.Null()])))).type.toBe<[string, null][]>()
    expect(input(Type.Object({ a: Type.Unsafe<Date>({}) }))).type.toBe<{ a: Date }>()
  })

  test('typebox 1.x, from its JSON Schema keywords', () => {
    const schema = typebox.Object({
      text: typebox.String(),
      priority: typebox.Optional(typebox.Integer()),
      tags: typebox.Array(typebox.String()),
      state: typebox.Union([typebox.Literal('open'), typebox.Literal('done')]),
      author: typebox.Object({ name: typebox.String(), email: typebox.Optional(typebox.String()) })
    })

    expect(input(schema)).type.toBe<Note>()
    expect(output(schema)).type.toBe<Note>()
    expect(input(typebox.Object({ text: typebox.String() }))).type.toBe<{ text: string }>()
    expect(input(typebox.Object({ a: typebox.Optional(typebox.Boolean()) }))).type.toBe<{ a?: boolean }>()
    expect(output(typebox.Tuple([typebox.String(), typebox.Null()]))).type.toBe<[string, null]>()
    expect(output(typebox.Record(typebox.String(), typebox.Number()))).type.toBe<Record<string, number>>()
    expect(output(typebox.Enum(['a', 'b']))).type.toBe<'a' | 'b'>()
    expect(output(typebox.Unsafe<Date>({}))).type.toBe<Date>()
    expect(
      output(typebox.Intersect([typebox.Object({ a: typebox.String() }), typebox.Object({ b: typebox.Number() })]))
    )
      .type.toBe<{ a: string } & { b: number }>()
    expect(output(typebox.Ref('Other'))).type.toBe<unknown>()
  })

  test('zod, with the input side and the output side of transforms', () => {
    const schema = z.object({
      text: z.string(),
      tags: z.array(z.string()),
      state: z.enum(['open', 'done']),
      author: z.object({ name: z.string() })
    })

    expect(input(schema)).type.toBe<{
      text: string
      tags: string[]
      state: 'open' | 'done'
      author: { name: string }
    }>()
    expect(input(z.object({ size: z.string().transform(Number), unit: z.string().default('m') })))
      .type.toBe<{ size: number, unit: string }>()
    expect(output(z.object({ size: z.string().transform(Number), unit: z.string().default('m') })))
      .type.toBe<{ size: string, unit?: string | undefined }>()
    expect(input(z.object({ a: z.optional(z.union([z.string(), z.null()])) }))).type.toBe<{
      a?: string | null | undefined
    }>()
  })

  test('arktype', () => {
    const schema = type({
      text: 'string',
      'priority?': 'number',
      tags: 'string[]',
      state: "'open' | 'done'",
      author: { name: 'string', 'email?': 'string' }
    })

    expect(input(schema)).type.toBe<Note>()
    expect(output(schema)).type.toBe<Note>()
  })

  test('valibot, with toStandardJsonSchema', () => {
    const schema = toStandardJsonSchema(v.object({
      text: v.string(), state: v.picklist(['open', 'done']), size: v.pipe(v.string(), v.transform(Number))
    }))

    expect(input(schema)).type.toBe<{ text: string, state: 'open' | 'done', size: number }>()
    expect(output(schema)).type.toBe<{ text: string, state: 'open' | 'done', size: string }>()
  })
})

describe('a JSON Schema literal gives the type of', () => {
  test('objects with required and optional properties', () => {
    const schema = {
      type: 'object',
      properties: {
        text: { type: 'string' },
        priority: { type: 'integer' },
        tags: { type: 'array', items: { type: 'string' } },
        state: { enum: ['open', 'done'] },
        author: {
          type: 'object',
          properties: { name: { type: 'string' }, email: { type: 'string' } },
          required: ['name']
        }
      },
      required: ['text', 'tags', 'state', 'author']
    } as const

    expect(input(schema)).type.toBe<Note>()
    expect(output(schema)).type.toBe<Note>()
    expect(input({ type: 'object', properties: { a: { type: 'boolean' }, b: { type: 'null' } }, required: ['b'] }))
      .type.toBe<{ b: null, a?: boolean }>()
  })

  test('unions of types, const, enum, anyOf, oneOf and allOf', () => {
    expect(output({ type: ['string', 'null'] })).type.toBe<string | null>()
    expect(output({ type: 'string', enum: ['a', 'b'] })).type.toBe<'a' | 'b'>()
    expect(output({ const: 3 })).type.toBe<3>()
    expect(output({ anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'number' } }] })).type.toBe<
      string | number[]
    >()
    expect(output({ oneOf: [{ const: 'a' }, { type: 'boolean' }] })).type.toBe<'a' | boolean>()
    expect(output({ allOf: [{ type: ['string', 'null'] }, { enum: ['a', null] }] })).type.toBe<'a' | null>()
    expect(
      output({
        type: 'object',
        properties: { a: { type: 'string' } },
        anyOf: [{ required: ['a'] }, { maxProperties: 0 }]
      })
    )
      .type.toBe<{ a?: string }>()
  })

  test('open objects and arrays', () => {
    expect(output({ type: 'object' })).type.toBe<Record<string, unknown>>()
    expect(output({ type: 'object', properties: {} })).type.toBe<Record<string, unknown>>()
    expect(output({ type: 'object', additionalProperties: { type: 'number' } })).type.toBe<Record<string, number>>()
    expect(output({ type: 'object', additionalProperties: false })).type.toBe<Record<string, unknown>>()
    expect(output({ type: 'array' })).type.toBe<unknown[]>()
    expect(output({ type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } })).type.toBe<
      unknown[]
    >()
    expect(output({ type: 'array', items: [{ type: 'string' }] })).type.toBe<unknown[]>()
  })

  test('keywords that the types do not cover, which is unknown', () => {
    expect(output({ $ref: '#/$defs/a', $defs: { a: { type: 'string' } } })).type.toBe<unknown>()
    expect(output({ type: 'array', items: { $ref: '#' } })).type.toBe<unknown[]>()
    expect(input({ type: 'object', properties: { a: { not: {} }, b: true } })).type.toBe<{ a?: unknown, b?: unknown }>()
  })
})

test('without a schema, or with one whose literal type is lost, arguments are any object', () => {
  expect<InferInput<JsonSchema>>().type.toBe<Record<string, unknown>>()
  expect<InferOutput<JsonSchema>>().type.toBe<Record<string, unknown>>()
  expect<InferInput<undefined>>().type.toBe<Record<string, unknown>>()
  expect<InferInput<{ type: string; properties: { a: { type: string } }; required: string[] }>>().type.toBe<
    Record<string, unknown>
  >()
  expect(input({ $ref: '#/$defs/a', $defs: { a: { type: 'object' } } })).type.toBe<Record<string, unknown>>()
})

test('a Standard Schema that cannot render JSON Schema is not accepted', () => {
  expect(input).type.not.toBeCallableWith(v.object({ text: v.string() }))
  expect(input).type.not.toBeCallableWith('string')
  expect(input).type.not.toBeCallableWith(true)
})
