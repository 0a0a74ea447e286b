// The page signs in at an authorization server, in a window of its own.
import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin, { McpServer } from '../../lib/index.ts'
import { authorizationServer } from '../../lib/oauth/index.ts'
import { KEY, SCOPES, signInOfAda } from '../oauth/stage.ts'
import { noBrowser } from '../support/browser.ts'
import { findPort } from '../support/free-port.ts'
import { buildPage } from '../page.js'
import { startExplorer, withExplorer } from './browser.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)
t.before(buildPage)

t.test('the page signs in, and calls as the user', { skip: noBrowser }, async (t) => {
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
  const explorer = await startExplorer(t)
  const page = await explorer.open(t, app)
  await page.getByText('This mount wants to know who you are').waitFor()

  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
  ])
  await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: /^Allow/ }).click()])
  await page.getByRole('link', { name: 'who' }).click()
  await page.getByRole('button', { name: 'Call', exact: true }).click()

  await page.getByText('You are ada').waitFor()
  explorer.forgive(/status of 401/)
  t.same(explorer.complaints, [])
})
