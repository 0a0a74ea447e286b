import t from 'tap'
import { jwtVerify } from 'jose'
import { createKeyFinder, readKeysUrl } from '../../lib/auth/signing-keys.ts'
import { createIssuer } from '../support/issuer.ts'

t.test('the keys are found by the metadata of the issuer, at each of its URLs', async (t) => {
  for (const path of [
    '/.well-known/oauth-authorization-server/a',
    '/.well-known/openid-configuration/a',
    '/a/.well-known/openid-configuration'
  ]) {
    const server = await createIssuer(t)
    const issuer = `${server.url}/a`
    server.answers.set(path, { issuer, jwks_uri: `${server.url}/jwks` })
    const find = createKeyFinder({ issuer, jwksUri: undefined, fetchTimeout: 5000 })

    await t.resolves(jwtVerify(await server.sign({ sub: 'ann' }), find))
    await t.resolves(jwtVerify(await server.sign({ sub: 'bob' }), find))

    t.equal(server.asked.filter((asked) => asked.path === path).length, 1)
    t.equal(server.asked.at(-1)?.path, '/jwks')
  }
})

t.test('metadata that was fetched by https is not followed to keys without it', async (t) => {
  const issuer = 'https://auth.example.com'
  const keys = 'auth.example.com/jwks'

  t.equal(readKeysUrl({ jwks_uri: `https://${keys}` }, issuer), `https://${keys}`)
  t.throws(() => readKeysUrl({ jwks_uri: `http://${keys}` }, issuer), {
    name: 'VerifierUnavailableError', message: `${issuer} has a 'jwks_uri' that does not use https: http://${keys}`
  })
})

t.test('metadata of another issuer, or without keys, is not used', async (t) => {
  const server = await createIssuer(t)
  const find = createKeyFinder({ issuer: server.url, jwksUri: undefined, fetchTimeout: 5000 })
  const path = '/.well-known/oauth-authorization-server'
  const token = await server.sign({ sub: 'ann' })

  for (const [metadata, message] of [
    [
      { issuer: 'https://evil.example', jwks_uri: `${server.url}/jwks` },
      `${server.url}${path} names another issuer: https://evil.example`
    ],
    [{ issuer: server.url }, `${server.url}${path} has no 'jwks_uri'`],
    [404, `the request to ${server.url}${path} failed`]
  ] as const) {
    server.answers.set(path, metadata)
    await t.rejects(jwtVerify(token, find), {
      name: 'VerifierUnavailableError',
      message: `the keys of ${server.url} could not be fetched`,
      cause: { message }
    })
  }
})
