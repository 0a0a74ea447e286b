// The consent page in a real browser without scripts, on loopback as during development.
import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import { chromium } from 'playwright-core'
import t from 'tap'
import mcpPlugin, { McpServer } from '../../lib/index.ts'
import { authorizationServer } from '../../lib/oauth/index.ts'
import { noBrowser } from '../support/browser.ts'
import { findPort } from '../support/free-port.ts'
import { KEY, SCOPES, signInOfAda } from './stage.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const BROWSER = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const VERIFIER = 'v'.repeat(64)

t.test('a user allows a client by the keyboard alone, and comes back to it with a code', { skip: noBrowser }, async (t) => {
  const port = await findPort()
  const publicUrl = `http://127.0.0.1:${port}`
  const login = authorizationServer({
    publicUrl,
    keys: [KEY],
    scopes: SCOPES,
    name: 'Acme Notes',
    signIn: signInOfAda
  })
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  app.register(login)
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  app.register(mcpPlugin, { prefix: '/notes', server, publicUrl, auth: login.auth })
  await app.listen({ port, host: '127.0.0.1' })
  // The client is another origin, to which the browser must be let go.
  const client = Fastify({ forceCloseConnections: true })
  t.teardown(() => client.close())
  client.get('/callback', async (_request, reply) => reply.type('text/html').send('<title>Back</title>'))
  client.get<{ Querystring: Record<string, string> }>('/frame', async ({ query: { visit } }, reply) =>
    reply.type('text/html').send(`<iframe src="${visit}"></iframe>`))
  client.get<{ Querystring: Record<string, string> }>('/form', async ({ query: { visit, csrf } }, reply) =>
    reply.type('text/html').send(`<form method="post" action="${visit}"><input type="hidden" name="csrf" value="${csrf}">
<button name="decision" value="allow">Win a prize</button></form>`))
  const origin = await client.listen({ port: 0, host: '127.0.0.1' })
  const redirectUri = `${origin}/callback`
  const evil = origin.replace('127.0.0.1', 'localhost')

  const registered = await fetch(`${publicUrl}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Claude Code', redirect_uris: [redirectUri] })
  })
  const { client_id: clientId } = await registered.json() as { client_id: string }
  const search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'notes:read',
    resource: `${publicUrl}/notes/mcp`,
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256'
  })

  const args = ['--no-sandbox', '--disable-gpu']
  const browser = await chromium.launch({ executablePath: BROWSER, args, timeout: 120_000 })
  t.teardown(() => browser.close())
  for (const colorScheme of ['light', 'dark'] as const) {
    const viewport = { width: 390, height: 844 }
    const context = await browser.newContext({ javaScriptEnabled: false, colorScheme, viewport })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => { if (/policy/i.test(message.text())) complaints.push(message.text()) })

    await page.goto(`${publicUrl}/oauth/authorize?${search}`)
    const heading = await page.getByRole('heading', { level: 1 }).textContent()
    t.equal(heading, 'Claude Code wants to access Acme Notes on your behalf')
    t.same(await page.getByRole('listitem').allTextContents(), ['Use Acme Notes as ada@example.com', 'Read your notes'])
    t.equal(await page.evaluate('getComputedStyle(document.querySelector("main")).backgroundColor'),
      colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(25, 30, 37)', 'its own style is applied')
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= 390'), 'nothing is cut off on a phone')
    const directory = process.env['SCREENSHOTS']
    if (directory !== undefined) await page.screenshot({ path: `${directory}/consent-${colorScheme}.png` })

    // The attacker's site is another one, as browsers see it.
    const visit = page.url()
    const csrf = await page.locator('input[name=csrf]').getAttribute('value')
    const attacker = await context.newPage()
    const [refusal] = await Promise.all([
      attacker.waitForEvent('console'), attacker.goto(`${evil}/frame?${new URLSearchParams({ visit })}`)
    ])
    t.match(refusal.text(), "frame-ancestors 'none'", 'the page is not shown in a frame')
    await attacker.goto(`${evil}/form?${new URLSearchParams({ visit, csrf: String(csrf) })}`)
    await attacker.getByRole('button').click()
    t.match(await attacker.textContent('h1'), /This sign-in has expired/, 'nor takes the form of another site')
    await attacker.close()

    // The link to another account, and the button that cancels, come first.
    for (let n = 0; n < 3; n++) await page.keyboard.press('Tab')
    await Promise.all([page.waitForURL(`${redirectUri}?*`), page.keyboard.press('Enter')])
    const params = new URL(page.url()).searchParams
    t.ok(params.has('code'))
    t.equal(params.get('iss'), publicUrl)
    t.same(complaints, [], 'the policy blocks nothing that the page needs')
    await context.close()
  }
})
