import t from 'tap'
import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { z } from 'zod'
import { TextResult, valueOf } from '../../../lib/server/call/result.ts'
import { compileSchema, type CompiledSchema } from '../../../lib/server/schema/schema.ts'
import { errorResult, fitToLegacy, toPlainResult, toStructuredResult } from '../../../lib/server/features/tool-result.ts'

const TEXT = { type: 'text', text: 'a' }
const SUM = compileSchema(Type.Object({ sum: Type.Number() }), 'output', 'outputSchema')
const ANYTHING = compileSchema({}, 'output', 'outputSchema')

async function structure (returned: unknown, schema: CompiledSchema): Promise<object> {
  return valueOf(await toStructuredResult(returned, schema))
}

t.test('without an output schema, a handler returns text, a block, an array of these or a whole result', async (t) => {
  const whole = { content: [TEXT], isError: true, _meta: { a: 1 } }

  t.strictSame(valueOf(toPlainResult('a')), { content: [TEXT] })
  t.strictSame(valueOf(toPlainResult('')), { content: [{ type: 'text', text: '' }] })
  t.strictSame(toPlainResult(TEXT), { content: [TEXT] })
  t.strictSame(toPlainResult(['a', { type: 'resource_link', uri: 'x://1', name: 'one' }]), {
    content: [TEXT, { type: 'resource_link', uri: 'x://1', name: 'one' }]
  })
  t.strictSame(toPlainResult([]), { content: [] })
  t.equal(toPlainResult(whole), whole)
})

t.test('without an output schema, any other value is refused with its kind', async (t) => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  const refused: ReadonlyArray<readonly [returned: unknown, is: string]> = [
    [undefined, 'undefined'],
    [null, 'null'],
    [1, 'a number'],
    [1n, 'a bigint'],
    [true, 'a boolean'],
    [() => 'a', 'a function'],
    [{}, 'an object with the keys []'],
    [circular, 'an object with the keys [self]'],
    [{ type: 'text' }, 'an object with the keys [type]'],
    [{ content: 'a' }, 'an object with the keys [content]'], [{ content: ['a'] }, 'an object with the keys [content]'],
    [{ content: [{ type: 'text' }] }, 'an object with the keys [content]']
  ]

  for (const [returned, is] of refused) {
    t.throws(() => toPlainResult(returned), {
      name: 'UnusableResultError',
      message: `${is} was returned; return a string, a content block, an array of them, or a result with 'content'`
    })
  }
})

t.test('an array with an item that is neither text nor a block is refused', async (t) => {
  for (const [item, is] of [
    [1, 'a number'], [null, 'null'], [['a'], 'an array'], [{ text: 'a' }, 'an object with the keys [text]']
  ]) {
    t.throws(() => toPlainResult(['a', item]), {
      name: 'UnusableResultError', message: `${is} was returned in an array; each item must be a string or a content block`
    })
  }
})

t.test('with an output schema, a bare value becomes structured content and its JSON the text', async (t) => {
  t.strictSame(await structure({ sum: 3 }, SUM), {
    content: [{ type: 'text', text: '{"sum":3}' }], structuredContent: { sum: 3 }
  })

  for (const value of [[1, 'a'], 'a', 0, false, null, { content: [TEXT] }]) {
    t.strictSame(await structure(value, ANYTHING), {
      content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value
    })
  }
})

t.test('with an output schema, a whole result keeps its content, or gets the JSON as content', async (t) => {
  t.strictSame(await structure({ structuredContent: { sum: 3 }, content: ['a'], _meta: { b: 1 } }, SUM), {
    content: [TEXT], structuredContent: { sum: 3 }, _meta: { b: 1 }
  })
  t.strictSame(await structure({ structuredContent: { sum: 3 } }, SUM), {
    content: [{ type: 'text', text: '{"sum":3}' }], structuredContent: { sum: 3 }
  })
})

t.test('with an output schema, an error result needs no structured content', async (t) => {
  const result = { content: [TEXT], isError: true }

  t.equal(await structure(result, SUM), result)
  await t.rejects(structure({ content: 'a', isError: true }, SUM), { name: 'UnusableResultError' })
})

t.test('an error result keeps valid structured content, and invalid content is removed', async (t) => {
  const later: CompiledSchema = { json: {}, validate: async (value) => SUM.validate(value) }

  for (const schema of [SUM, later]) {
    t.strictSame(await structure({ content: [TEXT], isError: true, structuredContent: { sum: 3 } }, schema), {
      content: [TEXT], isError: true, structuredContent: { sum: 3 }
    })
    t.strictSame(
      await structure({ content: [TEXT], isError: true, structuredContent: { code: 'X' }, _meta: {} }, schema),
      { content: [TEXT], isError: true, _meta: {} }
    )
    t.strictSame(await structure({ content: [TEXT], isError: true, structuredContent: { sum: NaN } }, schema), {
      content: [TEXT], isError: true
    })
  }
})

t.test('a Date or an object with toJSON is validated by its JSON', async (t) => {
  const event = compileSchema(
    Type.Object({ at: Type.String({ format: 'date-time' }), note: Type.Optional(Type.String()) }, {
      additionalProperties: false
    }),
    'output',
    'outputSchema'
  )
  const open = compileSchema({ type: 'object', properties: { at: { type: 'object' } } }, 'output', 'outputSchema')
  const at = new Date(0)

  t.strictSame(await structure({ at, note: undefined, other: undefined }, event), {
    content: [{ type: 'text', text: '{"at":"1970-01-01T00:00:00.000Z"}' }],
    structuredContent: { at: '1970-01-01T00:00:00.000Z' }
  })
  t.strictSame(await structure({ structuredContent: { toJSON: () => ({ at }) }, content: [TEXT] }, event), {
    content: [TEXT], structuredContent: { at: '1970-01-01T00:00:00.000Z' }
  })
  await t.rejects(structure({ at }, open), {
    message: 'the return value does not match the outputSchema: /at must be object'
  })
  await t.rejects(structure({ at: { toJSON: () => undefined } }, event), {
    message: "the return value does not match the outputSchema: must have required property 'at'"
  })
})

t.test('NaN and Infinity are refused and not sent as null', async (t) => {
  for (const [mean, name] of [[NaN, 'NaN'], [Infinity, 'Infinity'], [-Infinity, '-Infinity']] as const) {
    const message = `the return value does not match the outputSchema: has ${name} at 'mean', which JSON cannot carry`
    const valibot = compileSchema(toStandardJsonSchema(v.object({ mean: v.any() })), 'output', 'outputSchema')

    for (const schema of [ANYTHING, valibot]) {
      await t.rejects(structure({ mean }, schema), { name: 'UnusableResultError', message })
    }
    t.throws(() => toPlainResult({ content: [], structuredContent: { mean } }), {
      name: 'UnusableResultError', message: `the returned structuredContent has ${name} at 'mean', which JSON cannot carry`
    })
  }
  t.strictSame(toPlainResult({ content: [], structuredContent: { at: new Date(0) } }), {
    content: [], structuredContent: { at: '1970-01-01T00:00:00.000Z' }
  })
})

t.test('the output of a Standard Schema must match the JSON Schema that clients receive', async (t) => {
  const schema = compileSchema(z.object({ code: z.string().regex(/^[a-z]+$/i) }), 'output', 'outputSchema')

  t.strictSame(await structure({ code: 'a', secret: 'b' }, schema), {
    content: [{ type: 'text', text: '{"code":"a"}' }], structuredContent: { code: 'a' }
  })
  await t.rejects(structure({ code: 'A' }, schema), {
    message: 'the return value does not match the outputSchema: /code must match pattern "^[a-z]+$"'
  })
  await t.rejects(structure({ code: 1 }, schema), { message: /outputSchema: \/code: / })
})

t.test('a value that does not match the output schema is refused', async (t) => {
  await t.rejects(structure({ sum: '3' }, SUM), {
    name: 'UnusableResultError', message: 'the return value does not match the outputSchema: /sum must be number'
  })
  await t.rejects(structure({ structuredContent: {}, content: [TEXT] }, SUM), {
    message: "the return value does not match the outputSchema: must have required property 'sum'"
  })
  await t.rejects(structure({ structuredContent: { sum: 3 }, content: [1] }, SUM), { name: 'UnusableResultError' })
})

t.test('a value that JSON cannot represent is refused, even if the output schema allows it', async (t) => {
  const circular: { self?: unknown } = {}
  circular.self = circular

  await t.rejects(structure(circular, ANYTHING), TypeError)
  await t.rejects(structure({ a: 1n }, ANYTHING), TypeError)
  for (const nothing of [
    undefined, () => 'a', { structuredContent: undefined, content: [TEXT] }, { structuredContent: () => 'a' }
  ]) {
    await t.rejects(structure(nothing, ANYTHING), {
      name: 'UnusableResultError',
      message: 'undefined was returned; a tool with an outputSchema needs structured content'
    })
  }
})

t.test('an asynchronous output schema is awaited', async (t) => {
  const later: CompiledSchema = { json: {}, validate: async (value) => ({ valid: true, value }) }

  t.strictSame(await structure([1], later), { content: [{ type: 'text', text: '[1]' }], structuredContent: [1] })
})

t.test('a legacy client gets structured content only if it is an object', async (t) => {
  const base = { content: [], isError: false, _meta: {} }
  // The SDK's type allows only objects, and the protocol allows any JSON.
  const withStructured = (structuredContent: unknown) => ({
    ...base, structuredContent: structuredContent as Record<string, unknown>
  })

  for (const value of [[1], 'a', 0, null, false]) {
    t.strictSame(fitToLegacy(withStructured(value)), base)
  }
  t.strictSame(fitToLegacy(withStructured({ a: 1 })), { ...base, structuredContent: { a: 1 } })
  t.strictSame(fitToLegacy(base), base)

  for (const result of [new TextResult('a'), new TextResult('{}', { content: {} })]) {
    t.equal(fitToLegacy(result), result)
  }
  t.strictSame(valueOf(fitToLegacy(new TextResult('[1]', { content: [1] }))), {
    content: [{ type: 'text', text: '[1]' }]
  })
})

t.test('an error result has its message as text', async (t) => {
  t.strictSame(errorResult('a'), { content: [TEXT], isError: true })
})
