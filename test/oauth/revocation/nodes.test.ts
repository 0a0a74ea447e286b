// Access that is withdrawn on one node, for official clients whose sessions and streams are on another one.
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer } from '../../../lib/index.ts'
import { authorizationServer, redisStore, type AuthorizationServer } from '../../../lib/oauth/index.ts'
import { redisCluster } from '../../../lib/redis/index.ts'
import { JSON_AND_SSE, modern } from '../../support/app.ts'
import type { Kept } from '../../support/oauth-client.ts'
import { createPrefix, noRedis, useRedis } from '../../support/redis-server.ts'
import { collectFrames, until } from '../../support/stream.ts'
import { Browser } from '../browser.ts'
import { answer, CLIENTS, KEY, LOGIN_PAGE, NOTES, PUBLIC_URL, REDIRECT_URL, signIn, testSignIn } from '../stage.ts'

interface Node {
  readonly app: FastifyInstance
  readonly login: AuthorizationServer
  readonly address: string
}

/** Starts nodes that share their sessions and their sign-ins in Redis. */
async function startNodes (t: Test): Promise<readonly [Node, Node]> {
  const { url, client } = await useRedis(t)
  const prefix = createPrefix()

  async function start (): Promise<Node> {
    const app = Fastify({ forceCloseConnections: true })
    t.teardown(() => app.close())
    const store = redisStore({ client, prefix: `${prefix}oauth:` })
    const login = authorizationServer({
      publicUrl: PUBLIC_URL, signIn: testSignIn, keys: [KEY], store, revocationInterval: 20
    })
    app.register(login)
    app.register(mcpPlugin, {
      prefix: '/notes',
      server: createNotes(),
      publicUrl: PUBLIC_URL,
      auth: login.auth,
      cluster: redisCluster({ url, keyPrefix: `${prefix}mcp:` })
    })
    return { app, login, address: await app.listen({ port: 0, host: '127.0.0.1' }) }
  }
  return [await start(), await start()]
}

function createNotes (): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['k'.repeat(32)] } })
  server.registerTool('who_am_i', {}, (_args, { auth }) => String(auth?.subject))
  return server
}

async function listen ({ address }: Node, token: string): Promise<Response> {
  const { headers, payload } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, {
    headers: { ...JSON_AND_SSE, authorization: `Bearer ${token}`, host: new URL(PUBLIC_URL).host }
  })
  return await fetch(NOTES.replace(PUBLIC_URL, address), { method: 'POST', headers, body: payload })
}

for (const [name, createClient] of CLIENTS) {
  t.test(`${name} is signed out on all nodes, and signs in again`, { skip: noRedis }, async (t) => {
    const [a, b] = await startNodes(t)
    const kept: Kept = { verifier: '' }
    const fetchFromB = async (url: string | URL, init?: RequestInit): Promise<Response> =>
      await fetch(String(url).replace(PUBLIC_URL, b.address), init)
    const openBrowser = (): Browser => new Browser(
      (url) => url.replace(PUBLIC_URL, a.address), (url) => url.startsWith(REDIRECT_URL) || url.startsWith(LOGIN_PAGE))

    async function signInWith (browser: Browser): Promise<URLSearchParams> {
      const { authorizationUrl, verifier } = kept
      const parameters = await answer(browser, await signIn(browser, String(authorizationUrl)), 'allow')
      // A legacy client opens its stream again meanwhile, and so begins another sign-in, with a verifier of its own.
      kept.verifier = verifier
      return parameters
    }

    const client = createClient({ kept, fetch: fetchFromB })
    await t.rejects(client.connect())
    await client.finish(await signInWith(openBrowser()))
    await client.connect()
    t.match(await client.call('who_am_i'), [{ text: 'ada' }])
    const mount = b.app.mcp.get('Notes')
    const { sessions } = mount
    const isLegacy = sessions.size > 0
    const listening = await listen(b, String(kept.tokens?.access_token))
    // The stream of the test, and that of a legacy client.
    await until(() => mount.stats().streams === (isLegacy ? 2 : 1))
    const reasons: unknown[] = []
    sessions.on('ended', (_session, reason) => reasons.push(reason))

    await a.login.revoke({ subject: 'ada' })
    t.match((await collectFrames(listening)).at(-1), /"result":/, 'the stream ends as the protocol says')
    await until(() => mount.stats().streams === 0 && reasons.length === (isLegacy ? 1 : 0))

    t.same(reasons, isLegacy ? ['revoked'] : [])
    t.equal(await a.app.mcp.get('Notes').sessions.count(), 0)
    delete kept.authorizationUrl
    await t.rejects(client.call('who_am_i'), 'the token is refused, and so is the refresh token')
    t.match(String(kept.authorizationUrl), /\/oauth\/authorize/, 'the client asks its user to sign in')
    await client.finish(await signInWith(openBrowser()))
    await client.connect()
    t.match(await client.call('who_am_i'), [{ text: 'ada' }])
    await client.close()
  })
}
