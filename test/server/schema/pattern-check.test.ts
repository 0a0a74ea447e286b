import { RE2JS } from 're2js'
import t from 'tap'
import { Type } from '@sinclair/typebox'
import * as z from 'zod'
import { compileSchema, type AnySchema } from '../../../lib/server/schema/schema.ts'
import { PatternCheck } from '../../../lib/server/schema/pattern-check.ts'

const WHERE = "inputSchema of tool 'add_note'"

function warningsOf (schema: AnySchema, check = new PatternCheck()): string[] {
  return check.listWarnings(schema, compileSchema(schema, 'input', WHERE, check.createRegExp).json, WHERE)
}

t.test('a warning names the schema, the place and the pattern, and says what to do', async (t) => {
  t.strictSame(warningsOf(
    Type.Object({
      name: Type.String({ pattern: '^(a+)+$' }),
      age: Type.Number(),
      slug: Type.String({ pattern: '^[a-z]+(?:-[a-z]+)*$' })
    })
  ), [
    'the inputSchema of tool \'add_note\' has the pattern "^(a+)+$" at \'/properties/name/pattern\', ' +
    'with which one request can block the event loop: ' +
    'rewrite it so that its repeated parts can match a text in one way only, ' +
    "give its text a small 'maxLength' beside it, " +
    "or run the server's patterns in linear time with its option 'regExp', such as (pattern) => new RE2(pattern, 'u')"
  ])
  t.match(
    warningsOf({ type: 'object', patternProperties: { '(a|a)*$': {} } }),
    ["at '/patternProperties'"].map((text) => new RegExp(text))
  )
  t.match(warningsOf(Type.Object({ name: Type.String({ pattern: '^(a+)+$', maxLength: 50 }) })), [
    /give its text a smaller 'maxLength' beside it/
  ])
  t.match(warningsOf(Type.Object({ name: Type.String({ pattern: `^(a+)+${'b'.repeat(1000)}$` }) })), [/has the pattern "\^\(a\+\)\+b{74}…" at/])
})

t.test('a slow pattern with a small maxLength gives no warning', async (t) => {
  t.strictSame(
    warningsOf(
      Type.Object({
        name: Type.String({ pattern: '\\s+$', maxLength: 200 }), code: Type.String({ pattern: '^(a+)+$', maxLength: 8 })
      })
    ),
    []
  )
})

t.test('maxLength does not bound the pattern of a Standard Schema', async (t) => {
  t.match(warningsOf(z.object({ name: z.string().regex(/^(a+)+$/) })), [
    /in zod: z\.string\(\)\.max\(100, \{ abort: true \}\)\), or describe it with TypeBox or JSON Schema and run the server's patterns in linear time/
  ])
  t.equal(warningsOf(z.object({ name: z.string().max(8).regex(/^(a+)+$/) })).length, 1)
  t.strictSame(
    warningsOf(z.object({ name: z.string().max(200).regex(/\s+$/), mail: z.email(), end: z.string().endsWith('x') })),
    []
  )
})

t.test('with another engine, only patterns of Standard Schemas give warnings', async (t) => {
  const check = new PatternCheck((pattern) => RE2JS.compile(pattern))

  t.strictSame(warningsOf(Type.Object({ name: Type.String({ pattern: '^(a+)+$' }) }), check), [])
  t.equal(warningsOf(z.object({ name: z.string().regex(/^(a+)+$/) }), check).length, 1)
})

t.test('no schema gives no warnings', async (t) => {
  t.strictSame(new PatternCheck().listWarnings(undefined, undefined, WHERE), [])
})

t.test('verdicts stay right when the cache is full', async (t) => {
  const check = new PatternCheck()
  const properties = Object.fromEntries(Array.from({ length: 1200 }, (_, index) => [`p${index}`, { pattern: `^${index}$` }]))
  const slow = { type: 'object', properties: { name: { pattern: '^(a+)+$' } } }

  t.equal(warningsOf(slow, check).length, 1)
  t.strictSame(warningsOf({ type: 'object', properties }, check), [])
  for (let time = 0; time < 2; time++) t.equal(warningsOf(slow, check).length, 1)
})
