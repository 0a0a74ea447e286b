import fastify from 'fastify'
import t from 'tap'
import { findBodySchema, listParts, type Part, type PartsOf } from '../../lib/routes/parts.ts'
import { KnownSchemas } from '../../lib/routes/route-schema.ts'

const known = new KnownSchemas(fastify())
const id = { name: 'id', isOptional: false }

function list (more: Partial<PartsOf>): readonly Part[] {
  return listParts({ method: 'GET', path: { pieces: [], params: [] }, schema: {}, headers: [], ...more }, known)
}

t.test('a body is sent as JSON, or else as text', async (t) => {
  const text = { type: 'string' }

  t.same(findBodySchema(true), { type: 'application/json', schema: true })
  t.same(findBodySchema({ content: { 'text/plain': { schema: text } } }), { type: 'text/plain', schema: text })
  t.same(findBodySchema({ content: { 'text/plain': {} } }), { type: 'text/plain', schema: {} })
  t.same(findBodySchema({ content: { 'text/plain': {}, '*/*': {} } }), { type: 'application/json', schema: {} })
  t.equal(findBodySchema({ content: { 'image/png': {} } }), undefined)
  t.equal(findBodySchema(null), undefined)
})

t.test('a schema of properties without a type is that of an object', async (t) => {
  t.match(list({ schema: { querystring: { properties: { a: {} } } } }), [{ name: 'query', hasProperties: true }])
  t.match(list({ schema: { querystring: {} } }), [{ name: 'query', hasProperties: false }])
})

t.test('definitions come along with the parts that are picked', async (t) => {
  const path = { pieces: [id], params: [id] }
  for (const place of ['$defs', 'definitions']) {
    const part = (name: string, required?: unknown): object => ({
      type: 'object', properties: { [name]: { $ref: `#/${place}/a` } }, required, [place]: { a: { type: 'integer' } }
    })
    const schema = { params: part('id'), headers: part('X-A', ['x-A']) }
    const [params, headers] = list({ path, schema, headers: ['x-a'] })

    t.match(params, { name: 'params', schema: { required: ['id'], [place]: { a: { type: 'integer' } } } })
    t.match(headers, { name: 'headers', schema: { required: ['x-a'], [place]: { a: { type: 'integer' } } } })
  }
})

t.test('parts that no schema describes are texts', async (t) => {
  const path = { pieces: [id], params: [{ ...id, isOptional: true }] }
  const [params, headers] = list({ path, headers: ['x-a'] })

  t.match(params, { isRequired: false, schema: { properties: { id: { type: 'string' } }, required: undefined } })
  t.match(headers, { isRequired: false, schema: { properties: { 'x-a': { type: 'string' } }, required: undefined } })
})
