import { request as httpRequest } from 'node:http'
import t, { type Test } from 'tap'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import mcpPlugin, { InvalidTokenError, jwtVerifier, VerifierUnavailableError, type AuthInfo, type McpMountOptions, type TokenAuthOptions } from '../../../lib/index.ts'
import { claimsOf, createIssuer, NOW, NOW_SECONDS, RESOURCE } from '../../support/issuer.ts'
import { createApp, createHost, createServer, initialize, modern, modernCall, type Post, type TestApp } from '../../support/app.ts'
import { stopClock } from '../../support/definition-client.ts'
import { partsOf } from '../../support/parts.ts'
import { listen, until } from '../../support/stream.ts'

const publicUrl = 'https://api.example.com'
const METADATA = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"'

const ANN: AuthInfo = { token: 'ann', clientId: 'app', scopes: ['read'], issuer: 'https://auth.example.com', subject: 'ann' }

/** An app whose one token is 'ann'. */
function createAuthApp (t: Test, auth: Partial<TokenAuthOptions> = {}): Promise<TestApp> {
  return createApp(t, {
    publicUrl,
    auth: { verify: (token) => token === 'ann' ? ANN : null, authorizationServers: ['https://auth.example.com'], ...auth }
  })
}

function refused (message: string, code = -32600): object {
  return { jsonrpc: '2.0', id: null, error: { code, message } }
}

function withToken (authorization: string, post = modern('tools/list')): Post {
  return { ...post, headers: { ...post.headers, authorization } }
}

async function challengeOf (app: FastifyInstance, post: Post): Promise<readonly unknown[]> {
  const response = await app.inject(post)
  return [response.statusCode, response.headers['www-authenticate'], response.json()]
}

t.test('a request without a token gets 401 with the URL of the metadata and without an error code', async (t) => {
  const { app } = await createAuthApp(t, { requiredScopes: ['read', 'write'] })

  for (const authorization of [undefined, 'Basic YTpi', 'BearerX a', 'Negotiate']) {
    const post = authorization === undefined ? modern('tools/list') : withToken(authorization)
    t.same(await challengeOf(app, post), [401, `Bearer scope="read write", ${METADATA}`, refused('Unauthorized: authorization is required')])
  }
})

t.test('a malformed Authorization header gets 400', async (t) => {
  const { app } = await createAuthApp(t)
  const shape = 'the Authorization header must be: Bearer, a space, the token'

  for (const authorization of [
    'Bearer', 'Bearer ', 'bearer  ', 'Bearer ann bob', 'Bearer ann,bob', 'Bearer "ann"', 'Bearer änn',
    'Bearer ann, Bearer bob', 'Bearer =ann'
  ]) {
    t.same(
      await challengeOf(app, withToken(authorization)),
      [
        400, `Bearer error="invalid_request", error_description="${shape}", ${METADATA}`,
        refused(`Invalid Request: ${shape}`)
      ],
      authorization
    )
  }
})

t.test('a token in the query gets 400, with or without one in the header', async (t) => {
  const { app } = await createAuthApp(t)
  const post = modern('tools/list', {}, { url: '/mcp?access_token=ann' })
  const problem = 'the token must be in the Authorization header, not in the query'

  for (const sent of [post, withToken('Bearer ann', post)]) {
    t.same(await challengeOf(app, sent), [400, `Bearer error="invalid_request", error_description="${problem}", ${METADATA}`, refused(`Invalid Request: ${problem}`)])
  }
})

t.test('two Authorization headers get 400, although Node.js drops the second', async (t) => {
  const { app } = await createAuthApp(t)
  const { port } = new URL(await listen(app))
  const { headers, payload } = modern('tools/list')

  for (const [tokens, status] of [[['ann', 'bob'], 400], [['ann', 'ann'], 400], [['ann'], 200]] as const) {
    const answered = await new Promise((resolve) => {
      const given = Object.entries({ host: 'localhost', ...headers, 'content-length': String(payload.length) }).flat()
      const sent = httpRequest({ port, path: '/mcp', method: 'POST', headers: [...given, ...tokens.flatMap((token) => ['AUTHORIZATION', `Bearer ${token}`])] })
      sent.on('response', (response) => resolve(response.resume().statusCode))
      sent.end(payload)
    })
    t.equal(answered, status)
  }
})

t.test('a valid token is accepted in both eras, and its scheme is case-insensitive', async (t) => {
  const { app } = await createAuthApp(t, { requiredScopes: ['read'] })

  for (const authorization of ['Bearer ann', 'bearer ann', 'BEARER  ann']) {
    t.equal((await app.inject(withToken(authorization))).statusCode, 200)
    t.equal((await app.inject(withToken(authorization, initialize()))).statusCode, 200)
  }
})

t.test('an invalid token gets 401 with the reason', async (t) => {
  const far = new URL('https://api.example.com/other')
  for (const [verify, reason] of [
    [() => null, 'The token is not valid'],
    [async () => undefined, 'The token is not valid'],
    [
      () => {
        throw new InvalidTokenError('Revoked "today"')
      },
      "Revoked 'today'"
    ],
    [
      async () => {
        throw new InvalidTokenError('Widerrufen: ä\r\n')
      },
      'Widerrufen: ???'
    ],
    [
      () => {
        throw Object.assign(new Error('of the official SDK'), { errorCode: 'invalid_token' })
      },
      'of the official SDK'
    ],
    [
      () => {
        throw Object.assign(new Error('of its second version'), { code: 'invalid_token' })
      },
      'of its second version'
    ],
    [() => ({ ...ANN, expiresAt: 1 }), 'The token has expired'],
    [async () => ({ ...ANN, resource: far }), 'The token is for another resource'],
    [() => ({ ...ANN, audience: 'https://api.example.com/other/../mcp' }), 'The token is for another resource'],
    [() => ({ ...ANN, audience: [far.href] }), 'The token is for another resource'],
    [() => ({ ...ANN, audience: [] }), 'The token is for another resource'],
    [() => ({ ...ANN, audience: RESOURCE, resource: far }), 'The token is for another resource']
  ] as ReadonlyArray<readonly [TokenAuthOptions['verify'], string]>) {
    const { app } = await createAuthApp(t, { verify, requiredScopes: ['read'] })
    const [status, challenge] = await challengeOf(app, withToken('Bearer ann'))

    t.equal(status, 401)
    t.equal(challenge, `Bearer error="invalid_token", error_description="${reason}", scope="read", ${METADATA}`)
  }
})

t.test('the warning of a verifier is logged once, when the app becomes ready', async (t) => {
  const issuer = await createIssuer(t)
  const verify = jwtVerifier({ issuer: issuer.url, jwksUri: `${issuer.url}/jwks`, clientIds: ['app'] }, () => NOW)
  const { app, logLines } = await createApp(t, { publicUrl, auth: { verify, authorizationServers: [issuer.url] } })
  await app.ready()

  const warnings = logLines.filter(({ level }) => level === 40)
  const { aud, ...claims } = claimsOf(issuer)
  t.same(warnings.map(({ mcp, msg }) => ({ mcp, msg })), [{ mcp: 'Notes', msg: verify.warning }])
  t.match(verify.warning, /tokens without 'aud' are not bound to this mount/)

  // The mount has the real clock.
  const bearer = `Bearer ${await issuer.sign({ ...claims, exp: NOW_SECONDS * 2 })}`
  for (let request = 0; request < 2; request++) t.equal((await app.inject(withToken(bearer))).statusCode, 200)
  t.equal(logLines.filter(({ level }) => level === 40).length, 1)
})

t.test('a token that lacks a scope gets 403 with all required scopes', async (t) => {
  const { app } = await createAuthApp(t, { requiredScopes: ['read', 'write'] })

  t.same(await challengeOf(app, withToken('Bearer ann')), [
    403, `Bearer error="insufficient_scope", error_description="The token lacks a scope", scope="read write", ${METADATA}`, refused('Forbidden: the token lacks a scope')
  ])
})

t.test('if a verifier throws or returns an invalid value, the request gets 500 and the error is logged', async (t) => {
  const wrong: readonly unknown[] = [
    true,
    'ann',
    7,
    [],
    {},
    { ...ANN, token: undefined },
    { ...ANN, clientId: '' },
    { ...ANN, clientId: 7 },
    { ...ANN, scopes: 'read' },
    { ...ANN, scopes: [7] },
    { ...ANN, expiresAt: NaN },
    { ...ANN, expiresAt: '2030' },
    { ...ANN, resource: RESOURCE },
    { ...ANN, issuer: null },
    { ...ANN, subject: 7 },
    { ...ANN, audience: 7 },
    { ...ANN, audience: [7] },
    { ...ANN, extra: 'x' },
    { ...ANN, grantId: 1 },
    { ...ANN, upstream: 'a token' },
    { ...ANN, extra: null },
    new Proxy(
      {},
      {
        get () {
          throw new Error('a trap')
        }
      }
    )
  ]
  const verifiers: ReadonlyArray<() => unknown> = [
    () => { throw new Error('the database is gone') },
    () => { throw undefined }, // eslint-disable-line no-throw-literal
    async () => { throw new Error('the database is gone') },
    ...wrong.map((value) => () => value)
  ]
  for (const verify of verifiers) {
    // The cast passes values that only an untyped verifier can return.
    const { app, logLines } = await createAuthApp(t, { verify: verify as TokenAuthOptions['verify'] })

    t.same(await challengeOf(app, withToken('Bearer ann')), [500, undefined, refused('Internal error', -32603)])
    t.match(logLines.filter(({ level }) => level === 50), [{ msg: 'authenticating a request failed' }])
  }
})

t.test('if a verifier is unavailable, the request gets 503 with Retry-After', async (t) => {
  const { app, logLines } = await createAuthApp(t, {
    verify: () => {
      throw new VerifierUnavailableError('the keys are gone')
    }
  })

  const response = await app.inject(withToken('Bearer ann'))

  t.equal(response.statusCode, 503)
  t.equal(response.headers['retry-after'], '30')
  t.equal(response.headers['www-authenticate'], undefined)
  t.same(response.json(), refused('Authorization is not available at the moment; try again later', -32603))
  t.match(logLines.filter(({ level }) => level === 50), [{ err: { message: 'the keys are gone' } }])
})

t.test('if a verifier does not settle within the timeout, the request gets 503, and a later error is ignored', async (t) => {
  const pass = stopClock(t)
  let asked = 0
  let fail = (_error: Error): void => {}
  const { app, logLines } = await createAuthApp(t, {
    verify: () => {
      asked++
      return new Promise((_resolve, reject) => {
        fail = reject
      })
    }
  })

  const answered = app.inject(withToken('Bearer ann'))
  await until(() => asked > 0)
  pass(9999)
  pass(1)
  const response = await answered
  fail(new Error('too late'))

  t.equal(response.statusCode, 503)
  t.match(
    logLines.filter(({ level }) => level === 50),
    [{ err: { message: 'authenticating a request took longer than 10000 ms' } }]
  )
})

t.test('if authenticate does not settle within the timeout, the request gets 503', async (t) => {
  let asked = 0
  const { app } = await createApp(t, { auth: { authenticate: () => { asked++; return new Promise(() => {}) } } })
  const pass = stopClock(t)

  const answered = app.inject(modern('tools/list'))
  await until(() => asked > 0)
  pass(10_000)

  t.equal((await answered).statusCode, 503)
})

t.test('with timeout: 0, requests are authenticated without a time limit', async (t) => {
  const { app } = await createAuthApp(t, { timeout: 0, verify: async () => ANN })

  t.equal((await app.inject(withToken('Bearer ann'))).statusCode, 200)
})

t.test('a token longer than 16384 characters gets 401, and the verifier is not called', async (t) => {
  let asked = 0
  const { app } = await createAuthApp(t, { verify: () => { asked++; return ANN } })

  const response = await app.inject(withToken(`Bearer ${'a'.repeat(64 * 1024)}`))
  const longest = await app.inject(withToken(`Bearer ${'a'.repeat(16_384)}`))

  t.equal(response.statusCode, 401)
  t.equal(response.headers['www-authenticate'], `Bearer error="invalid_token", error_description="The token is longer than 16384 characters", ${METADATA}`)
  t.equal(longest.statusCode, 200)
  t.equal(asked, 1)
})

t.test('a token is verified once, before the body is parsed, and the verifier gets the resource', async (t) => {
  const seen: unknown[] = []
  const { app } = await createAuthApp(t, {
    verify: (token, request, context) => {
      seen.push([token, request.method, request.body, context])
      return token === 'ann' ? { ...ANN, resource: new URL('HTTPS://API.example.com/mcp/') } : null
    }
  })

  t.equal((await app.inject(withToken('Bearer ann'))).statusCode, 200)
  t.equal((await app.inject({ ...withToken('Bearer bob'), payload: '{' })).statusCode, 401)
  t.same(seen, [['ann', 'POST', undefined, { resource: RESOURCE }], ['bob', 'POST', undefined, { resource: RESOURCE }]])
})

t.test('forwarded headers do not change the URLs in challenges and metadata', async (t) => {
  const { app } = await createAuthApp(t)
  const headers = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-prefix': '/evil',
    forwarded: 'host=evil.example',
    host: 'localhost'
  }

  t.match(await challengeOf(app, modern('tools/list', {}, { headers })), [401, `Bearer ${METADATA}`])
  const metadata = await app.inject({ url: '/.well-known/oauth-protected-resource/mcp', headers })
  t.equal(metadata.json().resource, RESOURCE)
})

t.test('the guard runs before auth, and every method except a preflight needs a token', async (t) => {
  const { app } = await createAuthApp(t)
  const preflight = { origin: publicUrl, 'access-control-request-method': 'POST' }

  t.equal(
    (await app.inject(withToken('Bearer ann', modern('tools/list', {}, { headers: { host: 'evil.example' } }))))
      .statusCode,
    421
  )
  for (const method of ['GET', 'DELETE', 'PUT', 'OPTIONS', 'HEAD'] as const) {
    for (const url of ['/mcp', '/mcp/']) t.equal((await app.inject({ method, url })).statusCode, 401, `${method} ${url}`)
  }
  t.equal((await app.inject({ method: 'OPTIONS', url: '/mcp', headers: preflight })).statusCode, 405)
  t.equal((await app.inject({ method: 'GET', url: '/mcp', headers: preflight })).statusCode, 401)
})

t.test('auth applies only to its own mount', async (t) => {
  const { app } = createHost(t)
  app.get('/', async (request: FastifyRequest) => `hello ${Object.getOwnPropertySymbols(request).some((key) => /authenticated/.test(String(key)))}`)
  app.register(mcpPlugin, { server: createServer('Open'), path: '/open' })
  app.register(async (scope) => {
    scope.get('/beside', async () => 'beside')
    scope.register(mcpPlugin, { server: createServer(), publicUrl, auth: { verify: () => ANN, authorizationServers: ['https://auth.example.com'] } })
  })

  t.equal((await app.inject('/')).body, 'hello false')
  t.equal((await app.inject('/beside')).body, 'beside')
  t.equal((await app.inject('/nothing')).statusCode, 404)
  t.equal((await app.inject(modern('tools/list', {}, { url: '/open' }))).statusCode, 200)
  t.equal((await app.inject(modern('tools/list'))).statusCode, 401)
})

t.test('ctx.auth is the AuthInfo of the request, and undefined for a call of the app', async (t) => {
  const { app, server } = await createAuthApp(t)
  const seen: unknown[] = []
  server.registerTool('who', {}, (_args, { auth }) => { seen.push(auth); return String(auth?.subject) })

  const answer = await app.inject(withToken('Bearer ann', modernCall('who')))
  await app.mcp.get('Notes').call('who')

  t.match(answer.json(), { result: { content: [{ text: 'ann' }] } })
  t.same(seen, [ANN, undefined])
})

t.test('authenticate decides who sends a request, and the scopes and the expiry of its result are checked', async (t) => {
  const users: Readonly<Record<string, AuthInfo | null | undefined>> = {
    'key-1': ANN,
    'key-2': { ...ANN, scopes: [] },
    'key-3': null,
    'key-4': { ...ANN, expiresAt: 1 }
  }
  const options: Omit<McpMountOptions, 'server'> = {
    auth: { authenticate: async ({ headers }) => users[String(headers['x-api-key'])], requiredScopes: ['read'] }
  }
  const { app } = await createApp(t, options as { auth: McpMountOptions['auth'] & object })

  for (const [key, status, challenge] of [
    ['key-1', 200, undefined],
    ['key-2', 403, 'Bearer error="insufficient_scope", error_description="The token lacks a scope", scope="read"'],
    ['key-3', 401, 'Bearer scope="read"'],
    ['key-4', 401, 'Bearer error="invalid_token", error_description="The token has expired", scope="read"'],
    ['unknown', 401, 'Bearer scope="read"']
  ] as const) {
    const response = await app.inject(modern('tools/list', {}, { headers: { 'x-api-key': key } }))
    t.same([response.statusCode, response.headers['www-authenticate']], [status, challenge])
  }
  t.equal((await app.inject('/.well-known/oauth-protected-resource/mcp')).statusCode, 404)
})

t.test('a challenge without parameters is just the scheme', async (t) => {
  const { app } = await createApp(t, { auth: { authenticate: () => null } })

  t.match(await challengeOf(app, modern('tools/list')), [
    401, 'Bearer', refused('Unauthorized: authorization is required')
  ])
})

t.test('the option challenge replaces the challenge of authenticate', async (t) => {
  const { app } = await createApp(t, {
    auth: {
      authenticate: ({ headers }) => (headers['x-user'] === undefined ? null : { ...ANN, scopes: [] }),
      challenge: 'Basic realm="Notes"',
      requiredScopes: ['read']
    }
  })

  for (const [headers, status] of [[{}, 401], [{ 'x-user': 'ann' }, 403]] as const) {
    const response = await app.inject(modern('tools/list', {}, { headers }))
    t.same([response.statusCode, response.headers['www-authenticate']], [status, 'Basic realm="Notes"'])
  }
})

t.test('challengeScopes() challenges for the scopes that a request also needs', async (t) => {
  const { app } = await createAuthApp(t)
  const { auth } = partsOf(app.mcp.get('Notes'))

  // Of a request only its parameters matter.
  const challenge = auth?.challengeScopes({ params: {} } as FastifyRequest, ['notes:write', 'notes:read'])

  t.equal(challenge, `Bearer error="insufficient_scope", error_description="The request needs more scopes", scope="notes:write notes:read", ${METADATA}`)
})

t.test('a mount with jwtVerifier refuses every kind of invalid JWT', async (t) => {
  const issuer = await createIssuer(t)
  const { app } = await createApp(t, {
    publicUrl, auth: { verify: jwtVerifier({ issuer: issuer.url, jwksUri: `${issuer.url}/jwks` }, () => NOW), authorizationServers: [issuer.url] }
  })
  const far = { exp: 4_000_000_000 }
  const claims = claimsOf(issuer, far)

  t.equal((await app.inject(withToken(`Bearer ${await issuer.sign(claims)}`))).statusCode, 200)
  for (const [changes, reason] of [
    [{ exp: NOW_SECONDS - 60 }, 'The token has expired'],
    [{ nbf: NOW_SECONDS + 60 }, 'The token is not valid yet'],
    [{ aud: 'https://api.example.com/other' }, 'The token is for another resource'],
    [{ iss: 'https://evil.example' }, "The token has no 'iss' that is accepted"]
  ] as const) {
    const [status, challenge] = await challengeOf(app, withToken(`Bearer ${await issuer.sign({ ...claims, ...changes })}`))
    t.same([status, challenge], [401, `Bearer error="invalid_token", error_description="${reason}", ${METADATA}`])
  }
  issuer.answers.set('/jwks', 500)
  const other = await createApp(t, {
    publicUrl, auth: { verify: jwtVerifier({ issuer: issuer.url, jwksUri: `${issuer.url}/jwks` }, () => NOW), authorizationServers: [issuer.url] }
  })
  t.equal((await other.app.inject(withToken(`Bearer ${await issuer.sign(claims)}`))).statusCode, 503)
})
