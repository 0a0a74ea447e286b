// The order in which a request passes CORS, the guard, `auth` and the hooks of a mount.
import cors from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { authInfoOf, VerifierUnavailableError, type AuthInfo, type AuthOptions, type McpMountOptions } from '../../../lib/index.ts'
import { createApp, createHost, createServer, modern, type Post } from '../../support/app.ts'

const PAGE = Object.freeze({ origin: 'https://app.example.com' })
const FOREIGN = Object.freeze({ origin: 'https://evil.example' })
const ASKING = Object.freeze({ 'access-control-request-method': 'POST' })
const ANN = Object.freeze({ authorization: 'Bearer ann' })
const METADATA = '/.well-known/oauth-protected-resource/mcp'
const CHALLENGE = `Bearer scope="read", resource_metadata="https://api.example.com${METADATA}"`

const INFO: AuthInfo = { token: 'ann', clientId: 'app', scopes: ['read'], subject: 'ann' }

/** Knows Ann, and Bob, who may do nothing, and can be made to fail. */
const auth: AuthOptions = {
  verify: (token) => {
    if (token === 'outage') throw new VerifierUnavailableError('the keys are gone')
    return token === 'ann' ? INFO : token === 'bob' ? { ...INFO, scopes: [] } : null
  },
  authorizationServers: ['https://auth.example.com'],
  requiredScopes: ['read']
}
const protectedOptions = { publicUrl: 'https://api.example.com', allowedOrigins: [PAGE.origin], auth } satisfies Partial<McpMountOptions>

const nameOf = (request: FastifyRequest): string => String(authInfoOf(request)?.subject)

t.test('CORS runs before the guard, the guard before auth, and auth before the hooks', async (t) => {
  const seen: string[] = []
  const verify: AuthOptions = { ...auth, verify: () => { seen.push('auth'); return INFO } }
  const { app } = await createApp(t, {
    ...protectedOptions,
    auth: verify,
    cors: true,
    hooks: { onRequest: async (request) => { seen.push(`onRequest of ${nameOf(request)}`) }, preHandler: async (request) => { seen.push(`preHandler of ${nameOf(request)}`) } }
  })
  const ask = async (sent: Post) => {
    const { statusCode, headers } = await app.inject(sent)
    return [statusCode, headers['access-control-allow-origin'], seen.splice(0)]
  }

  t.same(await ask(modern('tools/list', {}, { headers: { ...ANN, ...PAGE, host: 'evil.example' } })), [
    421,
    PAGE.origin,
    []
  ])
  t.same(await ask(modern('tools/list', {}, { headers: { ...ANN, ...FOREIGN } })), [403, undefined, []])
  t.same(await ask(modern('tools/list', {}, { headers: PAGE })), [401, PAGE.origin, []])
  t.same(await ask(modern('tools/list', {}, { headers: { ...ANN, ...PAGE } })), [
    200,
    PAGE.origin,
    ['auth', 'onRequest of ann', 'preHandler of ann']
  ])
})

t.test('a page can read refusals and their challenges', async (t) => {
  const { app } = await createApp(t, { ...protectedOptions, cors: true })

  for (const [token, status, challenge] of [
    ['', 400, 'Bearer error="invalid_request"'],
    ['nobody', 401, 'Bearer error="invalid_token"'],
    ['bob', 403, 'Bearer error="insufficient_scope"'],
    ['outage', 503, '']
  ] as const) {
    const { statusCode, headers } = await app.inject(modern('tools/list', {}, { headers: { ...PAGE, authorization: `Bearer ${token}` } }))

    t.equal(statusCode, status)
    t.match(headers, {
      'access-control-allow-origin': PAGE.origin,
      'access-control-expose-headers': 'Mcp-Session-Id, WWW-Authenticate',
      vary: 'Origin'
    })
    t.equal(String(headers['www-authenticate'] ?? '').startsWith(challenge), true)
    t.equal(headers['retry-after'], status === 503 ? '30' : undefined)
  }
})

t.test('a preflight needs no token: CORS answers it before auth, and without CORS it gets 405', async (t) => {
  const seen: string[] = []
  const hooks: McpMountOptions['hooks'] = { onRequest: async ({ method }) => { seen.push(method) } }
  const withCors = await createApp(t, { ...protectedOptions, cors: true, hooks })
  const without = await createApp(t, { ...protectedOptions, hooks })
  const unguarded = await createApp(t, {
    publicUrl: protectedOptions.publicUrl,
    auth,
    cors: true,
    dnsRebindingProtection: false,
    hooks
  })
  const ask = async ({ app }: { app: typeof withCors.app }, headers: object) =>
    (await app.inject({ method: 'OPTIONS', url: '/mcp', headers: { ...headers } })).statusCode

  t.equal(await ask(withCors, { ...PAGE, ...ASKING }), 204)
  t.equal(await ask(withCors, { ...FOREIGN, ...ASKING }), 403)
  t.equal(await ask(without, { ...PAGE, ...ASKING }), 405)
  t.equal(await ask(unguarded, { ...FOREIGN, ...ASKING }), 405)
  t.same(seen, [], 'hooks run for requests with a caller')

  t.equal(await ask(without, PAGE), 401, 'OPTIONS alone is no preflight')
  t.equal(await ask(without, { ...PAGE, ...ANN }), 405)
  t.same(seen, ['OPTIONS'])
})

async function createSides (t: Test) {
  const { app, logLines } = createHost(t)
  app.setErrorHandler(async ({ message, statusCode }: Error & { statusCode?: number }, _request, reply) =>
    reply.code(statusCode ?? 500).send({ mine: message })
  )
  app.get('/sibling', async (request) => nameOf(request))
  app.register(mcpPlugin, {
    ...protectedOptions,
    server: createServer(),
    health: true,
    routes: async (scope) => {
      scope.get('/side', async (request) => nameOf(request))
      scope.get('/public', { config: { public: true } }, async (request) => nameOf(request))
      scope.all('/all', async (request) => `${request.method} of ${nameOf(request)}`)
      scope.all('/all-public', { config: { public: true } }, async (request) => `${request.method} of ${nameOf(request)}`)
      scope.register(async (inner) => {
        await inner.register(cors, { origin: PAGE.origin })
        inner.put('/from-pages', async (request) => nameOf(request))
      })
    }
  })
  await app.ready()
  return { app, logLines }
}

t.test('side routes need a token, and refusals have the form of the app', async (t) => {
  const { app, logLines } = await createSides(t)

  for (const [authorization, status, challenge, message] of [
    [undefined, 401, CHALLENGE, 'Unauthorized: authorization is required'],
    [
      'Bearer nobody', 401,
      CHALLENGE.replace('scope', 'error="invalid_token", error_description="The token is not valid", scope'),
      'Unauthorized: The token is not valid'
    ],
    [
      'Bearer bob', 403,
      CHALLENGE.replace('scope', 'error="insufficient_scope", error_description="The token lacks a scope", scope'),
      'Forbidden: the token lacks a scope'
    ],
    ['Bearer outage', 503, undefined, 'Authorization is not available at the moment; try again later']
  ] as const) {
    for (const url of ['/side', '/all']) {
      const response = await app.inject({ url, headers: { ...(authorization !== undefined && { authorization }) } })

      t.equal(response.statusCode, status)
      t.same(response.json(), { mine: message })
      t.equal(response.headers['www-authenticate'], challenge)
      t.equal(response.headers['retry-after'], status === 503 ? '30' : undefined)
    }
  }
  t.equal((await app.inject({ url: '/side', headers: ANN })).body, 'ann')
  t.match(
    logLines.filter(({ level }) => level === 50),
    [{ err: { message: 'the keys are gone' } }, { err: { message: 'the keys are gone' } }]
  )
})

t.test('public side routes, health checks, metadata and the other routes of the app need no token', async (t) => {
  const { app } = await createSides(t)

  for (const headers of [{}, ANN, { authorization: 'Bearer nobody' }, { authorization: 'Bearer' }]) {
    for (const url of ['/public', '/sibling']) t.equal((await app.inject({ url, headers })).body, 'undefined')
    for (const url of ['/health', '/health/live', '/health/ready', METADATA]) {
      t.equal((await app.inject({ url, headers: { ...headers, ...FOREIGN } })).statusCode, 200)
    }
    t.equal((await app.inject({ url: '/nothing', headers })).statusCode, 404)
  }
})

t.test('pages of any origin can read the metadata and send a preflight for it', async (t) => {
  const { app } = await createSides(t)

  const asked = await app.inject({
    method: 'OPTIONS',
    url: METADATA,
    headers: {
      ...FOREIGN,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'mcp-protocol-version'
    }
  })
  const read = await app.inject({ url: METADATA, headers: FOREIGN })

  t.equal(asked.statusCode, 204)
  t.match(asked.headers, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': '*'
  })
  t.equal(read.headers['access-control-allow-origin'], '*')
  t.match(read.json(), { resource: 'https://api.example.com/mcp' })
})

t.test('a preflight of a side route reaches its CORS, but not its handler unless it has a token', async (t) => {
  const { app } = await createSides(t)
  const ask = async (url: string, headers: object = {}) => {
    const { statusCode, body } = await app.inject({
      method: 'OPTIONS',
      url,
      headers: { ...PAGE, ...ASKING, ...headers }
    })
    return [statusCode, body]
  }

  t.same(await ask('/from-pages'), [204, ''])
  t.same(await ask('/all-public'), [200, 'OPTIONS of undefined'])
  t.same(await ask('/all'), [401, '{"mine":"Unauthorized: authorization is required"}'])
  t.same(await ask('/all', ANN), [200, 'OPTIONS of ann'])
})

t.test('an unknown path below the prefix needs a token, too', async (t) => {
  const { app } = await createApp(t, {
    ...protectedOptions,
    prefix: '/notes',
    routes: async (scope) => {
      scope.setNotFoundHandler(async (request, reply) => reply.code(404).send(nameOf(request)))
    }
  })

  const refused = await app.inject('/notes/nothing')
  const passed = await app.inject({ url: '/notes/nothing', headers: ANN })

  t.equal(refused.statusCode, 401)
  t.same([passed.statusCode, passed.body], [404, 'ann'])
})

t.test('a mount within the side routes of another needs both authentications, and ctx.auth is its own', async (t) => {
  const { app } = createHost(t)
  const inner = createServer('Inner')
  inner.registerTool('who', {}, (_args, ctx) => String(ctx.auth?.subject))
  await app.register(mcpPlugin, {
    server: createServer(),
    auth: { authenticate: ({ headers }) => headers['x-user'] === undefined ? null : INFO },
    routes: async (scope) => {
      await scope.register(mcpPlugin, {
        prefix: '/inner',
        server: inner,
        auth: { authenticate: ({ headers }) => ({ ...INFO, subject: String(headers['x-user']) }) }
      })
    }
  })
  const call = (headers: Readonly<Record<string, string>>) =>
    app.inject(modern('tools/call', { name: 'who' }, { url: '/inner/mcp', headers }))

  t.equal((await call({})).statusCode, 401)
  t.match((await call({ 'x-user': 'bob' })).json(), { result: { content: [{ text: 'bob' }] } })
})
