// Every page in a real browser, checked by axe-core: light and dark, on a phone and a desktop, in both directions.
// SCREENSHOTS names a folder to which pictures of all of them are written.
import axe from 'axe-core'
import Fastify from 'fastify'
import { chromium, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { createPages, type LocalPages, type PageSettings } from '../../../lib/oauth/pages/pages.ts'
import { colors } from '../../../lib/oauth/pages/look.ts'
import type { ConsentPage } from '../../../lib/oauth/pages/consent-page.ts'
import { noBrowser } from '../../support/browser.ts'
import { arabic, german } from './translations.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const BROWSER = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const LOGO = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">
<rect width="36" height="36" rx="8" fill="#0b5fce"/>
<path d="M10 12h16M10 18h16M10 24h9" stroke="#fff" stroke-width="3"/></svg>`)}`

const SETTINGS: PageSettings = {
  name: 'Acme Notes',
  logo: LOGO,
  colors: colors.complete(undefined),
  texts: { de: german, ar: arabic },
  language: undefined,
  scopes: { 'notes:read': 'Read your notes', 'notes:write': 'Change your notes' },
  refusedText: 'Ask it@acme.example for access.'
}

const CONSENT: ConsentPage = {
  client: 'Claude',
  publishedBy: undefined,
  redirect: { shown: 'claude.ai', isLocal: false },
  account: 'ada@example.com',
  resource: 'https://api.example.com/notes/mcp',
  scopes: ['notes:read', 'notes:write'],
  csrf: 'x',
  action: '/oauth/sign-in/x',
  otherAccount: '/oauth/sign-in/x?step=other-account'
}

const VISIT = '/oauth/sign-in/x'
const LOOPBACK = { shown: 'http://127.0.0.1:51234', isLocal: true }
const PAGES: Readonly<Record<string, (pages: LocalPages) => string>> = {
  consent: (pages) => pages.consent(CONSENT),
  published: (pages) => pages.consent({ ...CONSENT, publishedBy: 'claude.ai' }),
  local: (pages) => pages.consent({ ...CONSENT, client: undefined, redirect: LOOPBACK }),
  long: (pages) => pages.consent({
    ...CONSENT,
    client: 'Pneumonoultramicroscopicsilicovolcanoconiosis'.repeat(3).slice(0, 100),
    account: `${'a-very-long-name-of-an-account'.repeat(3)}@subsidiary.of.a.corporation.example.com`,
    redirect: { shown: `${'sub.'.repeat(20)}client.example.com`, isLocal: false },
    scopes: Array.from({ length: 20 }, (_, n) => `projects:${n}:read-and-write-everything-that-there-is`)
  }),
  returning: (pages) => pages.returning('Claude', 'about:blank#later'),
  nameless: (pages) => pages.returning(undefined, 'about:blank#later'),
  refused: (pages) => pages.problem({ kind: 'refused', visit: VISIT }),
  cancelled: (pages) => pages.problem({ kind: 'cancelled', visit: VISIT }),
  failed: (pages) => pages.problem({ kind: 'failed', provider: 'GitHub', visit: VISIT }),
  expired: (pages) => pages.problem({ kind: 'expired' }),
  busy: (pages) => pages.problem({ kind: 'busy' }),
  error: (pages) => pages.problem({ kind: 'error', message: 'redirect_uri did not match any of the registered ones' })
}

/** Serves the pages, as the server sends them. */
async function servePages (t: Test): Promise<string> {
  const pages = createPages(SETTINGS)
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  app.get<{ Params: { name: string } }>('/:name', async ({ params: { name }, headers }, reply) => {
    const page = PAGES[name]
    if (page === undefined) return reply.code(204).send()
    // A page that leads on at once cannot be looked at.
    return reply.headers(pages.headers).send(page(pages.of(headers)).replace(/<meta http-equiv="refresh"[^>]*>/, ''))
  })
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

/** The rules of WCAG 2.2 and of good practice that a page breaks. */
async function listViolations (page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations, passes } = await page.evaluate('axe.run()') as axe.AxeResults
  if (passes.length === 0) throw new Error('axe-core has checked nothing')
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

// The first view has all pages. What differs in the others shows on these two.
const TELLING = ['long', 'refused']
const VIEWS = [
  { view: 'desktop-light', viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en' },
  { view: 'phone-dark', viewport: { width: 320, height: 640 }, colorScheme: 'dark', locale: 'de-AT' },
  { view: 'phone-light-rtl', viewport: { width: 360, height: 740 }, colorScheme: 'light', locale: 'ar-EG' }
] as const

t.test('no page has a barrier for its readers, and none is cut off', { skip: noBrowser }, async (t) => {
  const address = await servePages(t)
  const args = ['--no-sandbox', '--disable-gpu']
  const browser = await chromium.launch({ executablePath: BROWSER, args, timeout: 120_000 })
  t.teardown(() => browser.close())
  for (const { view, ...options } of VIEWS) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    const directory = process.env['SCREENSHOTS']
    const names = directory !== undefined || view === 'desktop-light' ? Object.keys(PAGES) : TELLING
    for (const name of names) {
      await page.goto(`${address}/${name}`)
      t.same(await listViolations(page), [], `${name}, ${view}`)
      t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} fits, ${view}`)
      if (directory !== undefined) await page.screenshot({ path: `${directory}/${name}-${view}.png`, fullPage: true })
    }
    t.same(complaints, [], `the policy blocks nothing that the pages need, ${view}`)
    await context.close()
  }
})
