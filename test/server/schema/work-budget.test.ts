import t from 'tap'
import { compileSchema } from '../../../lib/server/schema/schema.ts'
import type { Validation } from '../../../lib/server/schema/validation.ts'

const TOO_LARGE = { valid: false, problem: 'is too large to be checked; send less at a time' }

function check (schema: object, value: unknown): Validation | Promise<Validation> {
  return compileSchema({ type: 'object', properties: { v: schema }, $defs: DEFS }, 'input', 'the schema').validate({
    v: value
  })
}

// Each level is a union of two members, and both check everything below, so the work doubles with each level.
const branch = (op: string): object => ({
  type: 'object', properties: { left: { $ref: '#/$defs/expression' }, op: { const: op } }, required: ['op']
})
const DEFS = { expression: { anyOf: [branch('a'), branch('b'), { type: 'number' }] }, any: true }

function nest (depth: number, op: string): unknown {
  return depth === 0 ? 1 : { left: nest(depth - 1, op), op }
}

function repeat (value: unknown, count: number): unknown[] {
  return Array.from({ length: count }, () => value)
}

const many = Array.from({ length: 50 }, (_, n) => n + 0.5)
const HOSTILE: Readonly<Record<string, readonly [schema: object, value: unknown, fitting: unknown]>> = {
  'a recursive union': [{ $ref: '#/$defs/expression' }, nest(40, 'c'), nest(8, 'b')],
  'a list of distinct objects': [
    { uniqueItems: true },
    Array.from({ length: 200_000 }, (_, n) => ({ n })),
    Array.from({ length: 10_000 }, (_, n) => ({ n }))
  ],
  'a list of long texts': [{ uniqueItems: true }, repeat(['a'.repeat(2_000)], 20_000), [['a'.repeat(2_000)]]],
  'a union of many constants': [
    { items: { anyOf: many.map((value) => ({ const: value })) } }, repeat(49.5, 100_000), repeat(49.5, 100)
  ],
  'a long enumeration': [
    { items: { enum: Array.from({ length: 2_000 }, (_, n) => n) } }, repeat(1_999, 100_000), repeat(1_999, 500)
  ],
  'a search for what is not there': [{ contains: { type: 'string' }, minContains: 2 }, repeat(0, 500_000), ['a', 'b']],
  'a pattern for each entry': [{ items: { pattern: 'a$' } }, repeat('a'.repeat(100), 200_000), ['a']],
  'formats that are long to check': [{ items: { format: 'uri' } }, repeat('http://a.example/b', 100_000), ['http://a.example/b']],
  'regular expressions': [{ items: { format: 'regex' } }, repeat('a'.repeat(1_000), 100), ['a']]
}

for (const [what, [schema, value, fitting]] of Object.entries(HOSTILE)) {
  t.test(`a value that takes too many steps to check is refused: ${what}`, async (t) => {
    t.same(check(schema, value), TOO_LARGE)
    t.match(check(schema, fitting), { valid: true })
  })
}

t.test('each value gets a fresh budget', async (t) => {
  const { validate } = compileSchema(
    { type: 'object', properties: { v: { uniqueItems: true } } }, 'input', 'the schema'
  )
  const value = { v: Array.from({ length: 60_000 }, (_, n) => ({ n })) }

  for (let round = 0; round < 5; round++) t.match(validate(value), { valid: true })
})

t.test('uniqueItems compares items by value', async (t) => {
  const unique: readonly unknown[][] = [
    [],
    [1, '1', true, 'true', null, 'null', [1], ['1'], '[1]', {}, '{}'],
    [{ a: 1, b: 2 }, { a: 1, b: 3 }],
    [[1, 2], [2, 1]]
  ]
  const equal: readonly unknown[][] = [
    [1, 1], ['a', 'b', 'a'], [{ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 }], [null, null], [[], []]
  ]

  for (const list of unique) {
    t.match(check({ type: 'array', uniqueItems: true }, list), { valid: true }, JSON.stringify(list))
  }
  for (const list of equal) {
    t.same(
      check({ type: 'array', uniqueItems: true }, list),
      { valid: false, problem: '/v must NOT have duplicate items' },
      JSON.stringify(list)
    )
  }
  t.match(check({ type: 'array', uniqueItems: false }, [1, 1]), { valid: true })
})

t.test('the costs of a schema are not listed', async (t) => {
  const schema = { type: 'object', properties: { v: { type: 'array', items: { $ref: '#/$defs/any' } } }, $defs: DEFS }

  t.strictSame(compileSchema(schema, 'input', 'the schema').json, schema)
})
