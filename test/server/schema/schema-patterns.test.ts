import t from 'tap'
import { compileSchema } from '../../../lib/server/schema/schema.ts'
import { listPatterns } from '../../../lib/server/schema/schema-patterns.ts'

t.test('patterns are listed with their places and the maxLength of their texts', async (t) => {
  const schema = {
    properties: {
      free: { pattern: 'a' },
      bounded: { pattern: 'b', maxLength: 5 },
      around: { maxLength: 5, allOf: [{ pattern: 'c' }, { not: { pattern: 'd', maxLength: 9 } }] },
      referring: { maxLength: 5, $ref: '#/components/text' },
      anything: true
    },
    patternProperties: { g: {} },
    additionalProperties: { patternProperties: { h: { pattern: 'i' } }, propertyNames: { maxLength: 5 } },
    components: { text: { pattern: 'j', properties: { again: { $ref: '#/components/text' } } } },
    enum: [{ pattern: 'no schema' }]
  }

  t.strictSame(listPatterns(schema), [
    { pattern: 'g', pointer: '/patternProperties', maxLength: Infinity },
    { pattern: 'a', pointer: '/properties/free/pattern', maxLength: Infinity },
    { pattern: 'b', pointer: '/properties/bounded/pattern', maxLength: 5 },
    { pattern: 'c', pointer: '/properties/around/allOf/0/pattern', maxLength: Infinity },
    { pattern: 'd', pointer: '/properties/around/allOf/1/not/pattern', maxLength: 9 },
    { pattern: 'j', pointer: '/components/text/pattern', maxLength: Infinity },
    { pattern: 'h', pointer: '/additionalProperties/patternProperties', maxLength: 5 },
    { pattern: 'i', pointer: '/additionalProperties/patternProperties/h/pattern', maxLength: Infinity }
  ])
})

t.test('a pattern does not run on a text that exceeds its maxLength', async (t) => {
  const tried: string[] = []
  const createRegExp = (): { test (text: string): boolean } => ({ test (text) { tried.push(text); return true } })

  for (const text of [
    { pattern: 'a', maxLength: 5 },
    { type: 'string', maxLength: 5, pattern: 'a' },
    { allOf: [{ pattern: 'a', maxLength: 5 }] }
  ]) {
    const { validate } = compileSchema({ type: 'object', properties: { text } }, 'input', 'the schema', createRegExp)
    t.match(validate({ text: 'too long' }), { valid: false }, JSON.stringify(text))
  }
  for (const additionalProperties of [true, false]) {
    const names = { propertyNames: { maxLength: 5 }, patternProperties: { a: {} }, additionalProperties }
    t.match(
      compileSchema({ type: 'object', ...names }, 'input', 'the schema', createRegExp).validate({ 'too long': 1 }),
      { valid: false }
    )
  }

  t.strictSame(tried, [])
})
