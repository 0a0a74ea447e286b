// Opens the explorer of an app in a browser.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import mcpExplorer, { type McpExplorerOptions } from '../../lib/explorer/index.ts'
import { startBrowser, type OpenPage } from '../support/browser.ts'
import { buildPage } from '../page.js'

/** A browser that opens explorers. */
export interface ExplorerBrowser {
  /**
   * Opens the explorer of an app at a fragment, such as `#/Notes/tool/add_note`, once the app listens.
   * @param prepare Is called before the page is loaded.
   */
  open (t: Test, app: FastifyInstance, fragment?: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page>
  /** Opens an explorer at its URL. */
  openAt (t: Test, url: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page>
  /** What pages have written to the console as warnings and errors, and thrown. */
  readonly complaints: readonly string[]
  /** Drops the complaints that a test has provoked. */
  forgive (pattern: RegExp): void
}

/** Starts a browser for explorers. */
export async function startExplorer (t: Test): Promise<ExplorerBrowser> {
  await buildPage()
  const openPage: OpenPage = await startBrowser(t)
  const complaints: string[] = []
  const openAt: ExplorerBrowser['openAt'] = async (t, url, prepare) => {
    const page = await openPage('about:blank')
    // Before the app closes, to which the page would reconnect.
    t.teardown(() => page.close())
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => { complaints.push(String(error.stack)) })
    await prepare?.(page)
    await page.goto(url)
    return page
  }
  return {
    complaints,
    forgive (pattern) {
      complaints.splice(0, Infinity, ...complaints.filter((complaint) => !pattern.test(complaint)))
    },
    async open (t, app, fragment = '', prepare = undefined) {
      const origin = app.server.listening ? originOf(app) : await app.listen({ port: 0, host: '127.0.0.1' })
      return await openAt(t, `${origin}/explorer/${fragment}`, prepare)
    },
    openAt
  }
}

function originOf (app: FastifyInstance): string {
  const { port } = app.server.address() as { readonly port: number }
  return `http://127.0.0.1:${port}`
}

/** Adds the explorer to an app. */
export function withExplorer (app: FastifyInstance, options: McpExplorerOptions = {}): FastifyInstance {
  app.register(mcpExplorer, options)
  return app
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The rules that a page breaks, with the elements that break them. */
export async function findViolations (page: Page): Promise<readonly string[]> {
  // The policy of the page allows no scripts of others, so axe is run by the protocol of the browser.
  await page.evaluate(AXE)
  return await page.evaluate(async () => {
    const { violations, passes } = await Reflect.get(globalThis, 'axe').run()
    if (passes.length < 10) throw new Error('axe has checked nothing')
    return violations.map(({ id, nodes }: { id: string, nodes: { html: string }[] }) => {
      return `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`
    })
  })
}
