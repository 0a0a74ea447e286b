import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { injectFetch, type InjectFetch } from '../../lib/testing.ts'

const PAGE = 'https://app.example.com'
const API = 'https://api.example.com/'
const ALLOWED = { 'access-control-allow-origin': PAGE }

type Headers = Readonly<Record<string, string>>

interface Site {
  readonly fetch: InjectFetch
  /** The requests that the app has received. */
  readonly seen: ReadonlyArray<{ readonly method: string, readonly headers: Headers }>
}

/** Creates an app that sends the given headers, and the fetch of a page of another origin. */
function createSite (t: Test, preflight: Headers, reply: Headers = ALLOWED, status = 204): Site {
  const seen: Array<{ method: string, headers: Headers }> = []
  const app: FastifyInstance = Fastify({ exposeHeadRoutes: false })
  t.teardown(() => app.close())
  app.addHook('onRequest', async ({ method, headers }) => { seen.push({ method, headers: headers as Headers }) })
  app.options('/', async (_request, answer) => await answer.code(status).headers(preflight).send())
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/',
    handler: async (_request, answer) => await answer.headers(reply).send('text')
  })
  return { fetch: injectFetch(app, { origin: PAGE }), seen }
}

function methodsOf ({ seen }: Site): readonly string[] {
  return seen.map(({ method }) => method)
}

t.test('a request that a form could send needs no preflight', async (t) => {
  const site = createSite(t, {})

  await site.fetch(API)
  await site.fetch(API, { method: 'POST', body: 'text', headers: { Accept: 'text/html', 'Accept-Language': 'de' } })

  t.same(methodsOf(site), ['GET', 'POST'])
  t.ok(site.seen.every(({ headers }) => headers['origin'] === PAGE))
})

t.test('any other request is preceded by a preflight with its method and headers', async (t) => {
  const site = createSite(t, {
    ...ALLOWED,
    'access-control-allow-methods': 'GET, DELETE',
    'access-control-allow-headers': 'Content-Type, X-B, Authorization'
  })

  await site.fetch(API, {
    method: 'POST',
    body: '{}',
    headers: { 'Content-Type': 'application/json', 'X-B': '1', Authorization: 'Bearer a' }
  })
  await site.fetch(API, { method: 'DELETE' })

  t.same(methodsOf(site), ['OPTIONS', 'POST', 'OPTIONS', 'DELETE'])
  t.match(site.seen[0]?.headers, {
    origin: PAGE,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-b'
  })
  t.notHas(site.seen[0]?.headers, { authorization: /./ })
  t.match(site.seen[2]?.headers, { 'access-control-request-method': 'DELETE' })
  t.notHas(site.seen[2]?.headers, { 'access-control-request-headers': /^/ })
})

t.test('a preflight succeeds with any 2xx status', async (t) => {
  const { fetch } = createSite(t, { ...ALLOWED, 'access-control-allow-methods': 'DELETE' }, ALLOWED, 200)

  t.equal((await fetch(API, { method: 'DELETE' })).status, 200)
})

t.test('wildcards allow everything except Authorization', async (t) => {
  const { fetch } = createSite(t, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': '*',
    'access-control-allow-headers': '*'
  })

  t.equal((await fetch(API, { method: 'DELETE', headers: { 'X-A': '1' } })).status, 200)
  await t.rejects(fetch(API, { method: 'DELETE', headers: { 'X-A': '1', Authorization: 'Bearer a' } }), {
    status: 204,
    message:
      'a page of https://app.example.com may not send its DELETE: the preflight was answered 204 without ' +
        "authorization in 'Access-Control-Allow-Headers'; add it to 'allowedHeaders' of the mount's 'cors' option"
  })
})

for (const [what, preflight, status, problem] of [
  [
    'no origin',
    {},
    204,
    "204 without 'Access-Control-Allow-Origin: https://app.example.com'; " +
      "set the mount's 'cors' option, and add the origin to its 'allowedOrigins'"
  ],
  [
    'another origin',
    { 'access-control-allow-origin': 'https://other.example' },
    204,
    "204 without 'Access-Control-Allow-Origin: https://app.example.com'; " +
      "set the mount's 'cors' option, and add the origin to its 'allowedOrigins'"
  ],
  ['a failure', ALLOWED, 500, '500, which is not a success'],
  ['no method', ALLOWED, 204, "204 without DELETE in 'Access-Control-Allow-Methods'"],
  [
    'no headers',
    { ...ALLOWED, 'access-control-allow-methods': 'DELETE' },
    204,
    "204 without x-a, x-b in 'Access-Control-Allow-Headers'; add it to 'allowedHeaders' of the mount's 'cors' option"
  ]
] as const) {
  t.test(`after a preflight that is answered with ${what}, the request is not sent`, async (t) => {
    const site = createSite(t, preflight, ALLOWED, status)

    await t.rejects(site.fetch(API, { method: 'DELETE', headers: { 'X-A': '1', 'X-B': '1' } }), {
      name: 'RefusedError',
      status,
      body: '',
      message: `a page of https://app.example.com may not send its DELETE: the preflight was answered ${problem}`
    })

    t.same(methodsOf(site), ['OPTIONS'])
  })
}

t.test('a reply that does not allow the origin cannot be read', async (t) => {
  const { fetch } = createSite(t, {}, {})

  await t.rejects(fetch(API), {
    name: 'RefusedError',
    status: 200,
    body: 'text',
    message:
      'a page of https://app.example.com cannot read the reply to its GET, 200 without ' +
        "'Access-Control-Allow-Origin: https://app.example.com'; " +
        "set the mount's 'cors' option, and add the origin to its 'allowedOrigins'"
  })
})

t.test('a page can read exposed headers only', async (t) => {
  const some = createSite(
    t,
    {},
    { ...ALLOWED, 'x-a': '1', 'x-b': '2', 'access-control-expose-headers': 'X-A, Mcp-Session-Id' }
  )
  const all = createSite(t, {}, { ...ALLOWED, 'x-a': '1', 'access-control-expose-headers': '*' })

  const response = await some.fetch(API)

  t.same([...response.headers.keys()], ['content-length', 'content-type', 'x-a'])
  t.equal(await response.text(), 'text')
  t.equal((await all.fetch(API)).headers.get('x-a'), '1')
})

t.test('a page of the same origin can read everything', async (t) => {
  const site = createSite(t, {}, { 'x-a': '1' })

  const response = await site.fetch(`${PAGE}/`, { method: 'DELETE', headers: { 'X-A': '1' } })
  await site.fetch(`${PAGE}/`)

  t.equal(response.headers.get('x-a'), '1')
  t.same(site.seen.map(({ method, headers: { origin } }) => [method, origin]), [['DELETE', PAGE], ['GET', undefined]])
})
