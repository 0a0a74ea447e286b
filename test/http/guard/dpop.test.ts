import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { authInfoOf, jwtVerifier, type TokenAuthOptions } from '../../../lib/index.ts'
import { createApp, initialize, modern } from '../../support/app.ts'
import { createProofKey, type ProofKey } from '../../support/dpop.ts'
import { createIssuer, type Issuer } from '../../support/issuer.ts'

const publicUrl = 'https://api.example.com/v1'
const ENDPOINT = `${publicUrl}/mcp`
const METADATA = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/v1/mcp"'
const ALGS = 'algs="ES256 ES384 ES512 EdDSA Ed25519 PS256 PS384 PS512 RS256 RS384 RS512"'
const BOUND = "The token is bound to a key: send it with the scheme 'DPoP' and a proof"

interface Stage { readonly app: FastifyInstance, readonly issuer: Issuer, readonly key: ProofKey }

async function createStage (t: Test, dpop: TokenAuthOptions['dpop']): Promise<Stage> {
  const issuer = await createIssuer(t)
  const verify = jwtVerifier({ issuer: issuer.url, jwksUri: `${issuer.url}/jwks` })
  const { app } = await createApp(t, {
    publicUrl,
    auth: { verify, authorizationServers: [issuer.url], ...(dpop !== undefined && { dpop }) },
    routes: async (scope) => { scope.get('/export', async (request) => authInfoOf(request)?.subject) }
  })
  return { app, issuer, key: await createProofKey() }
}

async function sign (issuer: Issuer, thumbprint?: string): Promise<string> {
  const cnf = thumbprint === undefined ? undefined : { jkt: thumbprint }
  return await issuer.sign({
    iss: issuer.url, aud: ENDPOINT, exp: Math.floor(Date.now() / 1000) + 60, client_id: 'app', sub: 'ann', cnf
  })
}

async function send (
  { app }: Stage, headers: Record<string, string>, post: object = modern('tools/list')
): Promise<readonly [status: number, challenge: unknown]> {
  const merged = { ...Object(post).headers, ...headers }
  const { statusCode, headers: answered } = await app.inject({ ...post, headers: merged })
  return [statusCode, answered['www-authenticate']]
}

t.test('a bound token with a proof is accepted, with every method and at every URL of the mount', async (t) => {
  for (const dpop of ['accept', 'require'] as const) {
    const stage = await createStage(t, dpop)
    const { app, issuer, key } = stage
    const token = await sign(issuer, key.thumbprint)
    const authorization = `DPoP ${token}`
    const prove = async (url: string, method = 'POST'): Promise<string> => await key.prove({ url, method, token })

    t.same(await send(stage, { authorization, dpop: await prove(ENDPOINT) }), [200, undefined])
    const withSlash = { ...modern('tools/list'), url: '/mcp/?x=1' }
    const lower = { authorization: `dpop  ${token}`, dpop: await prove(`${ENDPOINT}/`) }
    t.same(await send(stage, lower, withSlash), [200, undefined])

    const opening = { ...initialize().headers, authorization, dpop: await prove(ENDPOINT) }
    const opened = await app.inject({ ...initialize(), headers: opening })
    const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']), authorization }
    const ending = { ...session, dpop: await prove(ENDPOINT, 'DELETE') }
    t.same(await send(stage, ending, { method: 'DELETE', url: '/mcp' }), [200, undefined])

    const exporting = { authorization, dpop: await prove(`${publicUrl}/export`, 'GET') }
    t.equal((await app.inject({ url: '/export', headers: exporting })).body, 'ann')
  }
})

t.test('a proof for another request, a used proof and a missing one get 401 invalid_dpop_proof', async (t) => {
  for (const dpop of ['accept', 'require'] as const) {
    const stage = await createStage(t, dpop)
    const { issuer, key } = stage
    const token = await sign(issuer, key.thumbprint)
    const used = await key.prove({ url: ENDPOINT, token })
    await send(stage, { authorization: `DPoP ${token}`, dpop: used })

    for (const [headers, reason] of [
      [{}, 'The DPoP header is missing'],
      [{ dpop: used }, 'The proof has been used before'],
      [{ dpop: await key.prove({ url: 'http://localhost/mcp', token }) }, 'The proof is for another URL'],
      [{ dpop: await key.prove({ url: ENDPOINT, token, method: 'GET' }) }, 'The proof is for another method'],
      [{ dpop: await key.prove({ url: ENDPOINT, token: 'other' }) }, 'The proof is for another token'],
      [{ dpop: 'x' }, 'The proof is not valid']
    ] as const) {
      t.same(await send(stage, { authorization: `DPoP ${token}`, ...headers }), [
        401, `DPoP error="invalid_dpop_proof", error_description="${reason}", ${METADATA}, ${ALGS}`
      ], reason)
    }
  }
})

t.test('a bound token is refused as a bearer token, and an unbound one with a proof', async (t) => {
  const accepting = await createStage(t, 'accept')
  const { issuer, key } = accepting
  const bound = await sign(issuer, key.thumbprint)
  const free = await sign(issuer)
  const dpop = await key.prove({ url: ENDPOINT, token: free })

  t.same(await send(accepting, { authorization: `Bearer ${bound}` }), [
    401, `Bearer error="invalid_token", error_description="${BOUND}", ${METADATA}, DPoP ${ALGS}`
  ])
  t.same(await send(accepting, { authorization: `DPoP ${free}`, dpop }), [
    401, `Bearer error="invalid_token", error_description="The token is not bound to a key by 'cnf.jkt'", ${METADATA}, DPoP ${ALGS}`
  ])
  t.same(await send(accepting, { authorization: `Bearer ${free}` }), [200, undefined])
})

t.test("with 'require', bearer tokens are refused, and the challenge is for bound tokens only", async (t) => {
  const requiring = await createStage(t, 'require')
  const { issuer } = requiring

  for (const headers of [{}, { authorization: `Bearer ${await sign(issuer)}` }]) {
    t.same(await send(requiring, headers), [401, `DPoP ${METADATA}, ${ALGS}`])
  }
  t.same(await send(requiring, { authorization: 'DPoP x' }), [
    401, `DPoP error="invalid_token", error_description="The token is not valid", ${METADATA}, ${ALGS}`
  ])
})

t.test('the challenge for a request without a token offers both schemes, and a malformed header gets 400', async (t) => {
  const stage = await createStage(t, 'accept')

  t.same(await send(stage, {}), [401, `Bearer ${METADATA}, DPoP ${ALGS}`])
  for (const scheme of ['DPoP', 'Bearer']) {
    const problem = `the Authorization header must be: ${scheme}, a space, the token`
    t.same(await send(stage, { authorization: `${scheme} a b` }), [
      400, `Bearer error="invalid_request", error_description="${problem}", ${METADATA}, DPoP ${ALGS}`
    ])
  }
})

t.test('without the option, a mount takes bearer tokens only, bound or not, and does not mention proofs', async (t) => {
  const stage = await createStage(t, undefined)
  const { app, issuer, key } = stage
  const token = await sign(issuer, key.thumbprint)

  const dpop = await key.prove({ url: ENDPOINT, token })
  t.same(await send(stage, { authorization: `Bearer ${token}` }), [200, undefined])
  t.same(await send(stage, { authorization: `DPoP ${token}`, dpop }), [401, `Bearer ${METADATA}`])
  const metadata = (await app.inject('/.well-known/oauth-protected-resource/v1/mcp')).json()
  t.notOk(Object.keys(metadata).some((name) => name.startsWith('dpop')))
})

t.test('the metadata says which proofs a mount takes, and whether it needs them', async (t) => {
  for (const dpop of ['accept', 'require'] as const) {
    const { app } = await createStage(t, dpop)
    const { statusCode, body } = await app.inject('/.well-known/oauth-protected-resource/v1/mcp')

    t.equal(statusCode, 200)
    const metadata = JSON.parse(body)
    t.equal(`algs="${metadata.dpop_signing_alg_values_supported.join(' ')}"`, ALGS)
    t.equal(metadata.dpop_bound_access_tokens_required, dpop === 'require')
  }
})
