import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import t from 'tap'
import * as typebox from 'typebox'
import * as v from 'valibot'
import { z } from 'zod'
import * as mini from 'zod/mini'
import { compileSchema, type CompiledSchema } from '../../../lib/server/schema/schema.ts'

const DRAFT_2020_12 = 'https://json-schema.org/draft/2020-12/schema'
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'

function compileInput (schema: unknown): CompiledSchema {
  return compileSchema(schema, 'input', "inputSchema of tool 'add_note'")
}

function compileOutput (schema: unknown): CompiledSchema {
  return compileSchema(schema, 'output', "outputSchema of tool 'add_note'")
}

function refusalOf (schema: unknown): string {
  try {
    compileInput(schema)
  } catch (error) {
    return String(error)
  }
  return 'compiled'
}

function invalid (problem: string) {
  return { valid: false, problem }
}

// A Standard Schema that behaves in ways that no library does.
function createStandard (validate: (value: unknown) => unknown, render: () => unknown = () => ({ type: 'object' })) {
  return { '~standard': { version: 1, vendor: 'acme', validate, jsonSchema: { input: render, output: render } } }
}

const libraries = {
  'TypeBox 0.34': Type.Object({ text: Type.String(), size: Type.Optional(Type.Number()) }),
  'typebox 1.x': typebox.Object({ text: typebox.String(), size: typebox.Optional(typebox.Number()) }),
  zod: z.object({ text: z.string(), size: z.number().optional() }),
  arktype: type({ text: 'string', 'size?': 'number' }),
  'valibot by toStandardJsonSchema': toStandardJsonSchema(v.object({ text: v.string(), size: v.optional(v.number()) })),
  'JSON Schema 2020-12': {
    type: 'object', properties: { text: { type: 'string' }, size: { type: 'number' } }, required: ['text']
  },
  'JSON Schema draft-07': {
    $schema: DRAFT_07,
    type: 'object',
    properties: { text: { type: 'string' }, size: { type: 'number' } },
    required: ['text']
  },
  'a JSON Schema document made by zod': z.toJSONSchema(z.object({ text: z.string(), size: z.number().optional() })),
  'JSON Schema of another realm': runInNewContext(
    "({ type: 'object', properties: { text: { type: 'string' }, size: { type: 'number' } }, required: ['text'] })"
  )
}

for (const [library, schema] of Object.entries(libraries)) {
  t.test(`${library} is listed as JSON Schema and validates both directions`, async (t) => {
    for (const compiled of [compileInput(schema), compileOutput(schema)]) {
      const { json, validate } = compiled

      t.match(json, {
        type: 'object', properties: { text: { type: 'string' }, size: { type: 'number' } }, required: ['text']
      })
      t.same(validate({ text: 'a', size: 1 }), { valid: true, value: { text: 'a', size: 1 } })
      t.match(validate({ text: 1 }), { valid: false, problem: /^\/text:? .*string/ })
      t.match(validate({}), { valid: false, problem: /text/ })
      t.match(validate(undefined), { valid: false, problem: /object/i })
    }
  })
}

t.test('the listed schema is a plain, deep-frozen copy with its keywords in order', async (t) => {
  const schema = {
    $schema: DRAFT_2020_12,
    title: 'Note',
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' }, kind: { $ref: '#/$defs/kind' }, 10: { type: 'null' }
    },
    allOf: [{ if: { required: ['region'] }, then: { required: ['kind'] }, else: true }],
    $defs: { kind: { enum: ['a', 'b'] } },
    [Symbol('hidden')]: 1,
    dropped: () => 1
  }
  const text = JSON.stringify(schema)

  const { json } = compileInput(Object.defineProperty(schema, 'unseen', { value: 1 }))

  t.equal(JSON.stringify(json), text)
  t.strictSame(Reflect.ownKeys(json), ['$schema', 'title', 'type', 'properties', 'allOf', '$defs'])
  t.ok([json, json.properties, json.allOf, json.$defs, Reflect.get(Object(json.$defs), 'kind')].every(Object.isFrozen))
  t.equal(JSON.stringify(schema), text)
  t.notOk(Object.isFrozen(schema))
})

t.test("later changes of the author's schema have no effect", async (t) => {
  const schema = { type: 'object', properties: { text: { type: 'string' } } }
  const { json, validate } = compileInput(schema)

  schema.properties.text.type = 'number'

  t.strictSame(json, { type: 'object', properties: { text: { type: 'string' } } })
  t.match(validate({ text: 'a' }), { valid: true })
})

t.test('a Standard Schema is rendered and validated for the given direction', async (t) => {
  const schema = z.object({ size: z.string().default('1').pipe(z.coerce.number<string>()) })

  const input = compileInput(schema)
  const output = compileOutput(schema)

  t.strictSame(input.json.properties, { size: { type: 'string', default: '1' } })
  t.strictSame(output.json.properties, { size: { type: 'number' } })
  t.same(input.validate({}), { valid: true, value: { size: 1 } })
  t.same(output.validate({ size: '2' }), { valid: true, value: { size: 2 } })
})

t.test('defaults are set in place in inputs, and never in outputs', async (t) => {
  const schema = Type.Object({ size: Type.Integer({ default: 3 }), tags: Type.Array(Type.String(), { default: [] }) })
  const args = {}
  const returned = { size: 1 }

  const first = compileInput(schema).validate(args)
  const second = compileOutput(schema).validate(returned)

  t.same(first, { valid: true, value: { size: 3, tags: [] } })
  t.equal(Reflect.get(first, 'value'), args)
  t.same(second, invalid("must have required property 'tags'"))
  t.same(returned, { size: 1 })
})

t.test('types are not coerced', async (t) => {
  const { validate } = compileInput(Type.Object({ size: Type.Integer() }))

  t.same(validate({ size: '1' }), invalid('/size must be integer'))
})

t.test('tuples of TypeBox are listed in the form of their dialect', async (t) => {
  const shown = {
    type: 'array',
    prefixItems: [{ type: 'string' }, { type: 'array', prefixItems: [{ type: 'null' }], items: false, minItems: 1 }],
    items: false,
    minItems: 2
  }
  const tuple = typebox.Tuple([typebox.String(), typebox.Tuple([typebox.Null()])])
  const legacy = Type.Tuple([Type.String()], { $schema: DRAFT_07 })

  const modern = compileOutput(tuple)

  t.strictSame(modern.json, shown)
  t.same(modern.validate(['a', [null]]), { valid: true, value: ['a', [null]] })
  t.same(modern.validate(['a', [null], 1]), invalid('must NOT have more than 2 items'))
  t.strictSame(compileOutput(Type.Tuple([Type.String()])).json, {
    type: 'array', prefixItems: [{ type: 'string' }], items: false, minItems: 1, maxItems: 1
  })
  t.match(compileOutput(legacy).json, { items: [{ type: 'string' }], additionalItems: false })
  t.match(compileOutput(legacy).validate([1]), invalid('/0 must be string'))
})

t.test('regular expressions of typebox become patterns, unless they have flags', async (t) => {
  const { json, validate } = compileInput(typebox.Object({ code: typebox.String({ pattern: /^[a-z]+$/ }) }))

  t.match(json, { properties: { code: { type: 'string', pattern: '^[a-z]+$' } } })
  t.same(validate({ code: 'A' }), invalid('/code must match pattern "^[a-z]+$"'))
  t.match(
    refusalOf(typebox.Object({ code: typebox.String({ pattern: /a/i }) })), '/properties/code/pattern must be string'
  )
})

t.test('recursive schemas validate', async (t) => {
  const { validate } = compileInput({
    type: 'object', properties: { next: { $ref: '#' } }, additionalProperties: false
  })
  const typeBox = compileInput(
    Type.Recursive((This) => Type.Object({ next: Type.Optional(This) }, { additionalProperties: false }))
  )
  const cyclic = compileInput(typebox.Cyclic({ A: typebox.Object({ next: typebox.Optional(typebox.Ref('A')) }) }, 'A'))

  t.match(validate({ next: { next: {} } }), { valid: true })
  t.same(validate({ next: { next: { a: 1 } } }), invalid('/next/next must NOT have additional properties: "a"'))
  t.same(typeBox.validate({ next: { next: 1 } }), invalid('/next/next must be object'))
  t.same(cyclic.validate({ next: { next: 1 } }), invalid('/next/next must be object'))
})

t.test('a schema may refer to the meta-schema of its dialect', async (t) => {
  const { validate } = compileInput({ type: 'object', properties: { schema: { $ref: DRAFT_2020_12 } } })

  t.match(validate({ schema: { type: 'string' } }), { valid: true })
  t.match(validate({ schema: { type: 'strin' } }), { valid: false, problem: /^\/schema\/type must be equal to one of/ })
})

t.test('schemas with the same $id do not affect each other', async (t) => {
  const create = (name: string) => compileInput({
    $id: 'https://example.com/a', type: 'object', properties: { a: { $ref: 'b' } }, $defs: { b: { $id: 'b', type: name } }
  })

  const [text, size] = [create('string'), create('number')]

  t.match(text.validate({ a: 'a' }), { valid: true })
  t.match(size.validate({ a: 1 }), { valid: true })
  t.strictSame(text.json, {
    type: 'object', properties: { a: { $ref: '#/$defs/b' } }, $defs: { b: { type: 'string' } }
  })
  t.match(refusalOf({ $ref: 'https://example.com/b' }), /has a \$ref to 'https:\/\/example.com\/b', which it does not contain/)
})

t.test('a compiled schema can be garbage-collected', async (t) => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const compileOnce = ($schema: string) => {
    const compiled = compileInput({ $schema, $id: 'https://example.com/a', type: 'object', $defs: { b: { $id: 'b' } } })
    compiled.validate({})
    return [new WeakRef(compiled.json), new WeakRef(compiled.validate)]
  }

  const refs = [DRAFT_2020_12, DRAFT_07, DRAFT_07].flatMap(compileOnce)
  await setImmediate()
  collectGarbage()

  t.strictSame(refs.map((ref) => ref.deref()), refs.map(() => undefined))
})

t.test('known formats are checked, and unknown formats are ignored', async (t) => {
  const { validate } = compileInput(Type.Object({
    mail: Type.String({ format: 'email' }), x: Type.String({ format: 'acme' })
  }))

  t.same(validate({ mail: 'a', x: 'a' }), invalid('/mail must match format "email"'))
  t.match(validate({ mail: 'a@example.com', x: 'a' }), { valid: true })
})

t.test('a property that only Object.prototype has is absent', async (t) => {
  const { validate } = compileInput({ type: 'object', properties: { constructor: { type: 'string' } } })
  const required = compileInput({ type: 'object', required: ['toString'] })

  t.match(validate({}), { valid: true })
  t.same(required.validate({}), invalid("must have required property 'toString'"))
})

t.test('a problem names the allowed values', async (t) => {
  const { validate } = compileInput({
    type: 'object',
    properties: {
      state: { enum: ['open', 'done'] },
      kind: { const: null },
      long: { enum: ['a'.repeat(300)] },
      'a/b': { type: 'null' }
    },
    unevaluatedProperties: false
  })

  t.same(validate({ state: 'x' }), invalid('/state must be equal to one of the allowed values: ["open","done"]'))
  t.same(validate({ kind: 1 }), invalid('/kind must be equal to constant: null'))
  t.same(validate({ long: 1 }), invalid(`/long must be equal to one of the allowed values: ["${'a'.repeat(198)}`))
  t.same(validate({ 'a/b': 1 }), invalid('/a~1b must be null'))
  t.same(validate({ other: 1 }), invalid('must NOT have unevaluated properties: "other"'))
})

t.test('the problem of a union names the problem of each member', async (t) => {
  const { validate } = compileInput(Type.Object({ id: Type.Union([Type.String(), Type.Integer()]) }))

  t.same(validate({ id: null }), invalid('/id must be string; /id must be integer; /id must match a schema in anyOf'))
})

t.test('a problem has at most ten issues and 2,000 characters', async (t) => {
  const many = compileInput(z.array(z.string()))
  const long = compileInput(Type.Object({}, { additionalProperties: Type.Null() }))

  const listed = many.validate(Array.from({ length: 12 }, () => 1))
  const cut = long.validate({ ['a'.repeat(3_000)]: 1 })

  t.match(listed, { problem: /^\/0: [^;]+(; \/\d: [^;]+){9}$/ })
  t.same(cut, invalid(`/${'a'.repeat(1_999)}…`))
})

t.test('issues of a Standard Schema have JSON pointers, and none at the root', async (t) => {
  const { validate } = compileInput(createStandard(() => ({
    issues: [
      { message: 'is wrong' },
      { message: 'is small', path: ['a/b', { key: 'c~d' }, 0] },
      { message: 'is empty', path: [] }
    ]
  })))

  t.same(validate({}), invalid('is wrong; /a~1b/c~0d/0: is small; is empty'))
})

t.test('only an asynchronous Standard Schema returns a promise', async (t) => {
  const schema = z.object({ text: z.string().refine(async (text) => text === 'a', 'is not a') })
  const { validate } = compileInput(schema)

  const answers = [validate({ text: 'a' }), validate({ text: 'b' })]

  t.ok(answers.every((answer) => answer instanceof Promise))
  t.same(await Promise.all(answers), [{ valid: true, value: { text: 'a' } }, invalid('/text: is not a')])
})

t.test('errors that a Standard Schema throws or rejects with reach the caller', async (t) => {
  const error = new RangeError('Invalid time value')
  const throwing = compileInput(createStandard(() => { throw error }))
  const rejecting = compileInput(createStandard(() => Promise.reject(error)))

  t.throws(() => throwing.validate({}), error)
  await t.rejects(Promise.resolve(rejecting.validate({})), error)
})

t.test('a value nested too deeply is invalid and does not crash', async (t) => {
  const deep = JSON.parse(`${'{"next":'.repeat(100_000)}{}${'}'.repeat(100_000)}`)
  const json = compileInput({ type: 'object', properties: { next: { $ref: '#' } } })
  const node = z.object({ get next () { return z.optional(node) } })
  const overflow = (): unknown => [overflow()]

  t.same(json.validate(deep), invalid('is nested too deeply to be checked'))
  t.same(await compileInput(node).validate(deep), invalid('is nested too deeply to be checked'))
  t.same(compileInput(createStandard(overflow)).validate(1), invalid('is nested too deeply to be checked'))
  t.same(
    await compileInput(createStandard(async () => overflow())).validate(1),
    invalid('is nested too deeply to be checked')
  )
})

t.test('an error thrown by a getter while Ajv reads the value reaches the caller', async (t) => {
  const { validate } = compileOutput({ type: 'object', properties: { a: { type: 'string' } } })

  t.throws(() => validate({ get a () { throw new Error('closed') } }), new Error('closed'))
})

t.test('the dialect is chosen by any spelling of $schema', async (t) => {
  const tuple = { type: 'array', items: [{ type: 'string' }] }
  const spellings = [DRAFT_07, 'http://json-schema.org/draft-07/schema', 'https://json-schema.org/draft-07/schema#']

  for (const $schema of spellings) {
    t.match(compileOutput({ $schema, ...tuple }).validate([1]), invalid('/0 must be string'))
  }
  t.match(refusalOf(tuple), '/items must be object,boolean')
  t.match(refusalOf({ $schema: `${DRAFT_2020_12}#`, ...tuple }), '/items must be object,boolean')
})

t.test("a refused schema throws an error with a code, the schema's name and the problem", async (t) => {
  t.throws(() => compileInput({ type: 'strin' }), {
    code: 'MCP_ERR_INVALID_SCHEMA',
    message: /^inputSchema of tool 'add_note' is not a valid JSON Schema: \/type must be equal to one of the allowed values: \["array",/
  })
})

const cyclic: { type: string, self?: unknown } = { type: 'object' }
cyclic.self = cyclic

const noError: unknown = 'no'
const noSchema = 'must be a TypeBox schema, a Standard Schema (zod, arktype, valibot) or a JSON Schema object'
const refusals: { readonly [what: string]: readonly [schema: unknown, problem: string] } = {
  'an invalid keyword within': [
    { properties: { a: { minLength: -1 } } }, 'is not a valid JSON Schema: /properties/a/minLength must be >= 0'
  ],
  'an invalid keyword of draft-07': [
    { $schema: DRAFT_07, required: 'a' }, 'is not a valid JSON Schema: /required must be array'
  ],
  'an invalid pattern': [
    { type: 'string', pattern: '(' },
    'has the pattern "(", which cannot be used: Invalid regular expression: /(/u: Unterminated group; ' +
      "write one that new RegExp(pattern, 'u') accepts"
  ],
  'a $ref to nowhere': [
    { $ref: '#/$defs/a' },
    "has a $ref to '#/$defs/a', which it does not contain; " +
      "put that schema under '$defs' and write { $ref: '#/$defs/name' }"
  ],
  'a $ref to the network': [
    { $ref: 'https://example.com/a.json' },
    "has a $ref to 'https://example.com/a.json', which it does not contain; " +
      "put that schema under '$defs' and write { $ref: '#/$defs/name' }" +
      ' (schemas of addSchema() are not available here, and nothing is fetched)'
  ],
  'another dialect': [
    { $schema: 'http://json-schema.org/draft-04/schema#' },
    `has the $schema 'http://json-schema.org/draft-04/schema#'; supported are ${DRAFT_2020_12} and ${DRAFT_07}`
  ],
  'a dialect that is no string': [{ $schema: 7 }, `has the $schema '7'; supported are ${DRAFT_2020_12} and ${DRAFT_07}`],
  'an asynchronous schema of Ajv': [
    { $async: true, type: 'object' }, "has the keyword '$async', which is not supported"
  ],
  true: [true, noSchema],
  null: [null, noSchema],
  'a string': ['object', noSchema],
  'an array': [[{ type: 'object' }], noSchema],
  'a function': [() => ({ type: 'object' }), noSchema],
  'a class instance': [new Map([['type', 'object']]), noSchema],
  'a "~standard" of something else': [Object.assign(Object.create({ own: null }), { '~standard': null }), noSchema],
  'a cyclic object': [cyclic, 'cannot be written as JSON: Converting circular structure to JSON'],
  'a BigInt': [{ type: 'integer', maximum: 1n }, 'cannot be written as JSON: Do not know how to serialize a BigInt'],
  'a type without JSON form': [
    typebox.Object({ a: typebox.Undefined() }),
    'is not a valid JSON Schema: /properties/a/type must be equal to one of the allowed values: ' +
      '["array","boolean","integer","null","number","object","string"]; ' +
      '/properties/a/type must be array; /properties/a/type must match a schema in anyOf'
  ],
  'a zod type without JSON form': [
    z.object({ at: z.date() }), 'cannot be rendered as JSON Schema by zod: Date cannot be represented in JSON Schema'
  ],
  'a rendering that is no schema': [createStandard(() => ({ value: 1 }), () => true), noSchema],
  'a rendering that fails with no error': [
    createStandard(() => ({ value: 1 }), () => { throw noError }), 'cannot be rendered as JSON Schema by acme: no'
  ],
  'a raw shape of zod': [{ a: z.string() }, "holds a zod schema at 'a'; wrap the shape in z.object({ … })"],
  'a raw shape of an old zod': [
    { a: new (class ZodString { _def = {} })() }, "holds a zod schema at 'a'; wrap the shape in z.object({ … })"
  ],
  'JSON Schema mixed with valibot': [
    { type: 'object', properties: { a: v.string() } },
    "holds a schema of valibot at 'a'; write the whole schema with valibot"
  ],
  'JSON Schema mixed with arktype': [
    { type: 'array', items: type('string') },
    "holds a schema of arktype at 'items'; write the whole schema with arktype"
  ],
  'a refinement of typebox': [
    typebox.Object({ a: typebox.Refine(typebox.String(), () => true) }),
    "holds a refinement at 'a', which JSON Schema cannot carry; check it in the handler"
  ],
  'valibot without toStandardJsonSchema()': [
    v.object({ a: v.string() }),
    'is a schema of valibot that cannot render JSON Schema; ' +
      'wrap it with toStandardJsonSchema() from @valibot/to-json-schema'
  ],
  'zod/mini': [
    mini.object({ a: mini.string() }),
    'is a schema of zod that cannot render JSON Schema; ' +
      "upgrade zod to >= 4.2 and import it from 'zod' ('zod/mini' renders none)"
  ],
  'another Standard Schema that renders none': [
    { '~standard': { version: 1, vendor: 'acme', validate: () => ({ value: 1 }) } },
    "is a schema of acme that cannot render JSON Schema; use a version that has '~standard'.jsonSchema"
  ]
}

for (const [what, [schema, problem]] of Object.entries(refusals)) {
  t.test(`${what} is refused`, async (t) => {
    t.equal(refusalOf(schema), `FastifyError [MCP_ERR_INVALID_SCHEMA]: inputSchema of tool 'add_note' ${problem}`)
  })
}

t.test('JSON Schema documents rendered by zod may be parts of others', async (t) => {
  const { json } = compileInput({ type: 'array', items: z.toJSONSchema(z.string()) })

  t.strictSame(json, { type: 'array', items: { $schema: DRAFT_2020_12, type: 'string' } })
})
