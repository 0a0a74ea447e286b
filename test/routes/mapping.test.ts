// What an HTTP client sends to a route, and what a call of its tool sends: the handler sees the same.
import { request } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { parse } from 'node:querystring'
import type { FastifyInstance, FastifyServerOptions, RouteOptions } from 'fastify'
import t from 'tap'
import mcpPlugin from '../../lib/index.ts'
import { createHost } from '../support/app.ts'

interface Mapping {
  readonly title: string
  readonly route: Pick<RouteOptions, 'method' | 'url' | 'schema' | 'config'>
  /** What an HTTP client sends: the path as it is, and a body. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** What a model sends. */
  readonly args: object
  readonly fastify?: FastifyServerOptions
}

const object = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more })
const string = { type: 'string' }
const strings = { type: 'array', items: string }
const integer = { type: 'integer' }
const boolean = { type: 'boolean' }

// A parser that reads brackets, as `qs` does.
function parseBrackets (query: string): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(parse(query))) {
    const [first = '', ...keys] = name.split(/\[|\]\[?/).filter((key) => key !== '')
    const path = [first, ...keys]
    let place = values
    for (const key of path.slice(0, -1)) place = (place[key] ??= {}) as Record<string, unknown>
    place[path.at(-1) ?? ''] = value
  }
  return values
}

const MAPPINGS: readonly Mapping[] = [
  {
    title: 'a parameter of the path, coerced by the route',
    route: { method: 'GET', url: '/orders/:id', schema: { params: object({ id: integer }) } },
    path: '/orders/7',
    args: { id: 7 }
  },
  { title: 'a slash in a parameter', route: { method: 'GET', url: '/a/:id' }, path: '/a/x%2Fy', args: { id: 'x/y' } },
  { title: 'a dot as a parameter', route: { method: 'GET', url: '/a/:id' }, path: '/a/.', args: { id: '.' } },
  { title: 'two dots as a parameter', route: { method: 'GET', url: '/a/:id/b' }, path: '/a/../b', args: { id: '..' } },
  { title: 'an empty parameter', route: { method: 'GET', url: '/a/:id' }, path: '/a/', args: { id: '' } },
  {
    title: 'a parameter with characters of URLs',
    route: { method: 'GET', url: '/a/:id' },
    path: '/a/%3Fx%3D1%23y%26z%252e',
    args: { id: '?x=1#y&z%2e' }
  },
  {
    title: 'a parameter that is no ASCII',
    route: { method: 'GET', url: '/a/:id' },
    path: '/a/%E2%82%AC%20%F0%9F%98%80',
    args: { id: '\u20ac \ud83d\ude00' }
  },
  {
    title: 'the rest of a path',
    route: { method: 'GET', url: '/files/*' },
    path: '/files/a/b%20c/../d.txt',
    args: { path: 'a/b c/../d.txt' }
  },
  {
    title: 'several parameters in one segment',
    route: { method: 'GET', url: '/at/:hour(^\\d+)h:minute(^\\d+)m' },
    path: '/at/12h30m',
    args: { hour: '12', minute: 30 }
  },
  { title: 'an optional parameter', route: { method: 'GET', url: '/notes/:id?' }, path: '/notes/7', args: { id: 7 } },
  {
    title: 'an optional parameter that is left out',
    route: { method: 'GET', url: '/notes/:id?' },
    path: '/notes',
    args: {}
  },
  {
    title: 'values of a query, with defaults',
    route: {
      method: 'GET',
      url: '/search',
      schema: {
        querystring: object({ q: string, page: { ...integer, default: 1 }, all: boolean }, { required: ['q'] })
      }
    },
    path: '/search?q=a%26b+c&all=true',
    args: { q: 'a&b c', all: true }
  },
  {
    title: 'an array in a query',
    route: { method: 'GET', url: '/search', schema: { querystring: object({ tag: strings }) } },
    path: '/search?tag=a&tag=b',
    args: { tag: ['a', 'b'] }
  },
  {
    title: 'an array of one in a query',
    route: { method: 'GET', url: '/search', schema: { querystring: object({ tag: strings }) } },
    path: '/search?tag=a',
    args: { tag: ['a'] }
  },
  {
    title: 'a nested object in a query, for the parser of the app',
    route: {
      method: 'GET',
      url: '/search',
      schema: { querystring: object({ filter: object({ name: string, price: object({ min: integer }) }) }) }
    },
    path: '/search?filter%5Bname%5D=x&filter%5Bprice%5D%5Bmin%5D=1',
    args: { filter: { name: 'x', price: { min: 1 } } },
    fastify: { routerOptions: { querystringParser: parseBrackets } }
  },
  {
    title: 'a nested object in a query, for the parser of Fastify',
    route: { method: 'GET', url: '/search', schema: { querystring: object({ filter: object({}) }) } },
    path: '/search?filter%5Bname%5D=x',
    args: { filter: { name: 'x' } }
  },
  {
    title: 'a body, coerced, with defaults and without what its schema does not have',
    route: {
      method: 'POST',
      url: '/orders',
      schema: {
        body: object(
          { item: string, count: { ...integer, default: 1 } }, { required: ['item'], additionalProperties: false })
      }
    },
    path: '/orders',
    body: { item: 'tea', count: '2', more: true },
    args: { item: 'tea', count: '2', more: true }
  },
  {
    title: 'a parameter, a query and a body',
    route: {
      method: 'PUT',
      url: '/orders/:id',
      schema: { params: object({ id: integer }), querystring: object({ dry: boolean }), body: object({ item: string }) }
    },
    path: '/orders/7?dry=true',
    body: { item: 'tea' },
    args: { id: 7, dry: true, item: 'tea' }
  },
  {
    title: 'a body without a schema',
    route: { method: 'POST', url: '/orders' },
    path: '/orders',
    body: { item: 'tea', parts: [1, { a: null }] },
    args: { item: 'tea', parts: [1, { a: null }] }
  },
  { title: 'no body where none is needed', route: { method: 'POST', url: '/orders' }, path: '/orders', args: {} },
  {
    title: 'a body that is an array',
    route: { method: 'POST', url: '/orders', schema: { body: { type: 'array', items: integer } } },
    path: '/orders',
    body: [1, 2],
    args: { body: [1, 2] }
  },
  {
    title: 'a body of a choice of objects',
    route: {
      method: 'POST',
      url: '/orders',
      schema: { body: { oneOf: ['a', 'b'].map((name) => object({ [name]: string }, { required: [name] })) } }
    },
    path: '/orders',
    body: { a: 'x' },
    args: { body: { a: 'x' } }
  },
  {
    title: 'a body that is plain text',
    route: { method: 'POST', url: '/notes', schema: { body: { content: { 'text/plain': { schema: string } } } } },
    path: '/notes',
    body: 'a text',
    headers: { 'content-type': 'text/plain' },
    args: { body: 'a text' }
  },
  {
    title: 'a body by its content type',
    route: {
      method: 'POST',
      url: '/notes',
      schema: { body: { content: { 'application/json': { schema: object({ a: string }) } } } }
    },
    path: '/notes',
    body: { a: 'x' },
    args: { a: 'x' }
  },
  {
    title: 'a body of DELETE',
    route: { method: 'DELETE', url: '/orders', schema: { body: object({ ids: { type: 'array', items: integer } }) } },
    path: '/orders',
    body: { ids: [1] },
    args: { ids: [1] }
  },
  {
    title: 'parts in groups',
    route: {
      method: 'PUT',
      url: '/orders/:id',
      schema: { params: object({ id: integer }), querystring: object({ id: string }), body: object({ id: string }) },
      config: { mcp: { input: 'grouped' } }
    },
    path: '/orders/7?id=a',
    body: { id: 'b' },
    args: { params: { id: 7 }, query: { id: 'a' }, body: { id: 'b' } }
  },
  {
    title: 'headers that a route lists',
    route: {
      method: 'GET',
      url: '/orders',
      schema: { headers: object({ 'X-Tenant': string, 'x-limit': integer }) },
      config: { mcp: { headers: ['X-Tenant', 'x-limit'] } }
    },
    path: '/orders',
    headers: { 'x-tenant': 'acme', 'x-limit': '5' },
    args: { 'X-Tenant': 'acme', 'x-limit': 5 }
  },
  {
    title: 'a version of a route',
    route: { method: 'GET', url: '/orders/:id', ...{ constraints: { version: '2.0.0' } } },
    path: '/orders/1',
    headers: { 'accept-version': '2.0.0' },
    args: { id: 1 }
  }
]

async function send (app: FastifyInstance, { route: { method }, path, body, headers = {} }: Mapping): Promise<number> {
  const { port } = app.server.address() as AddressInfo
  const isText = headers['content-type'] !== undefined
  const payload = body === undefined || isText ? body : JSON.stringify(body)
  const own = payload === undefined
    ? {}
    : { 'content-type': 'application/json', 'content-length': String(payload).length }
  const sent = request({ port, host: '127.0.0.1', method: String(method), path, headers: { ...own, ...headers } })
  sent.end(payload)
  const [response] = await once(sent, 'response')
  await text(response)
  return response.statusCode
}

for (const mapping of MAPPINGS) {
  t.test(`a handler sees the same over HTTP and as a tool: ${mapping.title}`, async (t) => {
    const { app } = createHost(t, mapping.fastify)
    const seen: object[] = []
    app.route({
      ...mapping.route,
      config: { mcp: { name: 'tool', ...Object(mapping.route.config?.mcp) } },
      async handler ({ method, params, query, body, headers, routeOptions: { url } }) {
        const own = Object.entries(headers).filter(([name]) => /^(x-|content-type)/.test(name))
        const parts = { params: { ...Object(params) }, query: { ...Object(query) }, headers: Object.fromEntries(own) }
        seen.push({ method, url, body, ...parts })
        return { ok: true }
      }
    })
    await app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
    await app.listen({ port: 0, host: '127.0.0.1' })

    const status = await send(app, mapping)
    const result = await app.mcp.get('Routes').call('tool', { ...mapping.args })

    t.equal(status, 200)
    t.same(result.content, [{ type: 'text', text: '{"ok":true}' }])
    t.equal(seen.length, 2)
    t.same(seen[1], seen[0])
  })
}
