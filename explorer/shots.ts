// Takes pictures of the explorer: npm run explorer:shots -- [FOLDER [NAME]] writes them to a folder, and those of the
// documentation to docs/assets/. Look at each before it is committed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import mcpPlugin, { McpServer, ToolError, Type } from 'fastify-mcp-mount'
import mcpExplorer from 'fastify-mcp-mount/explorer'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'
import { buildApp } from '../examples/shop/app.ts'
import { modern, modernCall, type Post } from '../test/support/app.ts'
import { buildPage } from '../test/page.js'

const [, , folder = fileURLToPath(new URL('../.cache/shots/', import.meta.url)), wanted] = process.argv
const assets = fileURLToPath(new URL('../docs/assets/', import.meta.url))

const SIZES: Readonly<Record<string, BrowserContextOptions>> = {
  desktop: { viewport: { width: 1360, height: 860 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
}

/** The pictures of the documentation, with their themes. */
const DOCUMENTED: Readonly<Record<string, string>> = { call: 'light', wire: 'dark', live: 'dark' }

/** One picture: where it is taken, and what is done before. */
interface Shot {
  readonly name: string
  readonly fragment: string
  prepare (page: Page): Promise<void>
}

const SHOTS: readonly Shot[] = [
  { name: 'overview', fragment: '#/Shop', prepare: async (page) => { await page.locator('.status.open').waitFor() } },
  {
    name: 'call',
    fragment: '#/Shop/tool/list_products',
    async prepare (page) {
      await page.getByRole('button', { name: 'Call', exact: true }).click()
      await page.locator('.run .badge.good').waitFor()
    }
  },
  {
    name: 'wire',
    fragment: '#/Weather/tool/forecast',
    async prepare (page) {
      await page.getByLabel('city').fill('Bergen')
      await page.getByRole('button', { name: 'Call', exact: true }).click()
      await page.locator('.run .badge.good').waitFor()
      await page.getByRole('button', { name: 'Activity' }).click()
      await page.getByRole('button', { name: /tools\/call/ }).first().click()
    }
  },
  {
    name: 'error',
    fragment: '#/Weather/tool/forecast?era=legacy',
    async prepare (page) {
      await page.getByRole('button', { name: 'JSON', exact: true }).click()
      await page.getByLabel('Arguments as JSON').fill('{ "city": "Atlantis", "days": 40 }')
      await page.getByRole('button', { name: 'Call', exact: true }).click()
      await page.locator('.run .badge.bad').waitFor()
    }
  },
  {
    name: 'live',
    fragment: '#/Weather?view=live',
    async prepare (page) {
      await page.getByText('watching').waitFor()
      await passMinute(page)
    }
  },
  {
    name: 'live-call',
    fragment: '#/Weather?view=live',
    async prepare (page) {
      await page.getByText('watching').waitFor()
      await passMinute(page)
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByLabel('Outcome').selectOption('failed')
      await page.getByRole('row', { name: /tool error/ }).first().click()
    }
  }
]

/** Lets a minute of calls pass for a page, whose clock runs faster. */
async function passMinute (page: Page): Promise<void> {
  for (let second = 0; second < 62; second++) {
    // More and fewer by turns, as from people.
    const count = Math.round(6 + 5 * Math.sin(second / 6) + 4 * Math.random())
    await Promise.all(Array.from({ length: count }, () => sendCall()))
    await page.clock.runFor(1000)
    await sleep(60)
  }
}

const CLIENTS = ['claude-code 2.1.0', 'Visual Studio Code 1.120.0', 'openai-mcp 1.0.0', 'cursor 2.4.1'].map((text) => {
  return { name: text.slice(0, text.lastIndexOf(' ')), version: text.slice(text.lastIndexOf(' ') + 1) }
})

const CITIES = ['Bergen', 'Lisbon', 'Osaka', 'Nairobi', 'Quito']

function pick<T> (list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T
}

/** Sends a call of one of several clients, most of which are fine. */
async function sendCall (): Promise<void> {
  const meta = { 'io.modelcontextprotocol/clientInfo': pick(CLIENTS) }
  const signedIn = { meta, url: '/mcp', headers: { authorization: `Bearer ${token}` } }
  const weather = { meta, url: '/weather/mcp' }
  const posts: readonly Post[] = [
    ...Array.from({ length: 9 }, () => modernCall('forecast', { city: pick(CITIES), days: 5 }, weather)),
    ...Array.from({ length: 5 }, () => modernCall('list_products', {}, signedIn)),
    modern('tools/list', {}, weather),
    modernCall('forecast', { city: 'Atlantis', days: 5 }, weather),
    ...Math.random() < 0.4
      ? [
          modernCall('forecast', { city: 'Bergen', days: 40 }, weather),
          modernCall('list_products', {}, { ...signedIn, headers: {} })
        ]
      : []
  ]
  const { url, headers, payload } = pick(posts)
  await fetch(new URL(url, origin), { method: 'POST', headers, body: payload })
}

function createWeather (): McpServer {
  const server = new McpServer({ name: 'Weather', version: '2.1.0' })
  const Day = Type.Object({ day: Type.String(), high: Type.Number(), low: Type.Number(), sky: Type.String() })
  server.registerTool('forecast', {
    title: 'Forecast',
    description: 'The weather of the next days in a city.',
    annotations: { readOnlyHint: true, openWorldHint: true },
    inputSchema: Type.Object({
      city: Type.String({ description: 'The name of the city' }),
      days: Type.Integer({ minimum: 1, maximum: 14, default: 5, description: 'How many days' }),
      unit: Type.Optional(Type.Union([Type.Literal('celsius'), Type.Literal('fahrenheit')]))
    }),
    outputSchema: Type.Object({ city: Type.String(), days: Type.Array(Day) })
  }, async ({ city, days, unit }, ctx) => {
    await ctx.log('info', `asking the weather service about ${city}`)
    if (city === 'Atlantis') throw new ToolError('There is no city with this name.')
    if (unit !== 'fahrenheit') await sleep(2 + 40 * Math.random() ** 3)
    const names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
    const skies = ['rain', 'showers', 'clouds', 'sun', 'wind']
    const list = names.slice(0, days).map((day, index) => {
      return { day, high: 12 + index % 4, low: 5 + index % 3, sky: String(skies[index % skies.length]) }
    })
    return { city, days: list }
  })
  return server
}

async function start (): Promise<{ readonly app: FastifyInstance, readonly url: string }> {
  const shop = buildApp()
  shop.log.level = 'silent'
  shop.register(mcpPlugin, { prefix: '/weather', server: createWeather() })
  shop.register(mcpExplorer, { prefix: '/explorer', watch: { arguments: true } })
  const origin = await shop.listen({ port: 0, host: '127.0.0.1' })
  return { app: shop, url: `${origin}/explorer/` }
}

async function logIn (url: string): Promise<string> {
  const response = await fetch(new URL('/login', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ann@example.com', password: 'ann-likes-tea' })
  })
  const { token } = await response.json() as { readonly token: string }
  return token
}

/** Gives the mount the token of a user, as the user would. */
async function signIn (page: Page, token: string): Promise<void> {
  await page.getByRole('main').getByLabel('Bearer token').fill(token)
  await page.getByRole('main').getByRole('button', { name: 'Connect' }).click()
  await page.locator('.status.open').waitFor()
}

/** Encodes a picture as WebP, which has a third of the size. */
async function toWebp (page: Page, png: Buffer): Promise<Buffer> {
  const url = await page.evaluate(async (source) => {
    const bitmap = await createImageBitmap(await (await fetch(source)).blob())
    const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height })
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
    return canvas.toDataURL('image/webp', 0.9)
  }, `data:image/png;base64,${png.toString('base64')}`)
  await page.close()
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
}

mkdirSync(folder, { recursive: true })
await buildPage()
const { app, url } = await start()
const origin = new URL(url).origin
const token = await logIn(url)
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking']
})
for (const [size, options] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ ...options, colorScheme, reducedMotion: 'reduce' })
    for (const { name, fragment, prepare } of SHOTS.filter(({ name }) => wanted === undefined || name === wanted)) {
      const page = await context.newPage()
      if (fragment.includes('view=live')) await page.clock.install()
      await page.goto(`${url}${fragment}`)
      if (fragment.startsWith('#/Shop')) await signIn(page, token)
      await prepare(page)
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) })
      if (size === 'desktop' && DOCUMENTED[name] === colorScheme) {
        const webp = await toWebp(await context.newPage(), await page.screenshot())
        writeFileSync(join(assets, `explorer-${name}.webp`), webp)
      }
      await page.close()
    }
    await context.close()
  }
}
await browser.close()
await app.close()
console.log(`The pictures are in ${folder}`)
