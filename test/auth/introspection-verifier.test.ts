import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { introspectionVerifier, type IntrospectionVerifierOptions } from '../../lib/auth/introspection-verifier.ts'
import { claimsOf, createIssuer, NOW, NOW_SECONDS, RESOURCE, type Issuer } from '../support/issuer.ts'

// A verifier must not read the request.
const REQUEST = undefined as unknown as FastifyRequest

function createVerifier (issuer: Issuer, options: Partial<IntrospectionVerifierOptions> = {}, now = (): number => NOW) {
  const verify = introspectionVerifier(
    { url: `${issuer.url}/introspect`, clientId: 'the mount', clientSecret: 'a:b%', ...options },
    now
  )
  return async (token: string) => verify(token, REQUEST, { resource: RESOURCE })
}

t.test('the AuthInfo of a token is made from the answer of the authorization server', async (t) => {
  const issuer = await createIssuer(t)
  const answer = { active: true, ...claimsOf(issuer) }
  issuer.answers.set('/introspect', answer)

  const info = await createVerifier(issuer)('secret+1')

  t.same(info, {
    token: 'secret+1',
    clientId: 'app',
    scopes: ['read', 'write'],
    expiresAt: NOW_SECONDS + 65,
    resource: new URL(RESOURCE),
    issuer: issuer.url,
    subject: 'ann',
    extra: answer
  })
  t.same(issuer.asked, [{
    path: '/introspect',
    body: 'token=secret%2B1&token_type_hint=access_token',
    authorization: `Basic ${Buffer.from('the+mount:a%3Ab%25').toString('base64')}`
  }])
})

t.test('a token that cannot be accepted is refused with the reason', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer, { issuer: issuer.url, cache: false })

  for (const [answer, message] of [
    [{ active: false }, 'The token is not valid'],
    [{ ...claimsOf(issuer) }, 'The token is not valid'],
    [{ active: 'true' }, 'The token is not valid'],
    [{ active: true, ...claimsOf(issuer, { exp: NOW_SECONDS - 5 }) }, 'The token has expired'],
    [{ active: true, ...claimsOf(issuer), exp: 'soon' }, 'The token has an expiry that is not a number'],
    [{ active: true, ...claimsOf(issuer, { nbf: NOW_SECONDS + 6 }) }, 'The token is not valid yet'],
    [{ active: true, ...claimsOf(issuer, { aud: undefined }) }, 'The token is for another resource'],
    [
      { active: true, ...claimsOf(issuer, { aud: 'https://api.example.com/other' }) },
      'The token is for another resource'
    ],
    [{ active: true, ...claimsOf(issuer, { iss: 'https://evil.example' }) }, "The token has no 'iss' that is accepted"]
  ] as const) {
    issuer.answers.set('/introspect', answer)
    await t.rejects(verify('a'), { name: 'InvalidTokenError', message }, JSON.stringify(answer))
  }
})

t.test('with audience: false, an active token needs neither an audience nor an issuer', async (t) => {
  const issuer = await createIssuer(t)
  issuer.answers.set('/introspect', {
    active: true,
    sub: 'ann',
    scp: ['read', 7],
    act: { sub: 'bob', roles: ['admin'] }
  })

  t.match(await createVerifier(issuer, { audience: false })('a'), {
    clientId: 'ann',
    scopes: ['read'],
    issuer: `${issuer.url}/introspect`,
    expiresAt: undefined
  })
  t.match(await createVerifier(issuer, { audience: false, issuer: 'https://auth.example.com' })('a'), {
    issuer: 'https://auth.example.com'
  })
  issuer.answers.set('/introspect', { active: true, cid: 'app', aud: 'notes' })
  t.match(await createVerifier(issuer, { audience: 'notes' })('a'), { clientId: 'app', scopes: [], subject: undefined })
})

t.test('the server is asked once while a token is cached, and each time without a cache', async (t) => {
  const issuer = await createIssuer(t)
  const clock = { now: NOW }
  issuer.answers.set('/introspect', { active: true, ...claimsOf(issuer, { exp: undefined }) })
  const remembering = createVerifier(issuer, { cache: { ttl: 1000 } }, () => clock.now)
  const asking = createVerifier(issuer, { cache: false })

  await remembering('a')
  await remembering('a')
  t.equal(issuer.asked.length, 1)
  clock.now += 1000
  await remembering('a')
  t.equal(issuer.asked.length, 2)
  await asking('a')
  await asking('a')
  t.equal(issuer.asked.length, 4)
})

t.test(
  'concurrent requests with the same token ask the server once, and each gets its own frozen AuthInfo',
  async (t) => {
    const issuer = await createIssuer(t)
    issuer.answers.set('/introspect', { active: true, ...claimsOf(issuer), act: { roles: ['user'] } })
    const verify = createVerifier(issuer)

    const infos = await Promise.all(Array.from({ length: 20 }, () => verify('a')))
    infos.push(await verify('a'))

    t.equal(issuer.asked.length, 1)
    for (const info of infos) {
      t.equal(info?.resource?.href, RESOURCE)
      if (info?.resource !== undefined) info.resource.href = 'https://evil.example'
      // A handler may try to change it.
      const mine = info as unknown as {
        scopes: string[]
        subject: string
        extra: { act: { roles: string[] }; more?: string }
      }
      t.throws(() => {
        mine.scopes.push('admin')
      }, TypeError)
      t.throws(() => {
        mine.subject = 'bob'
      }, TypeError)
      t.throws(() => {
        mine.extra.more = 'x'
      }, TypeError)
      t.throws(() => {
        mine.extra.act.roles.push('admin')
      }, TypeError)
    }
  }
)

t.test('a refusal is cached, and an outage is not', async (t) => {
  const issuer = await createIssuer(t)
  const clock = { now: NOW }
  issuer.answers.set('/introspect', { active: false })
  const verify = createVerifier(issuer, {}, () => clock.now)

  await Promise.all(
    Array.from({ length: 20 }, () =>
      t.rejects(verify('a'), { name: 'InvalidTokenError', message: 'The token is not valid' })
    )
  )
  await t.rejects(verify('a'), { message: 'The token is not valid' })
  t.equal(issuer.asked.length, 1)
  clock.now += 5000
  await t.rejects(verify('a'), { message: 'The token is not valid' })
  t.equal(issuer.asked.length, 2)

  issuer.answers.set('/introspect', 500)
  await t.rejects(verify('b'), { name: 'VerifierUnavailableError' })
  await t.rejects(verify('b'), { name: 'VerifierUnavailableError' })
  t.equal(issuer.asked.length, 4)
})

t.test('the number of concurrent requests is bounded, and beyond it tokens cannot be verified', async (t) => {
  const issuer = await createIssuer(t)
  const open: Array<{ end (text: string): void }> = []
  issuer.answers.set('/introspect', (_request: unknown, response: { end(text: string): void }) => {
    open.push(response)
  })
  const verify = createVerifier(issuer, { maxRequests: 2 })

  const storm = Array.from(
    { length: 10 },
    async (_unused, index) => await verify(`bogus ${index}`).catch((error: Error) => error.name)
  )
  t.same(await Promise.all(storm.slice(4)), Array(6).fill('VerifierUnavailableError'))
  while (open.length < 2) await new Promise(setImmediate)
  issuer.answers.set('/introspect', { active: false })
  for (const response of open) response.end('{"active":false}')

  t.same(await Promise.all(storm.slice(0, 4)), Array(4).fill('InvalidTokenError'))
  t.equal(issuer.asked.length, 4)
  await t.rejects(verify('later'), { name: 'InvalidTokenError' })
})

t.test('an outage of the server does not make a token invalid', async (t) => {
  const issuer = await createIssuer(t)
  const verify = createVerifier(issuer, { cache: false })

  for (const outage of [
    401,
    500,
    [],
    (_request: unknown, response: { destroy(): void }) => {
      response.destroy()
    },
    (_request: unknown, response: { end(text: string): void }) => {
      response.end('null')
    },
    (_request: unknown, response: { end(text: string): void }) => {
      response.end('<html>')
    },
    (_request: unknown, response: { writeHead(status: number, headers: object): { end(): void } }) => {
      response.writeHead(307, { location: '/elsewhere' }).end()
    }
  ]) {
    issuer.answers.set('/introspect', outage)
    const name = Array.isArray(outage) ? 'InvalidTokenError' : 'VerifierUnavailableError'
    await t.rejects(verify('a'), { name })
  }
  t.notOk(issuer.asked.some(({ path }) => path === '/elsewhere'))
  await t.rejects(createVerifier(issuer, { fetchTimeout: 1, url: `${issuer.url}/silent` })('a'), {
    name: 'VerifierUnavailableError',
    message: `the request to ${issuer.url}/silent failed`
  })
})

t.test('a wrong option is refused with its name', async (t) => {
  const right = { url: 'https://auth.example.com/introspect', clientId: 'mount', clientSecret: 'secret' }
  for (const [changes, message] of [
    [{ url: 'auth' }, "option 'introspectionVerifier.url' must be an absolute URL, such as 'https://auth.example.com'"],
    [{ clientSecret: undefined }, "option 'introspectionVerifier.clientSecret' must be a string that is not empty"],
    [{ maxRequests: 0 }, "option 'introspectionVerifier.maxRequests' must be a whole number above 0"],
    [{ cache: { refusalTtl: -1 } }, /has a 'refusalTtl' that/],
    [{ fetchTimeout: 0 }, "option 'introspectionVerifier.fetchTimeout' must be a whole number above 0"],
    [{ cache: true }, "option 'introspectionVerifier.cache' must be false or an object, such as { ttl: 60_000 }"],
    [{ audience: 7 }, "option 'introspectionVerifier.audience' must be a string or an array of strings"]
  ] as const) {
    // A caller that does not use TypeScript may pass such a value.
    t.throws(() => introspectionVerifier({ ...right, ...changes } as unknown as IntrospectionVerifierOptions), {
      code: 'MCP_ERR_INVALID_OPTION',
      message
    })
  }
  t.doesNotThrow(() => introspectionVerifier({ ...right, audience: false, cache: false }))
})
