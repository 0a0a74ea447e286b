// The page signs in at an authorization server, in a window of its own.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import Provider from 'oidc-provider'
import t, { type Test } from 'tap'
import mcpPlugin, { InvalidTokenError, McpServer } from '../../lib/index.ts'
import { authorizationServer } from '../../lib/oauth/index.ts'
import { KEY, SCOPES, signInOfAda } from '../oauth/stage.ts'
import { createHost } from '../support/app.ts'
import { noBrowser } from '../support/browser.ts'
import { findPort } from '../support/free-port.ts'
import { buildPage } from '../page.js'
import { startExplorer, withExplorer, type ExplorerBrowser } from './browser.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)
t.before(buildPage)

t.test('the page signs in, and calls as the user', { skip: noBrowser }, async (t) => {
  const explorer = await startExplorer(t)

  t.test('at the authorization server of the app', async (t) => { await signInAtHome(t, explorer) })
  t.test('at a provider whose endpoints are at another origin', async (t) => { await signInAtTwoOrigins(t, explorer) })
  t.test('an authorization server that leads elsewhere is explained', async (t) => { await signInElsewhere(t, explorer) })
})

async function signInAtHome (t: Test, explorer: ExplorerBrowser): Promise<void> {
  const port = await findPort()
  const publicUrl = `http://127.0.0.1:${port}`
  const login = authorizationServer({
    publicUrl,
    keys: [KEY],
    scopes: SCOPES,
    signIn: signInOfAda
  })
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('who', { scopes: ['notes:read'] }, (_args, { auth }) => `You are ${auth?.subject}`)
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  app.register(login)
  app.register(mcpPlugin, { prefix: '/notes', server, publicUrl, auth: login.authFor({ scopes: ['notes:read'] }) })
  withExplorer(app)
  await app.listen({ port, host: '127.0.0.1' })
  const page = await explorer.open(t, app)
  const main = page.getByRole('main')
  await main.getByText('Other headers').click()
  await main.getByLabel('Headers, one per line').fill('X-Desk: 12')
  await main.getByRole('button', { name: 'Connect' }).click()

  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    main.getByRole('button', { name: 'Sign in' }).click()
  ])
  await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: /^Allow/ }).click()])
  await page.getByRole('link', { name: 'who' }).click()
  const [request] = await Promise.all([
    page.waitForRequest((request) => request.headers()['mcp-name'] === 'who'),
    page.getByRole('button', { name: 'Call', exact: true }).click()
  ])

  await page.getByText('You are ada').waitFor()
  t.equal(request.headers()['x-desk'], '12', 'the headers of the user are kept')
  explorer.forgive(/status of 401/)
  t.same(explorer.complaints, [])
}

async function signInAtTwoOrigins (t: Test, explorer: ExplorerBrowser): Promise<void> {
  const port = await findPort()
  const publicUrl = `http://127.0.0.1:${port}`
  const { issuer, findUser } = await startSplitProvider(t, `${publicUrl}/explorer/callback.html`)
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('who', {}, (_args, { auth }) => `You are ${auth?.subject}`)
  const { app } = createHost(t, { forceCloseConnections: true })
  app.register(mcpPlugin, {
    prefix: '/notes',
    server,
    publicUrl,
    auth: {
      async verify (token) {
        const subject = findUser(token)
        if (subject === undefined) throw new InvalidTokenError('unknown')
        return { token, clientId: 'the page', subject, scopes: ['openid'] }
      },
      authorizationServers: [issuer],
      requiredScopes: ['openid']
    }
  })
  withExplorer(app)
  await app.listen({ port, host: '127.0.0.1' })
  const page = await explorer.open(t, app)

  await page.getByText('Use a client of your own').click()
  await page.getByLabel('Client ID').fill('explorer')
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
  ])
  await popup.getByPlaceholder('Enter any login').fill('ada')
  await popup.getByPlaceholder('and password').fill('any')
  await popup.getByRole('button', { name: 'Sign-in' }).click()
  await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: 'Continue' }).click()])
  await page.getByRole('link', { name: 'who' }).click()
  await page.getByRole('button', { name: 'Call', exact: true }).click()

  await page.getByText('You are ada').waitFor()
  // The client warns of an id that it has not registered itself.
  explorer.forgive(/status of 40[14]|SEP-2352/)
  t.same(explorer.complaints, [])
}

/** A provider whose metadata and pages are at one origin, and whose other endpoints are at another, as with Google. */
interface SplitProvider {
  readonly issuer: string
  /** Returns the user of an access token. */
  findUser (token: string): string | undefined
}

async function startSplitProvider (t: Test, redirectUri: string): Promise<SplitProvider> {
  const [front, back] = [createServer(), createServer()]
  for (const server of [front, back]) {
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
    t.teardown(() => { server.close(); server.closeAllConnections() })
  }
  const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [issuer, other] = [originOf(front), originOf(back)]
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'explorer', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }],
    clientBasedCORS: () => true,
    cookies: { keys: ['a secret of the provider'] },
    features: { resourceIndicators: { enabled: false } }
  })
  const answer = provider.callback()
  back.on('request', answer)
  front.on('request', (request, response) => {
    if (request.url !== '/.well-known/openid-configuration') return answer(request, response)
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'application/json' })
    response.end(JSON.stringify({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${other}/token`,
      jwks_uri: `${other}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256']
    }))
  })
  const users = new Map<string, string>()
  provider.on('access_token.saved', ({ jti, accountId }) => { users.set(jti, accountId) })
  return { issuer, findUser: (token) => users.get(token) }
}

async function signInElsewhere (t: Test, explorer: ExplorerBrowser): Promise<void> {
  const port = await findPort()
  const issuer = `http://127.0.0.1:${port}`
  const elsewhere = `http://tokens.example:${port}`
  const server = Fastify({ forceCloseConnections: true })
  t.teardown(() => server.close())
  server.get('/.well-known/oauth-authorization-server', async (_request, reply) => {
    return reply.header('access-control-allow-origin', '*').send({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      registration_endpoint: `${elsewhere}/register`,
      token_endpoint: `${elsewhere}/token`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256']
    })
  })
  server.options('/*', async (_request, reply) => {
    return reply.headers({ 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }).send()
  })
  await server.listen({ port, host: '127.0.0.1' })
  const { app } = createHost(t, { forceCloseConnections: true })
  const appPort = await findPort()
  app.register(mcpPlugin, {
    prefix: '/notes',
    server: new McpServer({ name: 'Notes', version: '1.0.0' }),
    publicUrl: `http://127.0.0.1:${appPort}`,
    auth: { verify: async () => { throw new InvalidTokenError('unknown') }, authorizationServers: [issuer] }
  })
  withExplorer(app)
  await app.listen({ port: appPort, host: '127.0.0.1' })
  const page = await explorer.open(t, app)

  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()

  await page.getByText(`The authorization server leads to ${elsewhere}, and the policy of this page allows`).waitFor()
  explorer.forgive(/status of 401|connect-src|Fetch API cannot load/)
  t.same(explorer.complaints, [])
}
