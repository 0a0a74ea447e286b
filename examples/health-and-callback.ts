// A health check, and routes that connect a user's account at another service with OAuth. PROVIDER, CLIENT_ID and
// CLIENT_SECRET describe that service. Try it: open http://ann:secret@127.0.0.1:8000/calendar/connect in a browser.
import { createHash, randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import mcpPlugin, { closeOnSignal, authInfoOf, McpServer, ToolError, type AuthInfo } from 'fastify-mcp-mount'

const { PROVIDER = 'https://provider.example.com', CLIENT_ID = 'notes', CLIENT_SECRET = '' } = process.env
const TTL_MS = 10 * 60_000

interface Attempt { readonly user: string, readonly verifier: string, readonly expiresAt: number }

// Everything is in memory, for one process. A real app would store hashed passwords.
const passwords = new Map([['ann', 'secret'], ['bob', 'hidden']])
const attempts = new Map<string, Attempt>()
const tokens = new Map<string, string>()

function authenticate ({ headers }: FastifyRequest): AuthInfo | null {
  const [user = '', password] = Buffer.from(headers.authorization?.replace(/^Basic /i, '') ?? '', 'base64')
    .toString()
    .split(':')
  return password !== undefined && passwords.get(user) === password
    ? { token: '', clientId: 'basic', scopes: [], subject: user }
    : null
}

async function oauthRoutes (scope: FastifyInstance): Promise<void> {
  const callbackUrl = (): string => new URL('callback', app.mcp.get('Calendar').url).href

  // This route is behind the mount's auth, so the user is known.
  scope.get('/connect', async (request, reply) => {
    const user = authInfoOf(request)?.subject ?? ''
    const state = randomBytes(32).toString('base64url')
    const verifier = randomBytes(32).toString('base64url')
    for (const [old, { expiresAt }] of attempts) if (expiresAt < Date.now()) attempts.delete(old)
    attempts.set(state, { user, verifier, expiresAt: Date.now() + TTL_MS })

    const url = new URL('/authorize', PROVIDER)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    url.search = String(new URLSearchParams({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: callbackUrl(),
      state,
      code_challenge: challenge,
      code_challenge_method: 'S256'
    }))
    // The cookie ensures that the browser that begins also finishes, so that nobody can make a user connect another
    // account with a link. With https, add Secure.
    return reply
      .header('set-cookie', `state=${state}; HttpOnly; SameSite=Lax; Path=${new URL(callbackUrl()).pathname}`)
      .redirect(url.href)
  })

  // This route is public: the provider redirects the browser here, and only the state identifies the user.
  scope.get<{ Querystring: { code?: string, state?: string } }>('/callback', {
    config: { public: true }
  }, async (request, reply) => {
    const { code = '', state = '' } = request.query
    const attempt = attempts.get(state)
    attempts.delete(state)
    const isSameBrowser = request.headers.cookie?.split('; ').includes(`state=${state}`) === true
    if (attempt === undefined || attempt.expiresAt < Date.now() || !isSameBrowser) {
      return reply.code(400).send({ message: 'Begin again at connect' })
    }

    const response = await fetch(new URL('/token', PROVIDER), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: callbackUrl(),
        code_verifier: attempt.verifier,
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET
      }),
      signal: AbortSignal.timeout(10_000)
    })
    if (!response.ok) return reply.code(502).send({ message: 'The provider gave no token' })
    const { access_token: token } = await response.json() as { access_token: string }
    tokens.set(attempt.user, token)
    return { message: 'Connected. You may close this page.' }
  })
}

const calendar = new McpServer({ name: 'Calendar', version: '1.0.0' })
calendar.registerTool('list_events', { description: 'List the events of today.' }, async (_args, { auth, signal }) => {
  const token = tokens.get(auth?.subject ?? '')
  if (token === undefined) {
    throw new ToolError(
      `No account is connected. Have the user open ${new URL('connect', app.mcp.get('Calendar').url).href}`
    )
  }
  const response = await fetch(new URL('/events', PROVIDER), { headers: { authorization: `Bearer ${token}` }, signal })
  if (!response.ok) throw new ToolError(`The provider answered ${response.status}`)
  return await response.text()
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, {
  prefix: '/calendar',
  server: calendar,
  // The challenge makes browsers ask for a password. MCP clients send theirs with every request.
  auth: { authenticate, challenge: 'Basic realm="Calendar"' },
  health: {
    ready: async () => (await fetch(PROVIDER, { method: 'HEAD', signal: AbortSignal.timeout(2000) })).status < 500
  },
  routes: oauthRoutes
})

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
