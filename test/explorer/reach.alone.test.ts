// The page is used by keyboard alone, on screens of any width, and with long lists.
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { Locator, Page } from 'playwright-core'
import mcpPlugin, { completable, McpServer, Type } from '../../lib/index.ts'
import { createHost } from '../support/app.ts'
import { noBrowser } from '../support/browser.ts'
import { createGate } from '../support/stream.ts'
import { findViolations, startExplorer, withExplorer } from './browser.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const TOOLS = 1000

function createApp (t: Test): FastifyInstance {
  const about = { name: 'A shop with a long name', version: '1.0.0' }
  const server = new McpServer(about, { instructions: 'Order **soon**.' })
  server.registerTool('attach_a_document_to_an_order', {
    title: 'Attach a document',
    annotations: { destructiveHint: true, openWorldHint: true },
    inputSchema: Type.Object({
      text: Type.String(),
      file: Type.Optional(Type.String({ contentEncoding: 'base64' })),
      lines: Type.Optional(Type.Array(Type.Object({ name: Type.String(), count: Type.Optional(Type.Integer()) })))
    }),
    outputSchema: Type.Object({ rows: Type.Array(Type.Record(Type.String(), Type.String())) })
  }, ({ text }) => ({ rows: [{ text, a: 'a'.repeat(60), b: 'b'.repeat(60), c: 'c'.repeat(60) }] }))
  server.registerTool('ask', {}, async (_args, ctx) => {
    return JSON.stringify(await ctx.elicit('Which colour?', Type.Object({ colour: Type.String() })))
  })
  const large = new McpServer({ name: 'Large', version: '1.0.0' })
  for (let index = 0; index < TOOLS; index++) {
    large.registerTool(`tool_${index}`, index % 2 === 0 ? {} : { description: `Number ${index}` }, () => 'x')
  }
  const { app } = createHost(t, { forceCloseConnections: true })
  app.register(mcpPlugin, { prefix: '/shop', name: 'Shop', server })
  app.register(mcpPlugin, { prefix: '/trips', name: 'Trips', server: createTrips() })
  app.register(mcpPlugin, { prefix: '/large', name: 'Large', server: large })
  return withExplorer(app)
}

const slowAnswer = createGate<readonly string[]>()
const HIDDEN = 'Nice\u202E'

/** A server whose suggestions do not contain what is typed. */
function createTrips (): McpServer {
  const server = new McpServer({ name: 'Trips', version: '1.0.0' })
  const city = completable(Type.String({ description: 'Where to' }), (typed) => {
    if (typed === 'slow') return slowAnswer.promise
    return typed === 'fr' ? ['Lyon', 'Paris', HIDDEN, ...Array.from({ length: 40 }, (_, index) => `Ville ${index}`)] : []
  })
  server.registerPrompt('travel', { argsSchema: Type.Object({ city, with: Type.Optional(Type.String()) }) },
    ({ city }) => `Take me to ${city}.`)
  return server
}

/** The controls that stick out of the page at its sides, or are too small to be hit. */
const FIND_BAD_CONTROLS = `(() => {
  const wide = document.documentElement.scrollWidth > innerWidth ? ['the page scrolls to the side'] : []
  const controls = document.querySelectorAll('button, input, select, textarea, summary')
  return [...wide, ...[...controls].filter((one) => one.checkVisibility()).flatMap((one) => {
    const { left, right, width, height } = one.getBoundingClientRect()
    const isScrolled = one.closest('.tablist, .scroller, .json-tree') !== null
    const isOut = !isScrolled && (left < 0 || right > innerWidth)
    const isClipped = one.matches('button') && one.scrollWidth > one.clientWidth + 1
    // WCAG 2.2 2.5.8
    const isSmall = !one.matches('[type=checkbox], summary') && (width < 24 || height < 20)
    return isOut || isClipped || isSmall ? [one.outerHTML.slice(0, 120) + ' ' + [left, right, width, height]] : []
  })]
})()`

/** Whether the corners of an element can be clicked, because nothing hides them. */
async function isInSight (locator: Locator): Promise<boolean> {
  return await locator.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect()
    const corners = [[left + 5, top + 5], [right - 20, top + 5], [left + 5, bottom - 5], [right - 20, bottom - 5]]
    return corners.every(([x, y]) => element.contains(element.ownerDocument.elementFromPoint(Number(x), Number(y))))
  })
}

async function assertFits (t: Test, page: Page, name: string): Promise<void> {
  for (const width of [360, 390, 600, 768, 1024, 1280, 2560]) {
    await page.setViewportSize({ width, height: 800 })
    t.same(await page.evaluate(FIND_BAD_CONTROLS), [], `${name} at ${width}`)
  }
}

/** The text of the focused element, or its name. */
async function focused (page: Page): Promise<string> {
  return await page.evaluate(`(() => {
    const { ariaLabel, textContent, id } = document.activeElement
    return ariaLabel || textContent || id
  })()`)
}

async function press (page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

t.test('the reach of the explorer in Chromium', { skip: noBrowser }, async (t) => {
  const explorer = await startExplorer(t)
  const app = createApp(t)
  const page = await explorer.open(t, app)
  const nav = page.getByRole('navigation')
  const dialog = page.getByRole('dialog', { name: 'The server asks' })
  const goTo = async (fragment: string): Promise<void> => {
    await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`)
  }

  t.test('keys lead through the page: skip link, search, list, form, call', async (t) => {
    await nav.getByRole('link', { name: 'ask' }).waitFor()

    await press(page, 'Tab')
    t.equal(await focused(page), 'Skip to the content')
    t.ok(await page.evaluate('document.activeElement.getBoundingClientRect().top >= 0'), 'it can be seen')
    await press(page, 'Enter')
    t.equal(await page.evaluate('document.activeElement.tagName'), 'MAIN')
    await press(page, '/', 'ArrowDown')
    t.match(await focused(page), 'attach_a_document')
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
    t.not(outline, 'none', 'the focus can be seen')
    await press(page, 'ArrowDown')
    t.equal(await focused(page), 'ask')
    await press(page, 'ArrowUp', 'ArrowUp')
    t.equal(await page.evaluate('document.activeElement.type'), 'search')
    await press(page, 'ArrowDown', 'Enter')
    const text = page.getByLabel('text')
    await text.waitFor()
    for (let step = 0; await focused(page) !== 'call-form_text'; step++) {
      if (step > 10) throw new Error(`the field is not reached, but ${await focused(page)}`)
      await press(page, 'Tab')
    }
    await page.keyboard.type('tea')
    await press(page, 'Control+Enter')
    await page.getByRole('cell', { name: 'tea' }).waitFor()
  })

  t.test('tabs move by arrows, Home and End', async (t) => {
    await page.getByRole('tab', { name: 'Structured' }).focus()

    await press(page, 'ArrowRight')
    t.equal(await focused(page), 'Content (1)')
    await press(page, 'End')
    t.equal(await focused(page), 'JSON')
    await press(page, 'ArrowRight')
    t.equal(await focused(page), 'Structured content')
    await press(page, 'End', 'Home')
    t.equal(await page.getByRole('tab', { selected: true }).first().innerText(), 'Structured content')
  })

  t.test('Escape closes what is open, and the focus goes back', async (t) => {
    for (const name of ['Credentials', 'Connection: connected']) {
      await page.getByRole('button', { name }).focus()
      await press(page, 'Enter')
      await page.getByRole('dialog', { name }).getByRole('button').first().focus()
      await press(page, 'Escape')
      await page.getByRole('dialog', { name }).waitFor({ state: 'hidden' })
      t.equal(await focused(page), name)
    }
    await page.getByRole('button', { name: 'Activity', exact: true }).focus()
    await press(page, 'Enter')
    await page.getByRole('tab', { name: 'Wire' }).focus()
    await press(page, 'Escape')
    await page.getByRole('complementary').waitFor({ state: 'hidden' })
    t.equal(await focused(page), 'Activity')

    await nav.getByRole('link', { name: 'ask' }).click()
    await page.getByRole('button', { name: 'Call', exact: true }).focus()
    await press(page, 'Enter')
    await dialog.getByLabel('colour').waitFor()
    await press(page, 'Escape')
    await page.getByText('"cancel"').waitFor()
    t.match(await focused(page), 'Call')
    await press(page, 'Control+Enter')
    await dialog.getByLabel('colour').fill('green')
    await press(page, 'Control+Enter')
    await page.getByText('"green"').waitFor()
  })

  t.test('all suggestions of the server are shown, and chosen by keys or by a click', async (t) => {
    await goTo('#/Trips/prompt/travel')
    const city = page.getByRole('combobox', { name: /city/ })
    const list = page.getByRole('listbox', { name: 'Suggestions' })
    const option = (name: string): Locator => list.getByRole('option', { name, exact: true })
    const activeOption = async (): Promise<string> => {
      return await city.evaluate((input) => {
        const id = String(input.getAttribute('aria-activedescendant'))
        return String(input.ownerDocument.getElementById(id)?.textContent)
      })
    }
    await page.getByRole('main').getByText('Where to', { exact: true }).waitFor()

    await city.pressSequentially('fr')
    await option('Lyon').waitFor()
    t.equal(await city.getAttribute('aria-expanded'), 'true')
    t.equal(await city.getAttribute('aria-controls'), await list.getAttribute('id'))
    t.equal(await option('Nice⟨U+202E⟩').count(), 1, 'what is hidden can be seen')
    await press(page, 'ArrowDown', 'ArrowDown')
    t.equal(await activeOption(), 'Paris')
    t.equal(await list.getByRole('option', { selected: true }).innerText(), 'Paris')
    await press(page, 'ArrowUp', 'ArrowUp', 'ArrowUp')
    t.equal(await activeOption(), 'Ville 39', 'the arrows go around')
    t.ok(await isInSight(option('Ville 39')), 'the list scrolls')
    await press(page, 'ArrowDown', 'ArrowDown', 'Enter')
    t.equal(await city.inputValue(), 'Lyon')
    t.equal(await city.getAttribute('aria-expanded'), 'false')
    t.equal(await page.getByText('Take me to').count(), 0, 'nothing is sent yet')
    await press(page, 'Enter')
    await page.getByText('Take me to Lyon.').waitFor()

    await city.fill('fr')
    await option('Lyon').waitFor()
    await press(page, 'ArrowDown', 'Tab')
    await list.waitFor({ state: 'hidden' })
    t.equal(await city.inputValue(), 'fr', 'what is typed stays')
    await city.click()
    await option('Nice⟨U+202E⟩').click()
    t.equal(await city.inputValue(), HIDDEN)
    t.ok(await city.evaluate((input) => input === input.ownerDocument.activeElement), 'the focus stays')
    await list.waitFor({ state: 'hidden' })
  })

  t.test('Escape closes the suggestions alone', async (t) => {
    const city = page.getByRole('combobox', { name: /city/ })
    const list = page.getByRole('listbox', { name: 'Suggestions' })
    const credentials = page.getByRole('dialog', { name: 'Credentials' })
    await page.getByRole('button', { name: 'Credentials' }).click()
    await credentials.waitFor()
    await city.focus()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('fr')
    await list.waitFor()

    await press(page, 'ArrowDown', 'Escape')

    await list.waitFor({ state: 'hidden' })
    t.equal(await city.inputValue(), 'fr')
    t.ok(await credentials.isVisible())
    await press(page, 'Escape')
    await credentials.waitFor({ state: 'hidden' })
    await city.focus()
    await press(page, 'ArrowDown')
    await list.waitFor()
    await press(page, 'Escape')
  })

  t.test('a late answer to an earlier text does not replace the suggestions', async (t) => {
    const city = page.getByRole('combobox', { name: /city/ })
    const asked = page.waitForRequest((request) => request.postData()?.includes('"slow"') === true)
    await city.fill('slow')
    const late = (await asked).response()
    await city.fill('fr')
    await page.getByRole('option', { name: 'Lyon' }).waitFor()
    await page.evaluate(`new MutationObserver(() => {
      globalThis.wasLate ||= document.body.innerText.includes('too late')
    }).observe(document.body, { subtree: true, childList: true, characterData: true })`)

    slowAnswer.open(['too late'])
    await (await late)?.finished()

    await city.fill('fr ')
    await page.getByRole('option', { name: 'Lyon' }).waitFor({ state: 'hidden' })
    t.equal(await page.evaluate('globalThis.wasLate'), false)
  })

  t.test('suggestions are in sight at any width, and axe finds nothing', async (t) => {
    const city = page.getByRole('combobox', { name: /city/ })
    const last = page.getByRole('option').last()
    for (const width of [360, 768, 1280]) {
      await press(page, 'Escape')
      await page.setViewportSize({ width, height: 500 })
      await city.fill('')
      await city.fill('fr')
      await last.waitFor()
      t.ok(await isInSight(page.getByRole('listbox')), `the list at ${width}`)
      t.same(await page.evaluate(FIND_BAD_CONTROLS), [], String(width))
      for (const theme of ['light', 'dark']) {
        await page.locator('html').evaluate((html, name) => { Reflect.get(html, 'dataset').theme = name }, theme)
        t.same(await findViolations(page), [], `${theme} at ${width}`)
      }
      await press(page, 'ArrowUp')
      t.ok(await isInSight(last), `the last suggestion at ${width}`)
    }
    await press(page, 'Escape')
    await page.setViewportSize({ width: 1280, height: 800 })
  })

  t.test('the page of an endpoint copies, also where the browser has no clipboard for scripts', async (t) => {
    const page = await explorer.open(t, createApp(t))
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    for (const script of ['', 'delete Navigator.prototype.clipboard']) {
      await page.evaluate("navigator.clipboard.writeText('nothing')")
      const endpoint = await explorer.openAt(t, new URL('/shop/mcp', page.url()).href, async (opened) => {
        await opened.addInitScript(script)
      })

      await endpoint.getByRole('button', { name: 'Copy the text for Claude Code' }).click()
      await endpoint.getByText('Copied').waitFor()

      await page.bringToFront()
      t.match(await page.evaluate('navigator.clipboard.readText()'), 'claude mcp add', script)
    }
  })

  t.test('nothing sticks out of the page from 360 to 2560 pixels, and axe finds nothing on a phone', async (t) => {
    const check = async (name: string): Promise<void> => {
      await assertFits(t, page, name)
      await page.setViewportSize({ width: 360, height: 800 })
      for (const theme of ['light', 'dark']) {
        await page.locator('html').evaluate((html, name) => { Reflect.get(html, 'dataset').theme = name }, theme)
        t.same(await findViolations(page), [], `${name} ${theme}`)
      }
    }
    await goTo('#/Shop')
    await page.locator('strong', { hasText: 'soon' }).waitFor()
    await check('overview')
    await goTo('#/Shop/tool/attach_a_document_to_an_order?era=legacy')
    await page.getByLabel('text').fill('tea')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByText('This is required.').waitFor()
    await page.getByRole('textbox', { name: 'name' }).fill('sugar')
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByRole('cell', { name: 'tea' }).waitFor()
    await page.getByRole('button', { name: 'Activity', exact: true }).click()
    await page.getByRole('button', { name: /initialize/ }).first().click()
    await check('tool')
    await page.getByRole('button', { name: 'Close the activity' }).click()
    await page.getByRole('button', { name: 'Connection: connected' }).click()
    await page.getByRole('button', { name: 'End session' }).waitFor()
    await check('connection')
    await press(page, 'Escape')
    await page.setViewportSize({ width: 1280, height: 800 })
  })

  t.test('a thousand tools cost a screen of rows, wherever the list is', async (t) => {
    const rows = async (): Promise<number> => await nav.getByRole('listitem').count()
    await goTo('#/Large/tool/tool_500')
    await nav.getByRole('link', { name: 'tool_500' }).waitFor()

    t.ok(await nav.getByRole('link', { name: 'tool_500' }).isVisible(), 'the tool of the URL is in sight')
    t.ok(await rows() < 100, String(await rows()))
    await nav.getByRole('link', { name: 'tool_500' }).focus()
    await press(page, 'End')
    // The row is drawn, and gets the focus, once the list has scrolled.
    await nav.locator('a:focus', { hasText: 'tool_999' }).waitFor()
    t.equal(await nav.getByRole('listitem').last().getAttribute('aria-setsize'), String(TOOLS))
    t.ok(await rows() < 100, String(await rows()))
    const scrolled = await page.evaluate(`(async () => {
      const list = document.querySelector('nav')
      const counts = []
      for (list.scrollTop = 0; list.scrollTop + list.clientHeight < list.scrollHeight - 1; list.scrollTop += 700) {
        await new Promise(requestAnimationFrame)
        await new Promise(requestAnimationFrame)
        const { top, bottom } = list.getBoundingClientRect()
        const shown = [...list.querySelectorAll('li')].map((row) => row.getBoundingClientRect())
        counts.push([shown.length, shown.some((row) => row.top <= top + 110), shown.some((row) => row.bottom >= bottom - 1)])
      }
      return counts
    })()`) as readonly [number, boolean, boolean][]
    t.ok(scrolled.length > 30, String(scrolled.length))
    t.same(scrolled.filter(([count, reachesTop, reachesBottom]) => count > 100 || !reachesTop || !reachesBottom), [])
  })

  t.test('the page has not complained', async (t) => {
    t.same(explorer.complaints, [])
  })
})
