// A headless browser, and pages for it of any number of origins.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import Fastify from 'fastify'
import { chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const BROWSER = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

// A browser that is new to the world, and keeps to itself.
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** Why there can be no test in a browser; false where there is one. In CI there has to be one. */
export const noBrowser: string | false = existsSync(BROWSER) || process.env['CI'] === 'true'
  ? false
  : `there is no browser at ${BROWSER}: install Chromium (apt-get install chromium), or say by the variable CHROMIUM where it is`

/** Opens pages. */
export type OpenPage = (origin: string) => Promise<Page>

/** Starts the browser, which ends with the test. */
export async function startBrowser (t: Test): Promise<OpenPage> {
  // Its profile is in a directory that playwright removes: some of its processes write there for a moment after it was closed.
  const context = await chromium.launchPersistentContext('', { executablePath: BROWSER, headless: true, args: ARGS, timeout: 120_000 })
  t.teardown(() => context.close())

  return async function openPage (origin) {
    const page = await context.newPage()
    await page.goto(origin)
    return page
  }
}

/** Serves the page on a port of its own; its origin. */
export async function servePage (t: Test): Promise<string> {
  const script = await bundle()
  // A browser opens connections that it does not use.
  const app = Fastify({ forceCloseConnections: true })
  app.get('/', async (_request, reply) => reply.type('text/html').send('<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>'))
  app.get('/page.js', async (_request, reply) => reply.type('text/javascript').send(script))
  t.teardown(() => app.close())
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

let bundled: Promise<string> | undefined

function bundle (): Promise<string> {
  bundled ??= build({
    entryPoints: [fileURLToPath(new URL('browser-page.ts', import.meta.url))], bundle: true, write: false, platform: 'browser', format: 'iife', target: 'es2023', logLevel: 'silent'
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '')
  return bundled
}
