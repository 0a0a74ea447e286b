import { RE2JS } from 're2js'
import t from 'tap'
import { Type } from '@sinclair/typebox'
import * as z from 'zod'
import { createNativeRegExp, type CreateRegExp } from '../../../lib/server/schema/pattern-engine.ts'
import { compileSchema, type AnySchema } from '../../../lib/server/schema/schema.ts'

const createRe2: CreateRegExp = (pattern) => RE2JS.compile(RE2JS.translateRegExp(pattern))

function problemOf (schema: AnySchema, createRegExp: CreateRegExp, direction: 'input' | 'output' = 'input'): string {
  try {
    compileSchema(schema, direction, 'inputSchema', createRegExp)
    return 'none'
  } catch (error) {
    return String(error)
  }
}

t.test('the engine of regExp runs the patterns', async (t) => {
  const flags: string[] = []
  const schema = Type.Object({ name: Type.String({ pattern: '^(a+)+\\u00e9$' }) }, {
    patternProperties: { '^(x+)+$': Type.Number() }, additionalProperties: false
  })
  const { validate } = compileSchema(schema, 'input', 'inputSchema', (pattern, flag) => {
    flags.push(flag)
    return createRe2(pattern, flag)
  })

  t.same(validate({ name: 'aaé', xx: 1 }), { valid: true, value: { name: 'aaé', xx: 1 } })
  t.same(validate({ name: 'a'.repeat(100_000) }), {
    valid: false, problem: '/name must match pattern "^(a+)+\\u00e9$"'
  })
  t.same(validate({ name: 'é', xx: 'x' }), { valid: false, problem: '/name must match pattern "^(a+)+\\u00e9$"' })
  t.match(validate({ name: 'aé', [`${'x'.repeat(1000)}!`]: 1 }), { valid: false, problem: /must NOT have additional properties/ })
  t.same(new Set(flags), new Set(['u']))
})

t.test('a pattern that the engine refuses is refused at registration', async (t) => {
  for (const pattern of ['^(?=.*a)', '^(a)\\1$']) {
    t.match(problemOf(Type.Object({ name: Type.String({ pattern }) }), createRe2),
      `inputSchema has the pattern ${JSON.stringify(pattern)} at '/properties/name/pattern', which the server's 'regExp' refuses: error parsing regexp: `)
  }
  t.match(problemOf({ type: 'object', patternProperties: { '(?!a)': {} } }, createRe2), "at '/patternProperties'")
  t.match(
    problemOf(Type.Object({ name: Type.String({ pattern: 'a' }) }), (() => undefined) as never),
    "refuses: what it returned has no method 'test'; rewrite it without"
  )
  t.match(
    problemOf(z.object({ name: z.string().regex(/(?=a)/) }), createRe2, 'output'),
    "at '/properties/name/pattern', which"
  )
})

t.test('the engine does not get the patterns of a Standard Schema', async (t) => {
  t.equal(problemOf(z.object({ name: z.string().regex(/(?=a)/) }), createRe2), 'none')
})

t.test('a leading wildcard takes linear time and matches the same texts', async (t) => {
  const texts = ['', 'a', 'ab', 'b\na', 'aba', 'bb', '\n']

  for (const [pattern, same] of [
    ['.*a$', /a$/u],
    ['.*?a', /a/u],
    ['.*.*b', /b/u],
    ['.*^a', /^a/u],
    ['.*|b', /(?:)/u],
    ['.+a', /.+a/u],
    ['.*', /(?:)/u]
  ] as const) {
    t.same(
      texts.filter((text) => createNativeRegExp(pattern, 'u').test(text)),
      texts.filter((text) => same.test(text)),
      pattern
    )
    t.same(
      texts.filter((text) => createNativeRegExp(pattern, 'u').test(text)),
      texts.filter((text) => new RegExp(pattern, 'u').test(text)),
      pattern
    )
  }
  t.equal(createNativeRegExp('.*a$', 'u').test('b'.repeat(1_000_000)), false)
})
