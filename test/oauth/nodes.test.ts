// Two nodes on Redis behind a proxy that sends each request to the other node than the one before.
import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin, { McpServer } from '../../lib/index.ts'
import { authorizationServer, redisStore } from '../../lib/oauth/index.ts'
import type { Kept } from '../support/oauth-client.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { startRoundRobin } from '../support/round-robin.ts'
import { Browser } from './browser.ts'
import { answer, CLIENTS, KEY, LOGIN_PAGE, NOTES, PUBLIC_URL, REDIRECT_URL, SCOPES, signIn, testSignIn } from './stage.ts'

const DOCUMENT_URL = 'https://client.example.com/metadata.json'
const says = (text: string): object[] => [{ type: 'text', text }]

t.test('every step of a sign-in may be at another node', { skip: noRedis }, async (t) => {
  const { client: redis } = await useRedis(t)
  const prefix = createPrefix()
  const served: string[][] = []
  const addresses = await Promise.all([0, 1].map(async () => {
    const paths: string[] = []
    served.push(paths)
    const app = Fastify()
    t.teardown(() => app.close())
    const login = authorizationServer({
      publicUrl: PUBLIC_URL,
      signIn: testSignIn,
      keys: [KEY],
      scopes: SCOPES,
      store: redisStore({ client: redis, prefix }),
      fetchClientDocument: async (url) => Response.json({ client_id: url, redirect_uris: [REDIRECT_URL] })
    })
    app.addHook('onRequest', async ({ url }) => { paths.push(url.replace(/[?].*|(?<=sign-in\/).*/, '')) })
    app.register(login)
    const server = new McpServer({ name: 'Notes', version: '1.0.0' })
    server.registerTool('write_note', { scopes: ['notes:write'] }, (_args, { auth }) => `${auth?.subject} wrote`)
    server.registerTool('who_am_i', {}, (_args, { auth }) => `${auth?.subject}`)
    app.register(mcpPlugin, {
      prefix: '/notes', server, publicUrl: PUBLIC_URL, auth: login.auth, stateless: true
    })
    return await app.listen({ port: 0, host: '127.0.0.1' })
  }))
  const proxy = await startRoundRobin(addresses)
  t.teardown(proxy.close)
  const rewrite = (url: string): string => url.replace(PUBLIC_URL, proxy.url)
  const fetchByProxy = async (url: string | URL, init?: RequestInit): Promise<Response> =>
    await fetch(rewrite(String(url)), init)

  // DCR, and a metadata document; two users who take turns.
  const users = CLIENTS.flatMap(([title, createClient]) => [{}, { documentUrl: DOCUMENT_URL }].map((id, index) => {
    const kept: Kept = { verifier: '' }
    const client = createClient({ kept, fetch: fetchByProxy, endpoint: NOTES, ...id })
    t.teardown(() => client.close())
    const isOutside = (url: string): boolean => url.startsWith(REDIRECT_URL) || url.startsWith(LOGIN_PAGE)
    return { title, kept, client, name: `user-${index}`, browser: new Browser(rewrite, isOutside) }
  }))
  await Promise.all(users.map(async ({ title, kept, client, name, browser }) => {
    await t.rejects(client.connect(), /Unauthorized/i)
    await client.finish(await answer(browser, await signIn(browser, String(kept.authorizationUrl), name), 'allow'))
    await client.connect()
    t.same(await client.call('who_am_i'), says(name), title)

    kept.tokens = { ...kept.tokens, access_token: 'expired' }
    t.same(await client.call('who_am_i'), says(name), `${title}, after a refresh`)
  }))

  const [modern] = users.filter(({ title }) => title === 'the v2 client, modern')
  if (modern === undefined) throw new Error('there is no modern client')
  await t.rejects(modern.client.call('write_note'))
  const page = await signIn(modern.browser, String(modern.kept.authorizationUrl), modern.name)
  await modern.client.finish(await answer(modern.browser, page, 'allow'))
  await modern.client.connect()
  t.same(await modern.client.call('write_note'), says('user-0 wrote'), 'after a second consent')

  for (const paths of served) {
    for (const path of ['/oauth/authorize', '/oauth/sign-in/', '/oauth/callback', '/oauth/token', '/notes/mcp']) {
      t.ok(paths.includes(path), `each node has served ${path}`)
    }
  }
})
