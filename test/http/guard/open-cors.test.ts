import cors from '@fastify/cors'
import t from 'tap'
import { OPEN_TO_ANY_PAGE } from '../../../lib/http/guard/open-cors.ts'
import { createHost } from '../../support/app.ts'

t.test('pages of any origin can read a public document, even if the app has another @fastify/cors', async (t) => {
  const { app } = createHost(t)
  app.register(cors, { origin: 'https://host.example', credentials: true })
  app.route({
    ...OPEN_TO_ANY_PAGE,
    method: ['GET', 'OPTIONS'],
    url: '/.well-known/document',
    handler: async () => ({ a: 1 })
  })
  app.get('/', async () => 'hello')

  const asked = await app.inject({ method: 'OPTIONS', url: '/.well-known/document', headers: { origin: 'https://any.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' } })
  const read = await app.inject({ url: '/.well-known/document', headers: { origin: 'https://any.example' } })
  const sibling = await app.inject({ url: '/', headers: { origin: 'https://any.example' } })

  t.equal(asked.statusCode, 204)
  t.match(asked.headers, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': '*'
  })
  t.same(read.json(), { a: 1 })
  t.equal(read.headers['access-control-allow-origin'], '*')
  t.equal(read.headers['access-control-allow-credentials'], undefined)
  t.equal(sibling.headers['access-control-allow-origin'], 'https://host.example')
})
