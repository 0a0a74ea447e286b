// Takes pictures of the explorer: npm run explorer:shots -- [FOLDER] writes them to a folder, and the two of the
// documentation to docs/assets/. Look at each before it is committed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import mcpPlugin, { McpServer, Type } from 'fastify-mcp-mount'
import mcpExplorer from 'fastify-mcp-mount/explorer'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'
import { buildApp } from '../examples/shop/app.ts'
import { buildPage } from '../test/page.js'

const folder = process.argv[2] ?? fileURLToPath(new URL('../.cache/shots/', import.meta.url))
const assets = fileURLToPath(new URL('../docs/assets/', import.meta.url))

const SIZES: Readonly<Record<string, BrowserContextOptions>> = {
  desktop: { viewport: { width: 1360, height: 860 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
}

/** The pictures of the documentation, with their themes. */
const DOCUMENTED: Readonly<Record<string, string>> = { call: 'light', wire: 'dark' }

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
  }
]

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
  }, async ({ city, days }, ctx) => {
    await ctx.log('info', `asking the weather service about ${city}`)
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
  shop.register(mcpExplorer, { prefix: '/explorer' })
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
  await page.getByRole('main').getByRole('button', { name: 'Use' }).click()
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
const token = await logIn(url)
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking']
})
for (const [size, options] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ ...options, colorScheme, reducedMotion: 'reduce' })
    for (const { name, fragment, prepare } of SHOTS) {
      const page = await context.newPage()
      await page.goto(`${url}${fragment}`)
      if (fragment.startsWith('#/Shop')) await signIn(page, token)
      await prepare(page)
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) })
      if (size === 'desktop' && DOCUMENTED[name] === colorScheme) {
        writeFileSync(join(assets, `explorer-${name}.webp`), await toWebp(await context.newPage(), await page.screenshot()))
      }
      await page.close()
    }
    await context.close()
  }
}
await browser.close()
await app.close()
console.log(`The pictures are in ${folder}`)
