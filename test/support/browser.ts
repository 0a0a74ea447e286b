// Starts a headless browser, and serves pages for it of any number of origins.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import Fastify from 'fastify'
import { chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const BROWSER = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

// A browser without a profile that sends no requests of its own.
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

/** The reason why tests in a browser are skipped, or false. In CI there has to be a browser. */
export const noBrowser: string | false = existsSync(BROWSER) || process.env['CI'] === 'true'
  ? false
  : `there is no browser at ${BROWSER}: install Chromium (apt-get install chromium), or set CHROMIUM to its path`

/** Opens pages. */
export type OpenPage = (origin: string) => Promise<Page>

/** Starts the browser, which ends with the test. */
export async function startBrowser (t: Test): Promise<OpenPage> {
  // Playwright makes and removes the directory of the profile, as the browser still writes there after it was closed.
  const context = await chromium.launchPersistentContext('', {
    executablePath: BROWSER, headless: true, args: ARGS, timeout: 120_000
  })
  t.teardown(() => context.close())

  return async function openPage (origin) {
    const page = await context.newPage()
    await page.goto(origin)
    return page
  }
}

/** Serves the page on a port of its own, and resolves to its origin. */
export async function servePage (t: Test): Promise<string> {
  const script = await bundle()
  // A browser opens connections that it does not use, and they would hold up the close.
  const app = Fastify({ forceCloseConnections: true })
  const html = '<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>'
  app.get('/', async (_request, reply) => reply.type('text/html').send(html))
  app.get('/page.js', async (_request, reply) => reply.type('text/javascript').send(script))
  t.teardown(() => app.close())
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

let bundled: Promise<string> | undefined

function bundle (): Promise<string> {
  bundled ??= build({
    entryPoints: [fileURLToPath(new URL('browser-page.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    logLevel: 'silent'
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '')
  return bundled
}
