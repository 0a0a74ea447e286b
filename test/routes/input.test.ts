import fc from 'fast-check'
import t from 'tap'
import { createInput, type RequestParts } from '../../lib/routes/input.ts'
import type { Part, PartName } from '../../lib/routes/parts.ts'

const PARTS = ['params', 'query', 'headers', 'body'] as const

function createPart (name: PartName, names: readonly string[], more: object = {}): Part {
  const properties = Object.fromEntries(names.map((property) => [property, { type: 'string' }]))
  return { name, schema: { type: 'object', properties, ...more }, hasProperties: true, isRequired: name === 'body' }
}

/** Returns the input of parts that do not clash. */
function create (parts: readonly Part[], mode: 'flat' | 'grouped' = 'flat') {
  const input = createInput(parts, mode)
  if ('argument' in input) throw new Error(`${input.argument} clashes`)
  return input
}

function toObjects ({ params, query, headers, body }: RequestParts): Record<PartName, object> {
  const toObject = (part: ReadonlyMap<string, unknown>): object => Object.fromEntries(part)
  return { params: toObject(params), query: toObject(query), headers: toObject(headers), body: { ...Object(body) } }
}

// A name for each argument, and the part that it belongs to. '*' is a parameter of paths, with another name.
const layout = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.constantFrom(...PARTS)), {
  selector: ([name]) => name
}).filter((fields) => fields.every(([name]) => name !== '*' && name !== '__proto__'))

t.test('each argument gets to the part that has it, whatever its name is, and none gets lost', async (t) => {
  fc.assert(fc.property(layout, fc.boolean(), (fields, isGrouped) => {
    const namesOf = (part: PartName): string[] => fields.filter(([, own]) => own === part).map(([name]) => name)
    const parts = PARTS.map((part) => createPart(part, namesOf(part)))
    const expected = Object.fromEntries(PARTS.map((part) => [
      part, Object.fromEntries(namesOf(part).map((name) => [name, `${part} ${name}`]))
    ]))
    const { schema, split } = create(parts, isGrouped ? 'grouped' : 'flat')
    const flat = Object.assign({}, ...Object.values(expected))

    t.same(toObjects(split(isGrouped ? expected : flat)), expected)
    t.same(Object.keys(schema.properties as object).sort(), isGrouped ? [...PARTS].sort() : Object.keys(flat).sort())
  }), { numRuns: 50 })
})

t.test('a name that two parts have is a clash, unless they are groups', async (t) => {
  const parts = [createPart('params', ['id']), createPart('body', ['id'])]

  t.same(createInput(parts, 'flat'), { argument: 'id', parts: ['params', 'body'] })
  t.match(createInput(parts, 'grouped'), { schema: { properties: { params: {}, body: {} } } })
  t.match(createInput([createPart('params', ['*']), createPart('query', ['path'])], 'flat'), { argument: 'path' })
})

t.test('what no part names goes to the body, or else to the query, and nowhere without them', async (t) => {
  const params = createPart('params', ['id'])
  const args = { id: '1', other: 'x' }
  const splitBy = (...parts: readonly Part[]) => toObjects(create([params, ...parts]).split(args))

  t.same(splitBy(createPart('query', []), createPart('body', [])).body, { other: 'x' })
  t.same(splitBy(createPart('query', [])).query, { other: 'x' })
  t.same(splitBy(), {
    params: { id: '1' }, query: {}, headers: {}, body: {}
  })
})

t.test('arguments may have other names only where the part that gets them may', async (t) => {
  const closed = { additionalProperties: false }

  t.equal(create([createPart('params', ['id'])]).schema.additionalProperties, false)
  t.equal(create([createPart('body', ['a'])]).schema.additionalProperties, undefined)
  t.equal(create([createPart('body', ['a'], closed)]).schema.additionalProperties, false)
})

t.test('what has a default is not required', async (t) => {
  const properties = { page: { type: 'integer', default: 1 }, q: { type: 'string' } }
  const schema = { type: 'object', properties, required: ['page', 'q'] }

  t.same(create([{ name: 'query', schema, hasProperties: true, isRequired: true }]).schema.required, ['q'])
})

t.test('references into a part lead to where its schemas have moved', async (t) => {
  const properties = {
    '*': { type: 'string' },
    twin: { $ref: '#/properties/*' },
    parent: { $ref: '#' },
    owner: { $ref: '#' },
    any: { $ref: '#/$defs/any' },
    none: { $ref: '#/definitions/none' }
  }
  const part: Part = {
    name: 'body',
    schema: { type: 'object', properties, $defs: { any: true }, definitions: { none: false } },
    hasProperties: true,
    isRequired: true
  }
  const { schema } = create([part])

  t.match(schema.properties, {
    twin: { $ref: '#/properties/path' },
    parent: { $ref: '#/$defs/body' },
    owner: { $ref: '#/$defs/body' },
    any: { $ref: '#/$defs/any' },
    none: { $ref: '#/$defs/none' }
  })
  t.match(schema.$defs, { any: {}, none: { not: {} }, body: { type: 'object' } })
})

t.test('a schema that two parts know is defined once', async (t) => {
  const createBoth = (name: 'query' | 'body', property: string): Part => createPart(name, [], {
    properties: { [property]: { $ref: '#/$defs/id' } }, $defs: { id: { type: 'integer' } }
  })
  const { schema } = create([createBoth('query', 'a'), createBoth('body', 'b')])

  t.same(schema.properties, { a: { $ref: '#/$defs/id' }, b: { $ref: '#/$defs/id' } })
  t.same(schema.$defs, { id: { type: 'integer' } })
})
