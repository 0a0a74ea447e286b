import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { Server as V1Server } from '@modelcontextprotocol/sdk/server/index.js'
import { CallToolRequestSchema, ListToolsRequestSchema, type CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import mcpPlugin, { McpServer, Type } from '../../lib/index.ts'
import { createHost } from '../support/app.ts'
import { noBrowser } from '../support/browser.ts'
import { startExplorer, withExplorer } from './browser.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=1</script><svg onload="window.owned=1">'
const BIDI = 'safe\u202Eexe.txt\u0000\u0007\u200b\u{e0041}'
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="window.owned=1">
<script>window.owned=1</script><image href="https://evil.example/pixel" width="9" height="9"/><rect width="9" height="9"/></svg>`
const PIXEL = 'AAAA'
const SHELL = '$(touch owned) `touch owned` "; touch owned; "'
const MARKDOWN = `# ${MARKUP}

[run](javascript:window.owned=1) [data](data:text/html,<script>window.owned=1</script>) [V](vbscript:x) ![pixel](https://evil.example/pixel)
[padded](\u0001javascript:window.owned=1) <javascript:window.owned=1> [split](java&#10;script:window.owned=1) **bold**
`
const DEEP_MARKDOWN = `# deep

${'> '.repeat(5000)}deep ${'*_'.repeat(5000)} ${'['.repeat(5000)}`

function createDeep (depth: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { deep: value }
  return value
}

const deepText = (depth: number): string => '[{"a":'.repeat(depth) + '1' + '}]'.repeat(depth)

function createHostile (): McpServer {
  const server = new McpServer({ name: MARKUP, version: BIDI, title: BIDI }, { instructions: MARKDOWN })
  server.registerTool('markup', { title: MARKUP, description: MARKUP + BIDI }, () => {
    return [MARKUP, BIDI, MARKDOWN, DEEP_MARKDOWN]
  })
  server.registerTool('svg', {}, () => [
    { type: 'image', data: Buffer.from(SVG).toString('base64'), mimeType: 'image/svg+xml' },
    { type: 'image', data: PIXEL, mimeType: 'image/png"><script>window.owned=1</script>' },
    { type: 'audio', data: PIXEL, mimeType: 'audio/x"><script>window.owned=1</script>' },
    { type: 'resource_link', uri: 'javascript:window.owned=1', name: MARKUP, description: BIDI },
    { type: 'resource', resource: { uri: 'javascript:window.owned=1', mimeType: 'text/html', text: MARKUP } }
  ])
  server.registerTool('huge', {}, () => ['x'.repeat(5_000_000), 'a '.repeat(2_500_000), `# ${'**b** '.repeat(800_000)}`])
  server.registerTool('flood', {}, async (_args, ctx) => {
    for (let step = 0; step < 10_000; step++) {
      await ctx.log('info', `line ${step} ${MARKUP}`)
      await ctx.reportProgress(step, 10_000, BIDI)
    }
    return 'flooded'
  })
  return server
}

const RESULTS: Readonly<Record<string, CallToolResult>> = {
  deep: {
    content: [{ type: 'text', text: deepText(5000) }],
    structuredContent: { root: createDeep(2000), rows: [{ cell: createDeep(2000) }] }
  },
  wide: {
    content: [{ type: 'text', text: 'wide' }],
    structuredContent: { rows: Array.from({ length: 20_000 }, (_, id) => ({ id, [`column ${id}`]: 'x'.repeat(200) })) }
  }
}

// A server of the official SDK offers whatever it is given.
function createBroken (): V1Server {
  const server = new V1Server({ name: 'Broken', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{
      name: 'schema',
      inputSchema: {
        type: 'object',
        properties: {
          [MARKUP]: { type: 'string', title: MARKUP, description: MARKUP, default: MARKUP },
          broken: { $ref: '#/%E0%A4%A' },
          pattern: { type: 'string', pattern: '(a+)+$(' },
          kind: { type: 'no such type', enum: 'no list', properties: 7, required: 'x', items: 1 } as object,
          loop: { $ref: '#/$defs/loop' },
          tree: { $ref: '#/$defs/tree' },
          deep: createDeepSchema(300),
          levels: createWideSchema(40),
          parts: { $ref: '#/$defs/parts' }
        },
        $defs: {
          // Each part leads to all of them again.
          parts: { anyOf: Array.from({ length: 300 }, () => ({ $ref: '#/$defs/parts' })) },
          loop: { $ref: '#/$defs/loop' },
          tree: { type: 'object', properties: { left: { $ref: '#/$defs/tree' }, right: { $ref: '#/$defs/tree' } } }
        }
      }
    }, ...[SHELL, ...Object.keys(RESULTS)].map((name) => ({ name, inputSchema: { type: 'object' as const } })), {
      name: 'n'.repeat(1000),
      title: 't'.repeat(10_000),
      description: 'd'.repeat(200_000),
      inputSchema: { type: 'object' }
    }]
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name } }) => RESULTS[name] ?? {
    content: [{ type: 'text', text: 'called' }]
  })
  return server
}

function createDeepSchema (depth: number): object {
  let schema: object = { type: 'string' }
  for (let level = 0; level < depth; level++) schema = { type: 'object', properties: { p: schema } }
  return schema
}

/** A schema whose levels are an object or an array. A copy of each level for each type would never be done. */
function createWideSchema (depth: number): object {
  let schema: object = { type: 'string' }
  for (let level = 0; level < depth; level++) {
    schema = { type: ['object', 'array'], items: { type: 'string' }, properties: { p: schema } }
  }
  return schema
}

function mount (t: Test, server: McpServer | (() => V1Server)): FastifyInstance {
  const { app } = createHost(t, { forceCloseConnections: true })
  app.register(mcpPlugin, { name: 'Hostile', prefix: '/hostile', server })
  return withExplorer(app)
}

/** Calls a tool, and waits for the end of the call. */
async function call (page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await page.getByText(/^(?:ok|failed|tool error|error .*)$/).waitFor()
}

/** Asserts that nothing of the server has run, and that the page still reacts. */
async function assertUnharmed (t: Test, page: Page): Promise<void> {
  t.equal(await page.evaluate(() => Reflect.get(globalThis, 'owned')), undefined, 'nothing has run')
  t.equal(await page.locator('main script, main svg[onload], main img[onerror]').count(), 0)
  t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing is wider than the page')
  await page.getByRole('searchbox').fill('markup')
  await page.getByRole('searchbox').fill('')
}

t.test('hostile servers in Chromium', { skip: noBrowser }, async (t) => {
  const explorer = await startExplorer(t)
  const requests: string[] = []

  async function open (t: Test, server: McpServer | (() => V1Server), fragment = ''): Promise<Page> {
    const page = await explorer.open(t, mount(t, server), fragment)
    page.on('request', (request) => { requests.push(request.url()) })
    return page
  }

  t.test('markup, marks of direction and control characters are shown as texts', async (t) => {
    const page = await open(t, createHostile())
    await page.getByRole('link', { name: 'markup' }).waitFor()

    t.match(await page.getByRole('main').innerText(), '<img src=x onerror="window.owned=1">')
    t.match(await page.getByRole('main').innerText(), 'safe⟨U+202E⟩exe.txt⟨U+0000⟩⟨U+0007⟩⟨U+200B⟩⟨U+E0041⟩')
    await page.getByRole('link', { name: 'markup' }).click()
    await call(page)
    const result = page.getByRole('region', { name: 'Result' })
    await result.locator('strong', { hasText: 'bold' }).waitFor()
    const links = await page.locator('main a').evaluateAll((all) => all.map((link) => link.getAttribute('href')))
    await result.locator('blockquote, .long-text').first().waitFor()
    t.ok(links.every((href) => href?.startsWith('https:')), String(links))
    await assertUnharmed(t, page)
  })

  t.test('pictures, sounds and links of any kind run nothing', async (t) => {
    const page = await open(t, createHostile(), '#/Hostile/tool/svg')
    await call(page)
    await page.getByRole('img', { name: 'Picture of the result' }).first().waitFor()

    await page.getByRole('button', { name: /javascript:window/ }).click()

    // The server has no such resource, and the browser reports its 404.
    await page.getByRole('region', { name: 'Result' }).getByRole('alert').waitFor()
    explorer.forgive(/status of 404/)
    await assertUnharmed(t, page)
  })

  t.test('texts of 5 MB are shown in part', async (t) => {
    const page = await open(t, createHostile(), '#/Hostile/tool/huge')
    await call(page)

    await page.getByRole('button', { name: /Show more \(4,980,000 characters left\)/ }).first().waitFor()
    t.ok(await page.evaluate('document.body.textContent.length < 500_000'))
    await page.getByRole('tab', { name: 'JSON' }).click()
    await page.getByRole('button', { name: 'Activity', exact: true }).click()
    await page.getByRole('button', { name: /tools\/call huge/ }).click()
    await page.getByText(/Show more \(180,000 characters left\)/).waitFor()
    t.ok(await page.evaluate('document.body.textContent.length < 500_000'))
    await assertUnharmed(t, page)
  })

  for (const name of ['deep', 'wide']) {
    t.test(`a ${name} result is drawn as far as it is opened`, async (t) => {
      const page = await open(t, createBroken, `#/Hostile/tool/${name}`)
      await call(page)

      await page.getByRole('group', { name: 'JSON' }).first().waitFor()
      const tabs = page.getByRole('tablist', { name: 'Parts of the result' }).getByRole('tab')
      for (const tab of await tabs.all()) await tab.click()
      t.ok(await page.evaluate('document.querySelectorAll("*").length < 10_000'))
      await assertUnharmed(t, page)
    })
  }

  t.test('ten thousand messages of the log and of progress leave the page usable', async (t) => {
    const page = await open(t, createHostile(), '#/Hostile/tool/flood')

    await page.getByRole('button', { name: 'Call', exact: true }).click()
    // The page reacts while it is flooded.
    await page.getByRole('searchbox').fill('markup')
    await page.getByRole('searchbox').fill('')
    await page.getByText('ok', { exact: true }).waitFor({ timeout: 120_000 })

    t.match(await page.getByRole('log').innerText(), /line 9999/)
    t.ok(await page.evaluate('document.querySelectorAll("*").length < 5000'))
    await assertUnharmed(t, page)
  })

  t.test('a broken schema that refers to itself, goes deep, and carries markup can still be called', async (t) => {
    const page = await open(t, createBroken, '#/Hostile/tool/schema')

    await page.getByRole('region', { name: 'Input of schema' }).waitFor()
    await page.getByRole('button', { name: 'JSON', exact: true }).click()
    await page.getByLabel('Arguments as JSON').fill('{ "kind": 1 }')
    await call(page)

    await assertUnharmed(t, page)
  })

  t.test('a name of 1,000 characters and a description of 200,000 stay within the page', async (t) => {
    const page = await open(t, createBroken)

    await page.getByRole('link', { name: 'nnnn' }).click()
    await call(page)

    t.match(page.url(), 'n'.repeat(1000))
    await assertUnharmed(t, page)
  })

  t.test('a call of a tool whose name is written for a shell is copied as commands that run nothing else', async (t) => {
    const page = await open(t, createBroken, `#/Hostile/tool/${encodeURIComponent(SHELL)}`)
    const folder = t.testdir()
    await page.getByRole('tab', { name: 'Copy as' }).click()

    for (const kind of ['curl', 'CLI']) {
      await page.getByRole('tab', { name: kind, exact: true }).click()
      const command = await page.getByRole('tabpanel', { name: kind }).locator('pre').innerText()
      t.match(command, 'touch owned')
      await promisify(execFile)('bash', ['-c', `curl() { :; }; npx() { :; }; ${command}`], { cwd: folder })
      t.notOk(existsSync(join(folder, 'owned')), kind)
    }
  })

  t.test('a thousand tools are listed, searched and opened', async (t) => {
    const server = new McpServer({ name: 'Many', version: '1.0.0' })
    for (let index = 0; index < 1000; index++) {
      server.registerTool(`tool_${index}`, { description: 'x'.repeat(500), inputSchema: Type.Object({ a: Type.String() }) }, () => 'x')
    }
    server.registerTool('markup', {}, () => 'x')
    const page = await open(t, server)
    await page.getByRole('link', { name: 'tool_9' }).waitFor()

    await page.getByRole('searchbox').fill('tool_99')
    t.equal(await page.getByRole('navigation').getByRole('link').count(), 11)
    await page.getByRole('link', { name: 'tool_998' }).click()

    await page.getByRole('heading', { name: 'tool_998' }).waitFor()
    await assertUnharmed(t, page)
  })

  t.test('nothing was loaded from elsewhere, and no page has complained', async (t) => {
    t.same(requests.filter((url) => !url.startsWith('http://127.0.0.1:') && !/^(?:data|blob):/.test(url)), [])
    t.same(explorer.complaints, [])
  })
})
