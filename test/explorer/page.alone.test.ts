import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js'
import t, { type Test } from 'tap'
import { z } from 'zod'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import mcpPlugin, { McpServer, ResourceTemplate, ToolError, Type, type AuthInfo } from '../../lib/index.ts'
import type { McpExplorerOptions } from '../../lib/explorer/index.ts'
import { createHost, modernCall } from '../support/app.ts'
import { noBrowser } from '../support/browser.ts'
import { createGate } from '../support/stream.ts'
import { findViolations, startExplorer, withExplorer } from './browser.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='

function createNotes (): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { instructions: 'Use **add_note** first.' })
  server.registerTool('add_note', {
    title: 'Add a note',
    description: 'Saves a note.',
    annotations: { destructiveHint: true },
    inputSchema: Type.Object({
      text: Type.String({ description: 'What it says' }),
      level: Type.Optional(Type.Union([Type.Literal('low'), Type.Literal('high')])),
      tags: Type.Optional(Type.Array(Type.String())),
      count: Type.Optional(Type.Integer({ default: 3, minimum: 1 }))
    })
  }, async (args, ctx) => {
    await ctx.log('info', 'saving')
    return JSON.stringify(args)
  })
  server.registerTool('list_notes', {
    annotations: { readOnlyHint: true },
    outputSchema: Type.Object({ notes: Type.Array(Type.Object({ id: Type.Integer(), text: Type.String() })) })
  }, () => ({ notes: [{ id: 1, text: 'one' }, { id: 2, text: 'two' }] }))
  server.registerTool('fail', {}, () => { throw new ToolError('The date must lie in the future') })
  server.registerTool('picture', {}, () => [
    { type: 'image', data: PNG, mimeType: 'image/png' },
    '# Report\n\n- **bold** <img src=x onerror=alert(1)>\n- [link](javascript:alert(1))',
    { type: 'resource_link', uri: 'notes://1', name: 'First note' }
  ])
  server.registerResource('First note', 'notes://1', { mimeType: 'text/plain' }, () => 'Buy milk')
  server.registerPrompt('summary', { description: 'Sums up', argsSchema: Type.Object({ style: Type.String() }) },
    ({ style }) => `Sum up, ${style}`)
  return server
}

function createApp (t: Test, server = createNotes(), options: McpExplorerOptions = {}): FastifyInstance {
  const { app } = createHost(t, { forceCloseConnections: true })
  app.register(mcpPlugin, { prefix: '/notes', server })
  return withExplorer(app, options)
}

t.test('the explorer in Chromium', { skip: noBrowser }, async (t) => {
  const explorer = await startExplorer(t)

  t.test('the overview shows what is mounted, and the list what it offers', async (t) => {
    const page = await explorer.open(t, createApp(t))

    await page.getByRole('link', { name: 'add_note' }).waitFor()
    await page.locator('strong', { hasText: 'add_note' }).waitFor()

    t.match(await page.getByRole('main').innerText(), /Notes[^]*2026-07-28[^]*AUTHENTICATION\s+none[^]*4 tools[^]*1 resource,[^]*Use add_note first/)
    t.match(await page.getByRole('navigation').innerText(), /TOOLS\s4[^]*tokens[^]*RESOURCES\s1[^]*PROMPTS\s1/)
    await page.getByRole('searchbox').fill('picture')
    t.same(await page.getByRole('navigation').getByRole('link').allInnerTexts(), ['picture'])
  })

  t.test('the overview says what the server is, and no number before it is known', async (t) => {
    const { app } = createHost(t, { forceCloseConnections: true })
    const about = { description: 'Keeps notes.', websiteUrl: 'https://notes.example/' }
    const server = new McpServer({ name: 'Notes', version: '1.0.0', ...about })
    const authenticate = ({ headers }: FastifyRequest): AuthInfo | null => {
      return headers.authorization === 'Bearer x' ? { token: '', clientId: 'page', subject: 'ann', scopes: [] } : null
    }
    app.register(mcpPlugin, { prefix: '/notes', server, auth: { authenticate } })
    const page = await explorer.open(t, withExplorer(app))
    const main = page.getByRole('main')
    await main.getByText('This mount requires authentication').waitFor()
    t.notMatch(await main.innerText(), '0 tools')

    await main.getByLabel('Bearer token').fill('x')
    await main.getByRole('button', { name: 'Connect' }).click()
    await main.getByText('Keeps notes.').waitFor()

    t.equal(await main.getByRole('link', { name: 'https://notes.example/' }).getAttribute('href'), 'https://notes.example/')
    t.match(await main.innerText(), '0 tools, 0 resources')
    explorer.forgive(/status of 401/)
  })

  t.test('a mount whose path has parameters is connected to with their values', async (t) => {
    const { app } = createHost(t, { forceCloseConnections: true })
    app.register(mcpPlugin, { path: '/:tenant/:desk/mcp', server: createNotes() })
    const page = await explorer.open(t, withExplorer(app))

    await page.getByLabel('tenant').fill('a b')
    await page.getByLabel('desk').fill('7')
    await page.getByRole('button', { name: 'Connect' }).click()

    await page.getByRole('link', { name: 'add_note' }).waitFor()
    t.match(await page.getByRole('main').innerText(), '/a%20b/7/mcp')
  })

  t.test('a template shows its URI before it is filled in, and a file is saved', async (t) => {
    const server = createNotes()
    const file = new ResourceTemplate('files://{name}/report.pdf')
    server.registerResource('file', file, { mimeType: 'application/pdf' }, () => Buffer.from('%PDF-1'))
    const page = await explorer.open(t, createApp(t, server), '#/Notes/template/files%3A%2F%2F%7Bname%7D%2Freport.pdf')
    await page.locator('.expanded', { hasText: 'files://{name}/report.pdf' }).waitFor()

    await page.getByRole('combobox', { name: 'name' }).fill('june')
    await page.locator('.expanded', { hasText: 'files://june/report.pdf' }).waitFor()
    await page.getByRole('button', { name: 'Read' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Save' }).click()

    t.equal((await download).suggestedFilename(), 'report.pdf')
    t.equal(await text(await (await download).createReadStream()), '%PDF-1')
    t.same(await findViolations(page), [])
  })

  t.test('the tools are there in three round trips, before the client is', async (t) => {
    const held = createGate()
    const requests: string[] = []
    const page = await explorer.open(t, createApp(t), '', async (page) => {
      page.on('request', (request) => { requests.push(new URL(request.url()).pathname) })
      await page.route(/\/assets\/client-/, async (route) => { await held.promise; await route.continue() })
    })

    await page.getByRole('link', { name: 'add_note' }).waitFor()
    // What the first look needs is asked for by the document, and all of it together.
    const html = await (await fetch(page.url().replace(/#.*/, ''))).text()
    const named = [...html.matchAll(/(?:href|src)="\.(\/[^"]+)"/g)].map(([, path]) => `/explorer${path}`)
    t.same(requests.filter((path) => !named.includes(path)), ['/explorer/', '/notes/mcp'])
    const needed = named.filter((path) => !/client|dist|icon/.test(path))
    t.same(needed.map((path) => path.split('.').at(-1)), ['js', 'css'], 'one script, one style sheet')
    t.same([...new Set(requests)].length, requests.length, 'nothing is loaded twice')
    await page.getByText('connecting', { exact: true }).waitFor()
    held.open()
    await page.getByText('connected', { exact: true }).waitFor()
  })

  t.test('a form of the schema calls a tool, whose log and result appear', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/tool/add_note')

    await page.getByLabel('text', { exact: false }).first().fill('Buy milk')
    await page.getByLabel('level').selectOption('high')
    await page.getByRole('button', { name: 'Call' }).click()

    const result = page.getByRole('region', { name: 'Result' })
    await result.getByText('ok', { exact: true }).waitFor()
    t.match(await result.getByRole('log').innerText(), /info\s+saving/)
    await result.getByRole('button', { name: 'Text', exact: true }).click()
    t.same(JSON.parse(await result.locator('pre.prose').innerText()), { text: 'Buy milk', level: 'high', count: 3 })
    t.match(page.url(), /args=.*Buy/)
    t.match(await page.getByRole('main').innerText(), /destructive/)
  })

  t.test('the URL restores the mount, the tool and the arguments', async (t) => {
    const app = createApp(t)
    const page = await explorer.open(t, app, `#/Notes/tool/add_note?args=${encodeURIComponent('{"text":"From a link"}')}&era=legacy`)

    await page.getByLabel('text', { exact: false }).first().waitFor()

    t.equal(await page.getByLabel('text', { exact: false }).first().inputValue(), 'From a link')
    t.equal(await page.getByRole('button', { name: 'legacy' }).getAttribute('aria-pressed'), 'true')
    t.equal(app.mcp.get('Notes').stats().sessions, 1)
  })

  t.test('a file is sent as its schema asks for it, and one that is too large is refused', async (t) => {
    const server = createNotes()
    const given: unknown[] = []
    server.registerTool('attach', {
      inputSchema: Type.Object({
        plain: Type.String({ contentEncoding: 'base64', contentMediaType: 'image/png' }),
        uri: Type.String({ format: 'data-url' }),
        several: Type.Optional(Type.Array(Type.String({ format: 'byte' })))
      })
    }, (args) => { given.push(args); return 'attached' })
    const page = await explorer.open(t, createApp(t, server), '#/Notes/tool/attach')
    const folder = t.testdir({ 'huge.bin': '', 'large.bin': '', 'one.txt': 'é?>', 'two.txt': 'x'.repeat(1536) })
    truncateSync(join(folder, 'huge.bin'), 33 * 1024 * 1024)
    truncateSync(join(folder, 'large.bin'), 5 * 1024 * 1024)
    const choose = async (label: string, ...names: readonly string[]): Promise<void> => {
      await page.getByLabel(label).setInputFiles(names.map((name) => join(folder, name)))
    }

    await choose('plain', 'huge.bin')
    await page.getByText('huge.bin has 33.0 MiB. The page takes files of 32.0 MiB at most.').waitFor()
    await choose('plain', 'large.bin')
    await page.getByText('This makes a request of 6.7 MiB. The mount takes 4.0 MiB at most').waitFor()
    await choose('plain', 'one.txt')
    await choose('uri', 'two.txt')
    await choose('several', 'one.txt', 'two.txt')
    await page.getByText('two.txt').nth(1).waitFor()
    t.match(await page.locator('.file').allInnerTexts(), [/^one.txt 4 B/, /^two.txt 1.5 KiB/, /^one.txt 4 B[^]*two.txt 1.5 KiB/])
    await page.locator('.chosen').last().getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByText('ok', { exact: true }).waitFor()

    t.same(given, [{ plain: 'w6k/Pg==', uri: `data:text/plain;base64,${btoa('x'.repeat(1536))}`, several: ['w6k/Pg=='] }])
    t.equal(await page.getByLabel('plain').getAttribute('accept'), 'image/png')
  })

  t.test('JSON arguments are checked as they are written', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/tool/add_note')

    await page.getByRole('button', { name: 'JSON', exact: true }).click()
    await page.getByLabel('Arguments as JSON').fill('{ "count": 0 }')
    await page.locator('.faults li').nth(1).waitFor()

    t.match(await page.locator('.faults').innerText(), /text[^]*count/)
    await page.getByLabel('Arguments as JSON').fill('{ "text": ')
    await page.locator('.faults li').filter({ hasText: /JSON/ }).waitFor()
  })

  t.test('structured content is a table and a tree', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/tool/list_notes')

    await page.getByRole('button', { name: 'Call' }).click()

    await page.getByRole('cell', { name: 'two' }).waitFor()
    t.ok(await page.getByRole('group', { name: 'JSON' }).isVisible())
  })

  t.test('numbers that JavaScript would round are shown as they were sent', async (t) => {
    const server = createNotes()
    server.registerTool('count', {}, () => '{"id": 12345678901234567890, "next": 5}')
    const page = await explorer.open(t, createApp(t, server), '#/Notes/tool/count')

    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByRole('region', { name: 'Result' }).getByText('{"id": 12345678901234567890, "next": 5}').waitFor()
  })

  t.test('nothing moves when the form of a tool appears', async (t) => {
    const server = createNotes()
    const inputSchema = Type.Object({
      a: Type.String({ description: 'One' }), b: Type.Integer(), c: Type.Boolean(), d: Type.Number()
    })
    server.registerTool('fill', { inputSchema }, () => 'filled')
    const held = createGate()
    const page = await explorer.open(t, createApp(t, server), '#/Notes/tool/fill', async (page) => {
      await page.route(/\/assets\/schema-form-/, async (route) => { await held.promise; await route.continue() })
    })
    await page.getByText('connected', { exact: true }).waitFor()
    const button = page.getByRole('button', { name: 'Call', exact: true })
    const before = await button.boundingBox()

    held.open()
    await page.getByLabel('d').first().waitFor()

    const after = await button.boundingBox()
    t.ok(Math.abs(Number(after?.y) - Number(before?.y)) < 4, `${before?.y} and ${after?.y}`)
  })

  t.test('a failed tool shows what the model reads', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/tool/fail')

    await page.getByRole('button', { name: 'Call' }).click()

    await page.getByText('The date must lie in the future').waitFor()
    t.ok(await page.getByText('tool error').isVisible())
    t.equal(await page.getByRole('tab', { selected: true }).first().innerText(), 'What the model reads')
  })

  t.test('pictures, Markdown and links are shown, and nothing in them runs', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/tool/picture')

    await page.getByRole('button', { name: 'Call' }).click()
    const result = page.getByRole('region', { name: 'Result' })
    await result.getByRole('img').waitFor()
    await result.locator('strong', { hasText: 'bold' }).waitFor()

    t.match(await result.innerText(), '<img src=x onerror=alert(1)>')
    t.equal(await result.getByRole('link', { name: 'link' }).count(), 0)
    await result.getByRole('button', { name: 'First note' }).click()
    await page.getByText('Buy milk').waitFor()
    t.match(page.url(), '#/Notes/resource/notes%3A%2F%2F1')
  })

  t.test('a running call shows its progress, and can be cancelled', async (t) => {
    const server = createNotes()
    const aborted = createGate()
    server.registerTool('slow', {}, async (_args, ctx) => {
      await ctx.reportProgress(1, 4, 'a quarter')
      await new Promise<void>((resolve) => {
        ctx.signal.addEventListener('abort', () => { aborted.open(); resolve() })
      })
      return 'too late'
    })
    const page = await explorer.open(t, createApp(t, server), '#/Notes/tool/slow')

    await page.getByRole('button', { name: 'Call' }).click()
    await page.getByText('25% a quarter').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()

    await page.getByText('cancelled', { exact: true }).waitFor()
    await aborted.promise
  })

  t.test('a form that cannot be loaded says so, and a call is still made with JSON', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/tool/add_note', async (page) => {
      await page.route(/\/assets\/schema-form-/, async (route) => { await route.abort() })
    })

    await page.getByText('This part of the page could not be loaded. Reload the page.').waitFor()
    await page.locator('.status.open').waitFor()
    const call = page.getByRole('button', { name: 'Call', exact: true })
    t.ok(await call.isDisabled(), 'there is nothing to send')
    await page.getByRole('button', { name: 'JSON', exact: true }).click()
    await page.getByLabel('Arguments as JSON').fill('{ "text": "tea" }')
    await call.click()
    await page.getByRole('region', { name: 'Result' }).getByText('"tea"').waitFor()
    // The browser reports what it could not load, also later.
    await page.close()
    explorer.forgive(/ERR_FAILED/)
  })

  t.test('a watch that is turned off before the server has answered ends when it does', async (t) => {
    const held = createGate()
    const page = await explorer.open(t, createApp(t), '#/Notes/resource/notes%3A%2F%2F1')
    await page.getByText('Buy milk').waitFor()
    await page.getByRole('button', { name: 'Activity', exact: true }).click()
    await page.route(/\/notes\/mcp$/, async (route) => { await held.promise; await route.continue() })

    await page.getByLabel('Watch').check()
    await page.getByLabel('Watch').uncheck()
    held.open()

    await page.getByRole('button', { name: /subscriptions\/listen.*\d m?s$/ }).waitFor()
  })

  t.test('lists change without reload', async (t) => {
    const server = createNotes()
    const page = await explorer.open(t, createApp(t, server))
    await page.getByRole('link', { name: 'add_note' }).waitFor()

    server.registerTool('newcomer', {}, () => 'here')

    await page.getByRole('link', { name: 'newcomer' }).waitFor()
  })

  t.test('a prompt becomes its messages', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/prompt/summary')

    await page.getByLabel('style').fill('briefly')
    await page.getByRole('button', { name: 'Get' }).click()

    await page.getByText('Sum up, briefly').waitFor()
  })

  t.test('the activity shows the exchanges', async (t) => {
    const page = await explorer.open(t, createApp(t), '#/Notes/tool/list_notes')
    await page.getByRole('button', { name: 'Call' }).click()
    await page.getByRole('button', { name: 'Activity', exact: true }).click()

    await page.getByRole('button', { name: /tools\/call list_notes/ }).click()

    t.match(await page.getByRole('complementary').innerText(), /POST \/notes\/mcp[^]*mcp-method: tools\/call[^]*"structuredContent"/)
  })

  t.test('a form answers what a tool asks the user', async (t) => {
    const server = createNotes()
    server.registerTool('ask', {}, async (_args, ctx) => {
      const answer = await ctx.elicit('Which colour?', Type.Object({ colour: Type.String() }))
      return JSON.stringify(answer)
    })
    for (const era of ['modern', 'legacy']) {
      const page = await explorer.open(t, createApp(t, server), `#/Notes/tool/ask?era=${era}`)

      await page.getByRole('button', { name: 'Call', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'The server asks' })
      await dialog.getByText('Which colour?').waitFor()
      await dialog.getByLabel('colour').fill('green')
      await dialog.getByRole('button', { name: 'Accept' }).click()

      await page.getByText('ok', { exact: true }).waitFor()
      t.match(await page.getByRole('region', { name: 'Result' }).innerText(), 'green', era)
    }
  })

  t.test('the user answers in place of a model', async (t) => {
    const server = createNotes()
    server.registerTool('sum_up', {}, async (_args, ctx) => {
      const { content } = await ctx.sample({
        messages: [{ role: 'user', content: { type: 'text', text: 'Sum up my notes' } }], maxTokens: 50
      })
      return JSON.stringify(content)
    })
    const page = await explorer.open(t, createApp(t, server), '#/Notes/tool/sum_up')

    await page.getByRole('button', { name: 'Call', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'The server asks a model' })
    await dialog.getByText('Sum up my notes').waitFor()
    await dialog.getByLabel('Answer in place of the model').fill('You need milk')
    await dialog.getByRole('button', { name: 'Answer' }).click()

    await page.getByText('You need milk').waitFor()
  })

  t.test('two mounts are chosen from, and an SDK v1 server is one of them', async (t) => {
    const { app } = createHost(t, { forceCloseConnections: true })
    app.register(mcpPlugin, { prefix: '/notes', server: createNotes() })
    const sdk = (): V1Server => {
      const server = new V1Server({ name: 'SDK', version: '1.0.0' })
      server.registerTool('greet', { inputSchema: { name: z.string() } }, ({ name }) => {
        return { content: [{ type: 'text' as const, text: `Hello ${name}` }] }
      })
      return server
    }
    app.register(mcpPlugin, { name: 'SDK', prefix: '/sdk', server: sdk })
    const page = await explorer.open(t, withExplorer(app))
    await page.getByRole('link', { name: 'add_note' }).waitFor()

    await page.getByLabel('Mount').selectOption('SDK')
    await page.getByRole('link', { name: 'greet' }).click()
    await page.getByRole('textbox', { name: 'name' }).fill('Ann')
    await page.getByRole('button', { name: 'Call', exact: true }).click()

    await page.getByText('Hello Ann').waitFor()
    t.equal(await page.getByRole('link', { name: 'add_note' }).count(), 0)
  })

  t.test('a mount that asks for a token is used with one, which no text of the page shows', async (t) => {
    const { app } = createHost(t, { forceCloseConnections: true })
    app.register(mcpPlugin, {
      prefix: '/notes',
      server: createNotes(),
      auth: {
        authenticate: ({ headers: { authorization, 'x-desk': desk } }) =>
          authorization === 'Bearer s3cret-token' && desk === 's3cret-desk'
            ? { token: '', clientId: 'page', subject: 'ann', scopes: [] }
            : null
      }
    })
    const page = await explorer.open(t, withExplorer(app))
    await page.getByText('This mount requires authentication').waitFor()

    await page.getByRole('main').getByLabel('Bearer token').fill('s3cret-token')
    await page.getByText('Other headers').click()
    await page.getByLabel('Headers, one per line').fill('X-Desk: s3cret-desk')
    await page.getByRole('main').getByRole('button', { name: 'Connect' }).click()
    await page.getByRole('link', { name: 'list_notes' }).click()
    await page.getByRole('button', { name: 'Call', exact: true }).click()
    await page.getByRole('cell', { name: 'two' }).waitFor()
    await page.getByRole('button', { name: 'Activity', exact: true }).click()
    await page.getByRole('button', { name: /tools\/call/ }).click()

    const activity = await page.getByRole('complementary').innerText()
    t.match(activity, 'authorization: Bearer ••••••')
    t.match(activity, 'x-desk: ••••••')
    t.notMatch(await page.content(), 's3cret')
    t.notMatch(page.url(), 's3cret')
    // The browser reports each 401.
    explorer.forgive(/status of 401/)
  })

  t.test('the calls of other clients appear while they happen, and can be stopped', async (t) => {
    const app = createApp(t, createNotes(), { watch: { arguments: true } })
    const page = await explorer.open(t, app, '#/Notes/tool/list_notes')
    const send = async (tool: string, args: object = {}): Promise<unknown> => await app.inject(modernCall(tool, args, {
      url: '/notes/mcp', meta: { 'io.modelcontextprotocol/clientInfo': { name: 'Claude', version: '2.0' } }
    }))
    const failed = page.getByRole('row', { name: /fail tool error|tool error fail/ })
    await page.getByRole('button', { name: 'Live', exact: true }).click()
    await page.getByText('watching').waitFor()

    await send('fail', { why: 'rain' })
    await failed.click()
    const details = page.getByRole('complementary', { name: 'The chosen call' })
    t.match(await failed.innerText(), /\d\d:\d\d:\d\d\.\d{3}[^]*tool error[^]*fail[^]*Notes[^]*Claude 2\.0[^]* ms/)
    t.match(await details.innerText(), /The date must lie in the future[^]*req-[^]*"why": "rain"/)
    await page.getByRole('img', { name: /^Errors per second in the last minute: 1 in total/ }).waitFor()

    await page.getByRole('button', { name: 'Pause' }).click()
    await send('picture')
    await page.getByText('1 new').waitFor()
    t.equal(await page.getByRole('row', { name: /picture/ }).count(), 0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('row', { name: /picture/ }).waitFor()

    await page.getByRole('grid').press('ArrowUp')
    t.match(await details.innerText(), 'picture')
    await page.getByLabel('Outcome').selectOption('failed')
    t.equal(await page.getByRole('row', { name: /picture/ }).count(), 0)
    await page.getByLabel('Outcome').selectOption('')
    await page.getByLabel('Filter the calls').fill('claude picture')
    await failed.waitFor({ state: 'detached' })
    await page.getByLabel('Filter the calls').fill('')
    await failed.click()
    for (const theme of ['light', 'dark']) {
      await page.locator('html').evaluate((html, name) => { Reflect.get(html, 'dataset').theme = name }, theme)
      t.same(await findViolations(page), [], theme)
    }
    await details.getByRole('button', { name: 'Open with these arguments' }).click()
    await page.getByRole('heading', { name: 'fail' }).waitFor()
    t.match(page.url(), '#/Notes/tool/fail?args=')
  })

  t.test('of thousands of calls, the page draws those in sight', async (t) => {
    const app = createApp(t, createNotes(), { watch: true })
    const page = await explorer.open(t, app, '#/Notes?view=live')
    await page.getByText('watching').waitFor()

    for (let count = 0; count < 20; count++) {
      await Promise.all(Array.from({ length: 500 }, () => app.mcp.get('Notes').call('list_notes')))
      await new Promise(setImmediate)
    }
    await app.mcp.get('Notes').call('fail')
    await page.getByRole('row', { name: /fail/ }).waitFor()

    t.ok(await page.getByRole('row').count() < 80)
    t.match(await page.locator('.live-count').innerText(), /^[\d,]+ calls$/)
    await page.getByRole('grid').press('End')
    await page.getByRole('button', { name: 'Newest' }).click()
    await page.getByRole('row', { name: /fail/ }).waitFor()
  })

  t.test('the page watches on when the app was started again', async (t) => {
    const first = createApp(t, createNotes(), { watch: true })
    const page = await explorer.open(t, first, '#/Notes?view=live')
    await page.getByText('watching').waitFor()
    const { port } = new URL(page.url())

    await first.close()
    await page.getByText('connecting', { exact: true }).waitFor()
    const second = createApp(t, createNotes(), { watch: true })
    await second.listen({ port: Number(port), host: '127.0.0.1' })
    await page.getByText('watching').waitFor()
    await second.mcp.get('Notes').call('list_notes')

    await page.getByRole('row', { name: /list_notes/ }).waitFor()
    t.equal(await page.getByRole('row', { name: /^Not watched from/ }).count(), 1)
    // The browser reports what it could not load.
    explorer.forgive(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING/)
  })

  t.test('axe finds nothing to complain about, light and dark', async (t) => {
    const page = await explorer.open(t, createApp(t))
    const places = ['tool/add_note', 'tool/list_notes', 'resource/notes%3A%2F%2F1', 'prompt/summary']
    for (const fragment of ['', ...places.map((place) => `#/Notes/${place}`)]) {
      await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`)
      await page.getByRole('link', { name: 'add_note' }).waitFor()
      if (fragment.includes('add_note')) await page.locator('.field').first().waitFor()
      if (fragment.includes('resource')) await page.getByText('Buy milk').waitFor()
      if (fragment.includes('list_notes')) {
        await page.getByRole('button', { name: 'Call', exact: true }).click()
        await page.getByRole('cell', { name: 'two' }).waitFor()
        await page.getByRole('button', { name: 'Activity', exact: true }).click()
        await page.getByRole('button', { name: /tools\/call/ }).click()
      }
      for (const theme of ['light', 'dark']) {
        await page.locator('html').evaluate((html, name) => { Reflect.get(html, 'dataset').theme = name }, theme)
        t.same(await findViolations(page), [], `${fragment} ${theme}`)
      }
    }
  })

  t.test('no page has complained', async (t) => {
    t.same(explorer.complaints, [])
  })
})
