import fastify from 'fastify'
import t from 'tap'
import { KnownSchemas, pruneDefinitions } from '../../lib/routes/route-schema.ts'

t.test('schemas that others refer to get names of their own', async (t) => {
  const app = fastify()
  const ids = ['http://a.example/node', 'http://b.example/node', 'http://c.example/']
  for (const [index, $id] of ids.entries()) app.addSchema({ $id, title: `${index}` })
  const known = new KnownSchemas(app)
  const allOf = ids.map(($ref) => ({ $ref }))
  const own = { type: 'string' }

  const { $defs } = known.toPlain({ allOf: [...allOf, { $ref: '#/$defs/node' }], $defs: { node: own } }, 'input')
  t.match($defs, { node: own, node_2: { title: '0' }, node_3: { title: '1' }, 'c.example': { title: '2' } })
})

t.test('a schema whose name has no letters is called schema', async (t) => {
  const app = fastify()
  app.addSchema({ $id: '//', type: 'string' })
  const plain = new KnownSchemas(app).toPlain({ properties: { a: { $ref: '//' } } }, 'input')

  t.match(plain, { properties: { a: { $ref: '#/$defs/schema' } }, $defs: { schema: { type: 'string' } } })
})

t.test('a reference that is no address leads nowhere', async (t) => {
  const known = new KnownSchemas(fastify())

  t.throws(() => known.toPlain({ $ref: 'http://[' }, 'input'), { message: /^has a \$ref to 'http:\/\/\['/ })
})

t.test('what draft-07 and OpenAPI say about types and dependencies is translated', async (t) => {
  const known = new KnownSchemas(fastify())
  const translate = (schema: unknown): unknown => known.toPlain(schema, 'output')

  t.same(translate({ type: ['string', 'number'], nullable: true }), { type: ['string', 'number', 'null'] })
  t.match(translate({ enum: ['a'], nullable: true }), { type: undefined, enum: ['a', null] })
  t.same(translate({ dependencies: { a: ['b'], c: { required: ['d'] } } }), {
    dependentRequired: { a: ['b'] }, dependentSchemas: { c: { required: ['d'] } }
  })
  t.same(translate(true), {})
  t.throws(() => translate('text'), { message: 'is no JSON Schema, TypeBox schema or Standard Schema' })
})

t.test('definitions that nothing refers to are dropped, also beside references that lead nowhere', async (t) => {
  const schema = { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/missing' }], $defs: { a: true, b: true } }

  t.same(pruneDefinitions(schema), { allOf: schema.allOf, $defs: { a: true } })
  t.same(pruneDefinitions({ $defs: { b: true } }), {})
})
