// An app whose mounts trust its own authorization server and another issuer. Both are called in this process: without
// HTTP around it, the figures are of the work alone.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import Fastify, { type InjectOptions, type LightMyRequestResponse } from 'fastify'
import mcpPlugin, { jwtVerifier, McpServer } from 'fastify-mcp-mount'
import { authorizationServer, custom, memoryStore } from 'fastify-mcp-mount/oauth'
import { AUDIENCE, createIssuer, PUBLIC_URL } from '../../servers/tokens.ts'
import { answerCommands, type Figures } from './answer.ts'
import { createProofKey } from './proof-key.ts'

const CALLBACK = 'https://client.example.com/callback'
const VERIFIER = 'v'.repeat(43)
const OWN = `${PUBLIC_URL}/own/mcp`
const { host } = new URL(PUBLIC_URL)

const login = authorizationServer({
  publicUrl: PUBLIC_URL,
  keys: ['a secret of at least thirty-two characters'],
  store: memoryStore({ maxPerKind: 1_000_000 }),
  dpop: 'accept',
  registrationLimit: { perAddress: 1_000_000_000, total: 1_000_000_000 },
  signInLimit: { perAddress: 1_000_000_000, total: 1_000_000_000 },
  signIn: custom({
    start: ({ callbackUrl, state }) => ({ url: `${callbackUrl}?state=${state}` }),
    finish: () => ({}),
    identify: () => ({ subject: 'ann', label: 'Ann' })
  })
})
const issuer = await createIssuer()
const verify = jwtVerifier({ issuer: issuer.url, jwksUri: issuer.jwksUri })
const app = Fastify()
app.register(login)
app.register(mcpPlugin, { prefix: '/own', server: createServer('Own'), publicUrl: PUBLIC_URL, auth: login.auth })
app.register(mcpPlugin, {
  server: createServer('Other'), publicUrl: PUBLIC_URL, auth: { verify, authorizationServers: [issuer.url] }
})
await app.ready()

const key = createProofKey()
const token = await signIn()
const bound = await signIn({ dpop: key.prove(`${PUBLIC_URL}/oauth/token`) })

answerCommands({}, {
  own: async (amount) => await measure(amount, async () => { await call(OWN, { authorization: `Bearer ${token}` }) }),
  other: async (amount) =>
    await measure(amount, async () => { await call(AUDIENCE, { authorization: `Bearer ${issuer.token}` }) }),
  async proof (amount) {
    const proofs = Array.from({ length: amount }, () => key.prove(OWN, bound))
    const authorization = `DPoP ${bound}`
    return await measure(amount, async () => { await call(OWN, { authorization, dpop: String(proofs.pop()) }) })
  },
  signIn: async (amount) => await measure(amount, async () => { await signIn() })
})

function createServer (name: string): McpServer {
  const server = new McpServer({ name, version: '1.0.0' })
  server.registerTool('greet', {}, () => 'hello')
  return server
}

async function call (url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const reply = await app.inject({
    method: 'POST',
    url: new URL(url).pathname,
    headers: {
      host, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'greet', ...headers
    },
    payload: {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'greet',
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {}
        }
      }
    }
  })
  assert.equal(reply.statusCode, 200, reply.body)
}

// Registration, sign-in, consent and token of one client and one user, from an empty browser.
async function signIn (headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const registered = await ask({ method: 'POST', url: '/oauth/register', payload: { redirect_uris: [CALLBACK] } })
  const { client_id: id } = registered.json<{ client_id: string }>()
  const common = { client_id: id, redirect_uri: CALLBACK, resource: OWN }
  const challenge = createHash('sha256').update(VERIFIER).digest('base64url')
  const asked = new URLSearchParams({
    ...common, response_type: 'code', state: 's', code_challenge: challenge, code_challenge_method: 'S256'
  })

  const browser = new Map<string, string>()
  const page = await visit(browser, { method: 'GET', url: `/oauth/authorize?${asked}` })
  const csrf = find(page, /name="csrf" value="([^"]*)"/)
  const form = toForm({ csrf, decision: 'allow' })
  const back = await visit(browser, { method: 'POST', url: find(page, /<form[^>]* action="([^"]+)"/), ...form })
  const code = String(new URL(back).searchParams.get('code'))

  const redeemed = toForm({ ...common, grant_type: 'authorization_code', code, code_verifier: VERIFIER })
  const answer = await ask({
    method: 'POST', url: '/oauth/token', ...redeemed, headers: { ...redeemed.headers, ...headers }
  })
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.json<{ access_token: string }>().access_token
}

// Follows redirects with the cookies of a browser, and resolves to the page, or to the URL of the client.
async function visit (browser: Map<string, string>, first: InjectOptions): Promise<string> {
  for (let request = first; ;) {
    const cookie = [...browser].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await ask({ ...request, headers: { ...request.headers, cookie } })
    for (const { name, value } of reply.cookies) {
      if (value === '') browser.delete(name)
      else browser.set(name, value)
    }
    const refresh = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(reply.body)?.[1]?.replaceAll('&amp;', '&')
    const location = reply.headers.location ?? refresh
    if (location === undefined) return reply.body
    if (location.startsWith(CALLBACK)) return location
    const { pathname, search } = new URL(location, PUBLIC_URL)
    request = { method: 'GET', url: pathname + search }
  }
}

async function ask (request: InjectOptions): Promise<LightMyRequestResponse> {
  return await app.inject({ ...request, headers: { ...request.headers, host } })
}

function toForm (fields: Readonly<Record<string, string>>): { headers: Record<string, string>, payload: string } {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { headers, payload: new URLSearchParams(fields).toString() }
}

function find (page: string, pattern: RegExp): string {
  const [, found] = pattern.exec(page) ?? []
  assert.ok(found !== undefined, `the page has no ${pattern}: ${page}`)
  return found
}

async function measure (amount: number, run: () => Promise<void>): Promise<Figures> {
  const before = process.cpuUsage()
  for (let done = 0; done < amount; done++) await run()
  const { user, system } = process.cpuUsage(before)
  return { micros: (user + system) / amount }
}
