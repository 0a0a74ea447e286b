// Assertions of a company's identity provider (ID-JAG), with the official client's own code.
import {
  Client, CrossAppAccessProvider, DpopSession, discoverAndRequestJwtAuthGrant, StreamableHTTPClientTransport
} from '@modelcontextprotocol/client'
import t, { type Test } from 'tap'
import { authorizationServer, type AssertedClaims, type AuthorizationServerOptions } from '../../lib/oauth/index.ts'
import { createProofKey } from '../support/dpop.ts'
import { createIssuer, type Issuer } from '../support/issuer.ts'
import { askToken, callMount, callTool, type Answered } from './manual-client.ts'
import {
  createStage, KEY, NOTES, PUBLIC_URL, REDIRECT_URL, TASKS, testSignIn, type Stage, type TestUser
} from './stage.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const SECRET = 'a secret of the desk'
const DESK = { clientId: 'desk', clientSecret: SECRET, redirectUris: [REDIRECT_URL] }
const toUser = ({ sub }: AssertedClaims): TestUser => ({ id: sub })

interface Company { readonly stage: Stage, readonly issuer: Issuer }

async function createCompany (
  t: Test, options: Partial<AuthorizationServerOptions<TestUser>> = {}
): Promise<Company> {
  const issuer = await createIssuer(t)
  issuer.answers.set('/.well-known/oauth-authorization-server', {
    issuer: issuer.url,
    authorization_endpoint: `${issuer.url}/authorize`,
    token_endpoint: `${issuer.url}/token`,
    jwks_uri: `${issuer.url}/jwks`,
    response_types_supported: ['code']
  })
  const identityAssertions = [{ issuer: issuer.url, toUser }]
  return { issuer, stage: await createStage(t, { clients: [DESK], identityAssertions, ...options }) }
}

async function assert (
  { issuer }: Pick<Company, 'issuer'>, claims: object = {}, typ = 'oauth-id-jag+jwt'
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return await issuer.sign({
    iss: issuer.url,
    aud: PUBLIC_URL,
    sub: 'ada',
    client_id: 'desk',
    resource: NOTES,
    scope: 'notes:read notes:write',
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 300,
    ...claims
  }, { typ })
}

async function exchange (
  { stage }: Company, assertion: string, params: Record<string, string> = {}
): Promise<Answered> {
  return await askToken(stage, { grant_type: GRANT, client_id: 'desk', client_secret: SECRET, assertion, ...params })
}

/** Lets the identity provider exchange ID tokens for assertions (RFC 8693). */
function offerExchange (company: Company): void {
  company.issuer.answers.set('/token', async (_request, response) => {
    const form = new URLSearchParams(company.issuer.asked.at(-1)?.body)
    const [aud, resource, scope] = ['audience', 'resource', 'scope'].map((name) => form.get(name))
    const answer = {
      access_token: await assert(company, { aud, resource, scope }),
      issued_token_type: form.get('requested_token_type'),
      token_type: 'N_A',
      expires_in: 300
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
}

function createProvider ({ issuer, stage }: Company): CrossAppAccessProvider {
  return new CrossAppAccessProvider({
    clientId: 'desk',
    clientSecret: SECRET,
    expectedIssuer: PUBLIC_URL,
    fetchFn: stage.fetch,
    assertion: async ({ authorizationServerUrl, resourceUrl }) => (await discoverAndRequestJwtAuthGrant({
      idpUrl: issuer.url,
      audience: authorizationServerUrl,
      resource: resourceUrl,
      idToken: 'the ID token of ada',
      clientId: 'desk at the company',
      clientSecret: 'its secret there',
      scope: 'notes:write'
    })).jwtAuthGrant
  })
}

async function callAs (provider: CrossAppAccessProvider, { stage }: Company): Promise<unknown> {
  const versionNegotiation = { mode: { pin: '2026-07-28' } }
  const client = new Client({ name: 'desk', version: '1.0.0' }, { versionNegotiation })
  const options = { authProvider: provider, fetch: stage.fetch }
  await client.connect(new StreamableHTTPClientTransport(new URL(NOTES), options))
  const { content } = await client.callTool({ name: 'write_note' })
  await client.close()
  return content
}

t.test('the official client exchanges assertions of the company for tokens; the user sees no page', async (t) => {
  const company = await createCompany(t)
  offerExchange(company)

  t.match(await callAs(createProvider(company), company), [{ text: 'ada wrote' }])
  t.match(company.issuer.asked.find(({ path }) => path === '/token')?.body, /token-type%3Aid-jag/)
  const response = await company.stage.fetch(`${PUBLIC_URL}/.well-known/oauth-authorization-server`)
  const metadata = Object(await response.json())
  t.same(metadata.authorization_grant_profiles_supported, ['urn:ietf:params:oauth:grant-profile:id-jag'])
  t.ok(metadata.grant_types_supported.includes(GRANT))
})

t.test('with proofs, the token of an assertion is bound to the key of the official client', async (t) => {
  const company = await createCompany(t, { dpop: 'require' })
  offerExchange(company)
  const session = await DpopSession.create()
  const provider = Object.assign(createProvider(company), { dpop: () => session })

  t.match(await callAs(provider, company), [{ text: 'ada wrote' }])
  t.equal((await provider.tokens())?.token_type, 'DPoP')

  t.match(await exchange(company, await assert(company)), { status: 400, body: { error: 'invalid_grant' } })
  const post = async (dpop: string): Promise<string> => {
    const body = new URLSearchParams({
      grant_type: GRANT, client_id: 'desk', client_secret: SECRET, assertion: await assert(company)
    })
    const response = await company.stage.fetch(`${PUBLIC_URL}/oauth/token`, { method: 'POST', headers: { dpop }, body })
    return `${response.status} ${Object(await response.json()).error}`
  }
  const key = await createProofKey()
  const proof = await key.prove({ url: `${PUBLIC_URL}/oauth/token` })
  t.equal(await post(await key.prove({ url: NOTES })), '400 invalid_dpop_proof')
  t.equal(await post(proof), '200 undefined')
  t.equal(await post(proof), '400 invalid_grant')
})

t.test('the token is for the user, the client, the mount and the scopes that were asserted', async (t) => {
  const company = await createCompany(t, { claims: () => ({ extra: { team: 'red' } }) })
  const { stage } = company

  const { status, body } = await exchange(company, await assert(company, { scope: 'notes:read unknown' }))
  t.equal(status, 200)
  const expected = { access_token: '', expires_in: 900, token_type: 'Bearer', scope: 'notes:read' }
  t.same({ ...body, access_token: '' }, expected)
  t.equal(await callMount(stage, NOTES, body['access_token']), 200)
  t.equal(await callMount(stage, TASKS, body['access_token']), 401)
  const claims = JSON.parse(String(Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url')))
  t.match(claims, { iss: PUBLIC_URL, sub: 'ada', aud: NOTES, client_id: 'desk', scope: 'notes:read', team: 'red' })

  for (const [asserted, requested, granted] of [
    ['notes:read notes:write', 'notes:write', 'notes:write'],
    ['notes:read', 'notes:write', undefined],
    [undefined, 'notes:write', undefined]
  ] as const) {
    const assertion = await assert(company, { scope: asserted })
    t.equal((await exchange(company, assertion, { scope: requested })).body['scope'], granted)
  }
  const unnamed = await exchange(company, await assert(company, { resource: undefined }), { resource: TASKS })
  t.equal(await callMount(stage, TASKS, unnamed.body['access_token']), 200)
})

t.test('allow and claims decide on the users of assertions, too', async (t) => {
  const company = await createCompany(t, {
    allow: ({ id }) => id !== 'eve', claims: () => ({ scopes: ['notes:read'] })
  })

  const refused = await exchange(company, await assert(company, { sub: 'eve' }))
  t.match(refused, { status: 400, body: { error: 'invalid_grant' } })
  t.equal((await exchange(company, await assert(company))).body['scope'], 'notes:read')
})

t.test('a user of an assertion who never signed in has no token of the identity provider, and stays in', async (t) => {
  const company = await createCompany(t)
  const { body: { access_token: token } } = await exchange(company, await assert(company))

  t.match(await callTool(company.stage, token, 'call_upstream'), { status: 200, isError: true })
  const { content } = await callTool(company.stage, token, 'explain_upstream')
  t.match(content, [{ text: /MCP_ERR_NO_UPSTREAM_TOKEN.* there is no token of .*: the user did not sign in/ }])
  t.match(await callTool(company.stage, token, 'who_am_i'), { status: 200 }, 'nothing has ended')
})

t.test('an assertion that was not made for this exchange is refused', async (t) => {
  const company = await createCompany(t, { clients: [DESK, { ...DESK, clientId: 'other' }] })
  const stranger = await createIssuer(t)
  const now = Math.floor(Date.now() / 1000)
  const used = await assert(company)
  t.equal((await exchange(company, used)).status, 200)

  for (const [what, assertion, error, params] of [
    ['another issuer', await assert({ issuer: stranger }), 'invalid_grant'],
    ['another key', await assert({ issuer: stranger }, { iss: company.issuer.url }), 'invalid_grant'],
    ['another audience', await assert(company, { aud: 'https://other.example.com' }), 'invalid_grant'],
    ['the mount as audience', await assert(company, { aud: NOTES }), 'invalid_grant'],
    ['another type', await assert(company, {}, 'JWT'), 'invalid_grant'],
    ['an access token', await assert(company, {}, 'at+jwt'), 'invalid_grant'],
    ['another client', await assert(company, { client_id: 'other' }), 'invalid_grant'],
    ['no client', await assert(company, { client_id: undefined }), 'invalid_grant'],
    ['no user', await assert(company, { sub: undefined }), 'invalid_grant'],
    ['a user that is no text', await assert(company, { sub: { id: 'ada' } }), 'invalid_grant'],
    ['no jti', await assert(company, { jti: undefined }), 'invalid_grant'],
    ['a jti that is no text', await assert(company, { jti: 7 }), 'invalid_grant'],
    ['no expiry', await assert(company, { exp: undefined }), 'invalid_grant'],
    ['an expiry that has passed', await assert(company, { exp: now - 60 }), 'invalid_grant'],
    ['used before', used, 'invalid_grant'],
    ['no JWT', 'x', 'invalid_grant'],
    ['another resource', await assert(company), 'invalid_target', { resource: TASKS }],
    ['no resource', await assert(company, { resource: undefined }), 'invalid_target'],
    ['a resource that is no text', await assert(company, { resource: [NOTES] }), 'invalid_target'],
    ['an unknown resource', await assert(company, { resource: `${PUBLIC_URL}/other` }), 'invalid_target'],
    ['the secret of nobody', await assert(company), 'invalid_client', { client_secret: 'wrong' }]
  ] as const) t.match((await exchange(company, assertion, params)).body, { error }, what)
})

t.test('of several requests at once with one assertion, one gets a token', async (t) => {
  const company = await createCompany(t)
  const assertion = await assert(company)
  const answers = await Promise.all(Array.from({ length: 5 }, () => exchange(company, assertion)))

  t.equal(answers.filter(({ status }) => status === 200).length, 1)
})

t.test('if the keys of the issuer cannot be fetched, or the app fails, that is not told to the client', async (t) => {
  const company = await createCompany(t, {
    allow: ({ id }) => { if (id === 'bob') throw new Error('no database'); return true }
  })
  const failed = { status: 500, body: { error: 'server_error' } }
  t.match(await exchange(company, await assert(company, { sub: 'bob' })), failed)

  const other = await createCompany(t)
  other.issuer.answers.set('/jwks', 503)
  t.match(await exchange(other, await assert(other)), failed)
})

t.test('a client with a metadata document exchanges assertions, and one that registered itself does not', async (t) => {
  const id = 'https://client.example.com/metadata.json'
  const company = await createCompany(t, {
    fetchClientDocument: async () => Response.json({ client_id: id, redirect_uris: [REDIRECT_URL] })
  })
  const registered = await company.stage.fetch(`${PUBLIC_URL}/oauth/register`, {
    method: 'POST', body: JSON.stringify({ redirect_uris: [REDIRECT_URL] })
  })
  const { client_id: own } = Object(await registered.json())
  const ask = async (client: string): Promise<number> => (await askToken(company.stage, {
    grant_type: GRANT, client_id: client, assertion: await assert(company, { client_id: client })
  })).status

  t.equal(await ask(id), 200)
  t.equal(await ask(own), 400)
})

t.test('without the option there is no such grant; its issuers must use https', async (t) => {
  const stage = await createStage(t, { clients: [DESK] })
  const issuer = await createIssuer(t)
  const { body } = await exchange({ stage, issuer }, await assert({ issuer }))
  t.equal(body['error'], 'unsupported_grant_type')

  for (const one of [
    {}, { issuer: 'http://id.example.com', toUser }, { issuer: 'id', toUser }, { issuer: 'https://id.example.com' },
    { issuer: 'https://id.example.com', toUser, jwksUri: 'http://id.example.com/jwks' },
    { issuer: 'https://id.example.com', toUser, audience: 'x' }
  ]) {
    const given = { publicUrl: PUBLIC_URL, signIn: testSignIn, keys: [KEY], identityAssertions: [one as never] }
    t.throws(() => authorizationServer(given), { code: 'MCP_ERR_INVALID_OPTION' }, JSON.stringify(one))
  }
})
