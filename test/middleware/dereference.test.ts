import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { dereference } from '../../lib/middleware/index.ts'
import { Client, createNotes, said, untyped } from '../support/definition-client.ts'

async function list (inputSchema: object, options?: { maxSchemas: number }, outputSchema?: object) {
  const server = createNotes().use(dereference(options))
  server.registerTool('a', untyped<object>({ inputSchema, outputSchema }), () => untyped('done'))
  const answer = await new Client().ask(server, 'tools/list')
  type Tools = [{ inputSchema: object, outputSchema?: object }]
  const { tools: [tool] } = untyped<{ result: { tools: Tools } }>(answer).result
  return { server, ...tool }
}

const ADDRESS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }

t.test('references are replaced by what they refer to, and the definitions are left out', async (t) => {
  const { server, inputSchema, outputSchema } = await list({
    type: 'object',
    properties: { home: { $ref: '#/$defs/address' }, all: { type: 'array', items: { $ref: '#/$defs/address' } } },
    $defs: { address: ADDRESS }
  }, undefined, { type: 'object', properties: { home: { $ref: '#/$defs/address' } }, $defs: { address: ADDRESS } })

  t.match(inputSchema, { properties: { home: ADDRESS, all: { items: ADDRESS } } })
  t.match(outputSchema, { properties: { home: ADDRESS } })
  t.notMatch(JSON.stringify([inputSchema, outputSchema]), /\$ref|\$defs/)
  t.match(await new Client().callTool(server, 'a', { home: { city: 1 } }), { result: { isError: true } })
})

t.test('descriptions beside a reference take precedence, and other keywords hold as well', async (t) => {
  const { inputSchema } = await list({
    type: 'object',
    properties: {
      named: { $ref: '#/$defs/text', description: 'A name' },
      short: { $ref: '#/$defs/text', maxLength: 3, allOf: [{ minLength: 2 }] },
      long: { $ref: '#/$defs/text', maxLength: 9 }
    },
    $defs: { text: { type: 'string', description: 'A text' } }
  })

  t.match(inputSchema, {
    properties: {
      named: { type: 'string', description: 'A name' },
      short: { maxLength: 3, allOf: [{ minLength: 2 }, { type: 'string' }] },
      long: { maxLength: 9, allOf: [{ type: 'string' }] }
    }
  })
})

t.test('a schema that contains itself keeps the reference to itself, and still means the same', async (t) => {
  const { inputSchema } = await list({
    type: 'object',
    properties: { tree: { $ref: '#/$defs/node' }, leaf: { $ref: '#/$defs/leaf' } },
    $defs: {
      leaf: { type: 'string' },
      node: {
        type: 'object',
        properties: { leaf: { $ref: '#/$defs/leaf' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } }
      }
    }
  })
  const validate = new Ajv2020({ strict: false }).compile(inputSchema)

  t.match(inputSchema, { properties: { leaf: { type: 'string' }, tree: { properties: { leaf: { type: 'string' } } } } })
  t.ok(validate({ tree: { children: [{ children: [{ leaf: 'a' }] }] } }))
  t.notOk(validate({ tree: { children: [{ children: [{ leaf: 1 }] }] } }))
})

t.test('what only looks like a reference stays', async (t) => {
  const { inputSchema } = await list({
    type: 'object',
    properties: {
      $ref: { type: 'string' },
      choice: { enum: [{ $ref: '#/$defs/text' }] },
      any: true,
      none: { $ref: '#/$defs/anything' },
      both: { anyOf: [true, { $ref: '#/$defs/text' }] }
    },
    $defs: { text: { type: 'string' }, anything: true }
  })

  t.match(inputSchema, {
    properties: {
      $ref: { type: 'string' },
      choice: { enum: [{ $ref: '#/$defs/text' }] },
      any: true,
      both: { anyOf: [true, { type: 'string' }] }
    }
  })
})

t.test('a schema that would become too large is listed as it is', async (t) => {
  const $defs = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [
    `d${n}`, { type: 'object', properties: { a: { $ref: `#/$defs/d${n + 1}` }, b: { $ref: `#/$defs/d${n + 1}` } } }
  ]))
  const schema = {
    type: 'object', properties: { a: { $ref: '#/$defs/d0' } }, $defs: { ...$defs, d30: { type: 'string' } }
  }

  t.match((await list(schema)).inputSchema, { properties: { a: { $ref: '#/$defs/d0' } } })
  const small = { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'string' } } }
  t.match((await list(small, { maxSchemas: 2 })).inputSchema, { properties: { a: { $ref: '#/$defs/a' } } })
  t.match((await list(small, { maxSchemas: 3 })).inputSchema, { properties: { a: { type: 'string' } } })
})

t.test('references that cannot be replaced stay, and a schema with a malformed one is listed as it is', async (t) => {
  const describe = (inputSchema: object): unknown =>
    dereference().describeTool?.(untyped({ name: 'a', inputSchema }))?.inputSchema
  const definitions = { node: { properties: { next: { $ref: '#/definitions/node' } } }, odd: { $anchor: 'odd' } }
  const properties = {
    self: { $ref: '#' },
    missing: { $ref: '#/definitions/missing/member' },
    anchor: { $ref: '#/definitions/odd' },
    node: { $ref: '#/definitions/node' },
    list: { items: true }
  }

  t.strictSame(describe({ properties, definitions }), {
    properties: { ...properties, node: { properties: { next: { $ref: '#/definitions/node' } } } }, definitions
  })
  const malformed = { properties: { a: { $ref: '#/definitions/%' } }, definitions }
  t.strictSame(describe(malformed), malformed)
})

t.test('wrong options are refused', async (t) => {
  t.throws(() => dereference(untyped({ max: 1 })), { message: /'dereference.max' does not exist/ })
  t.strictSame(await new Client().callTool((await list({ type: 'object' })).server, 'a'), said('done'))
})
