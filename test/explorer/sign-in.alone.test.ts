// The page signs in at an authorization server, in a window of its own.
import Fastify from 'fastify'
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
  await main.getByRole('button', { name: 'Use' }).click()

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

async function signInElsewhere (t: Test, explorer: ExplorerBrowser): Promise<void> {
  const port = await findPort()
  const issuer = `http://127.0.0.1:${port}`
  const elsewhere = `http://localhost:${port}`
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
