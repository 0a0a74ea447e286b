import { createHmac } from 'node:crypto'
import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { jwtVerifier, type JwtVerifierOptions } from '../../lib/auth/jwt-verifier.ts'
import { claimsOf, createIssuer, NOW, NOW_SECONDS, RESOURCE, type Issuer } from '../support/issuer.ts'

// A verifier must not read the request.
const REQUEST = undefined as unknown as FastifyRequest

function createVerifier (issuer: Issuer, options: Partial<JwtVerifierOptions> = {}, now = (): number => NOW) {
  const verify = jwtVerifier({ issuer: issuer.url, jwksUri: `${issuer.url}/jwks`, ...options }, now)
  return async (token: string, resource = RESOURCE) => verify(token, REQUEST, { resource })
}

function encode (value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

t.test('the AuthInfo of a token is made from its claims', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer)
  const claims = claimsOf(issuer)
  const token = await issuer.sign(claims)

  const info = await verify(token)

  t.same(info, {
    token,
    clientId: 'app',
    scopes: ['read', 'write'],
    expiresAt: NOW_SECONDS + 65,
    resource: new URL(RESOURCE),
    issuer: issuer.url,
    subject: 'ann',
    extra: claims
  })
  t.ok(Object.isFrozen(info))
  t.same(issuer.asked.map(({ path }) => path), ['/jwks'])
})

t.test('RS256 and EdDSA are accepted like ES256', async (t) => {
  for (const algorithm of ['RS256', 'EdDSA']) {
    const issuer = await createIssuer(t, algorithm)

    t.match(await createVerifier(issuer)(await issuer.sign(claimsOf(issuer))), { clientId: 'app' })
  }
})

t.test('a token that cannot be accepted is refused with the reason', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer)
  const stranger = await createIssuer(t)
  const claims = claimsOf(issuer)
  const signed = await issuer.sign(claims)
  const publicKey = JSON.stringify(issuer.jwk)
  const forged = `${encode({ alg: 'HS256', kid: 'one' })}.${encode(claims)}`
  const [, , signature = ''] = signed.split('.')

  for (const [token, message] of [
    [await issuer.sign({ ...claims, exp: NOW_SECONDS - 5 }), 'The token has expired'],
    [await issuer.sign({ ...claims, nbf: NOW_SECONDS + 6 }), 'The token is not valid yet'],
    [await issuer.sign({ ...claims, aud: 'https://api.example.com/other' }), 'The token is for another resource'],
    [await issuer.sign({ ...claims, iss: 'https://evil.example' }), "The token has no 'iss' that is accepted"],
    [await issuer.sign({ ...claims, exp: undefined }), "The token has no 'exp' that is accepted"],
    [await issuer.sign({ ...claims, aud: undefined }), "The token has no 'aud' that is accepted"],
    [await issuer.sign({ ...claims, client_id: undefined, sub: undefined }), 'The token names no client'],
    [await stranger.sign(claims), 'The token is not valid'],
    [await issuer.sign(claims, { kid: 'two' }), 'The token is not valid'],
    [`${encode({ alg: 'none' })}.${encode(claims)}.`, 'The token is not valid'],
    [`${encode({ alg: 'none' })}.${encode(claims)}.${signature}`, 'The token is not valid'],
    [`${forged}.${createHmac('sha256', publicKey).update(forged).digest('base64url')}`, 'The token is not valid'],
    [
      `${encode({ alg: 'ES256', kid: 'one' })}.${encode({ ...claims, sub: 'eve' })}.${signature}`,
      'The token is not valid'
    ],
    [`${encode({ alg: 'ES256', crit: ['x'], x: 1 })}.${encode(claims)}.${signature}`, 'The token is not valid'],
    ['opaque', 'The token is not valid'],
    ['a.b.c', 'The token is not valid'],
    ['..', 'The token is not valid']
  ] as const) {
    await t.rejects(verify(token), { name: 'InvalidTokenError', message }, message)
  }
  t.match(await verify(signed), { clientId: 'app' })
})

t.test('clocks may differ by the tolerance, in both directions', async (t) => {
  const issuer = await createIssuer(t)
  const late = await issuer.sign(claimsOf(issuer, { exp: NOW_SECONDS - 4 }))
  const early = await issuer.sign(claimsOf(issuer, { nbf: NOW_SECONDS + 5 }))

  t.match(await createVerifier(issuer)(late), { expiresAt: NOW_SECONDS + 1 })
  t.match(await createVerifier(issuer)(early), { clientId: 'app' })
  await t.rejects(createVerifier(issuer, { clockTolerance: 0 })(late), { message: 'The token has expired' })
  await t.rejects(createVerifier(issuer, { clockTolerance: 0 })(early), { message: 'The token is not valid yet' })
})

t.test('algorithms, typ and audience may be narrowed', async (t) => {
  const issuer = await createIssuer(t)
  const token = await issuer.sign(claimsOf(issuer, { aud: ['api://notes', 'other'] }), { typ: 'at+jwt' })

  await t.rejects(createVerifier(issuer)(token), { message: 'The token is for another resource' })
  t.match(await createVerifier(issuer, { audience: 'api://notes', typ: 'at+jwt', algorithms: ['ES256'] })(token), {
    resource: new URL(RESOURCE)
  })
  t.match(await createVerifier(issuer, { audience: ['api://tasks', 'api://notes'] })(token), { clientId: 'app' })
  await t.rejects(createVerifier(issuer, { audience: 'api://notes', algorithms: ['RS256'] })(token), {
    message: 'The token is not valid'
  })
  await t.rejects(createVerifier(issuer, { audience: 'api://notes', typ: 'JWT' })(token), {
    message: "The token has no 'typ' that is accepted"
  })
})

t.test('with clientIds, an access token without aud is accepted by its client_id', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer, { clientIds: ['app', 'console'] })
  // These are the claims of an access token of Amazon Cognito.
  const { aud, ...claims } = claimsOf(issuer, {
    token_use: 'access',
    version: 2,
    username: 'ann',
    'cognito:groups': ['editors']
  })

  t.match(await verify(await issuer.sign(claims)), { clientId: 'app', resource: new URL(RESOURCE), extra: claims })
  t.match(await verify(await issuer.sign({ ...claims, client_id: 'console', token_use: undefined })), {
    clientId: 'console'
  })
  t.match(await verify(await issuer.sign({ ...claims, aud, client_id: 'stranger', token_use: undefined })), {
    clientId: 'stranger'
  })
  await t.rejects(createVerifier(issuer)(await issuer.sign(claims)), {
    message: "The token has no 'aud' that is accepted"
  })
})

t.test('with clientIds, every other token without aud is refused, and an aud is still checked', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer, { clientIds: ['app'] })
  const { aud, ...claims } = claimsOf(issuer, { token_use: 'access' })
  const [stranger, kind, resource] = [
    'The token is for a client that is not accepted',
    'The token is not an access token',
    'The token is for another resource'
  ]

  for (const [changes, message] of [
    [{ client_id: 'other' }, stranger],
    [{ client_id: 'APP' }, stranger],
    [{ client_id: ['app'] }, stranger],
    [{ client_id: undefined }, stranger],
    [{ client_id: undefined, azp: 'app', cid: 'app', sub: 'app' }, stranger],
    [{ client_id: '' }, stranger],
    [{ token_use: 'id' }, kind],
    [{ token_use: 'ACCESS' }, kind],
    [{ token_use: null }, kind],
    [{ token_use: ['access'] }, kind],
    [{ aud: 'app' }, resource],
    [{ aud: `${aud}/other` }, resource],
    [{ aud: [] }, resource],
    [{ aud: '' }, resource],
    [{ aud: null }, resource]
  ] as const) {
    await t.rejects(
      verify(await issuer.sign({ ...claims, ...changes })),
      { name: 'InvalidTokenError', message },
      JSON.stringify(changes)
    )
  }
})

t.test('a verifier with clientIds has a warning for the log, and no other has one', async (t) => {
  const issuer = 'https://auth.example.com'

  t.match(jwtVerifier({ issuer, clientIds: ['app'] }).warning, /^jwtVerifier has 'clientIds': /)
  t.match(jwtVerifier({ issuer, clientIds: ['app'], cache: false }).warning, /^jwtVerifier has 'clientIds': /)
  t.equal(jwtVerifier({ issuer }).warning, undefined)
})

t.test('a token is verified once while it is cached, which is never beyond its expiry', async (t) => {
  const issuer = await createIssuer(t)
  const clock = { now: NOW }
  const verify = createVerifier(issuer, {}, () => clock.now)
  const token = await issuer.sign(claimsOf(issuer))

  const first = await verify(token)
  clock.now = NOW + 59_999
  const again = await verify(token)
  clock.now = NOW + 65_000

  t.same(again, first)
  await t.rejects(verify(token), { message: 'The token has expired' })
})

t.test('a token that was verified for one resource is verified again for another', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer)
  const token = await issuer.sign(claimsOf(issuer))

  t.match(await verify(token), { clientId: 'app' })
  await t.rejects(verify(token, 'https://api.example.com/other'), { message: 'The token is for another resource' })
})

t.test('without a cache every token is verified each time', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer, { cache: false })
  const token = await issuer.sign(claimsOf(issuer))

  t.not(await verify(token), await verify(token))
})

t.test('while the keys cannot be fetched no token is invalid, and later fetches succeed', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer)
  const token = await issuer.sign(claimsOf(issuer))
  const keys = issuer.answers.get('/jwks') ?? 404

  for (const outage of [
    500,
    404,
    { keys: 'none' },
    (_request: unknown, response: { destroy(): void }) => {
      response.destroy()
    }
  ]) {
    issuer.answers.set('/jwks', outage)
    await t.rejects(verify(token), {
      name: 'VerifierUnavailableError',
      message: `the keys of ${issuer.url} could not be fetched`
    })
  }
  issuer.answers.set('/jwks', keys)
  t.match(await verify(token), { clientId: 'app' })
})

t.test('a wrong option is refused with its name', async (t) => {
  const issuer = 'https://auth.example.com'
  for (const [options, message] of [
    [{}, "option 'jwtVerifier.issuer' must be an absolute URL, such as 'https://auth.example.com'"],
    [
      { issuer, algorithms: ['HS256'] },
      "option 'jwtVerifier.algorithms' must be an array of asymmetric algorithms, such as ['RS256']"
    ],
    [
      { issuer, algorithms: ['none'] },
      "option 'jwtVerifier.algorithms' must be an array of asymmetric algorithms, such as ['RS256']"
    ],
    [
      { issuer, algorithms: [] },
      "option 'jwtVerifier.algorithms' must be an array of asymmetric algorithms, such as ['RS256']"
    ],
    [{ issuer, audience: [] }, "option 'jwtVerifier.audience' must be a string or an array of strings"],
    [{ issuer, clientIds: 'app' }, "option 'jwtVerifier.clientIds' must be an array of client ids, such as ['my-app']"],
    [{ issuer, clientIds: [] }, "option 'jwtVerifier.clientIds' must be an array of client ids, such as ['my-app']"],
    [{ issuer, clientIds: [''] }, "option 'jwtVerifier.clientIds' must be an array of client ids, such as ['my-app']"],
    [
      { issuer, cache: { ttl: -1 } },
      "option 'jwtVerifier.cache' has a 'ttl' that must be a whole number of milliseconds from 0 (none) to 2147483647"
    ],
    [{ issuer, secret: 'a' }, /^option 'jwtVerifier.secret' does not exist; the options are issuer, audience, /]
  ] as const) {
    // A caller that does not use TypeScript may pass such a value.
    t.throws(() => jwtVerifier(options as unknown as JwtVerifierOptions), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
})
