// Looks, tries and watches: every feature of a server, in both eras, behind a proxy that adds a prefix to all paths.
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { createEverything } from '../../examples/everything-server.ts'
import { buildApp } from '../../examples/shop/app.ts'
import mcpPlugin, { createMemoryEventStore, McpServer, Type } from '../../lib/index.ts'
import { noBrowser } from '../support/browser.ts'
import { LOADER } from '../support/child.ts'
import { createV1 } from '../support/sdk-servers.ts'
import { createGate } from '../support/stream.ts'
import { startExplorer, withExplorer } from './browser.ts'
import { startPrefixProxy } from './prefix-proxy.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const run = promisify(execFile)
const ERAS = ['modern', 'legacy'] as const

const gate = createGate()
const CLI = `${LOADER.join(' ')} ${fileURLToPath(new URL('../../lib/cli.ts', import.meta.url))}`

/** The text that a tool has answered to curl, with JSON or a stream. */
function resultOf (reply: string): string {
  const { result } = JSON.parse(/\{"jsonrpc".*\}/.exec(reply)?.[0] ?? '')
  return result.content[0].text
}

const Secret = Type.String({ writeOnly: true })

function createDesk (): McpServer {
  const server = new McpServer({ name: 'Desk', version: '1.0.0' })
  server.registerTool('unlock', {
    inputSchema: Type.Object({
      "who's": Type.String(),
      pin: Type.String({ format: 'password' }),
      code: Type.String({ writeOnly: true })
    })
  }, (args) => `unlocked for ${args["who's"]}`)
  server.registerTool('echo', {
    inputSchema: Type.Object({
      region: Type.String({ 'x-mcp-header': 'Region' }),
      text: Type.String(),
      login: Type.Object({ name: Type.String(), password: Type.Optional(Type.String({ format: 'password' })) }),
      keys: Type.Array(Type.Union([Type.Null(), Type.Object({ token: Type.Optional(Secret) })]))
    })
  }, (args) => JSON.stringify(args))
  server.registerTool('visit', {}, async (_args, ctx) => {
    return JSON.stringify(await ctx.elicitUrl('Sign the visitors book.', 'https://book.example/sign'))
  })
  server.registerTool('wait', {}, async (_args, ctx) => {
    await ctx.info('waiting')
    await gate.promise
    return 'waited'
  })
  return server
}

t.test('what servers have, in Chromium, below a prefix', { skip: noBrowser }, async (t) => {
  const app = buildApp()
  app.log.level = 'silent'
  t.teardown(() => app.close())
  const resumable = { eventStore: createMemoryEventStore(), retryInterval: 50 }
  app.register(mcpPlugin, { name: 'everything', prefix: '/everything', server: createEverything(), ...resumable })
  app.register(mcpPlugin, { name: 'SDK', prefix: '/sdk', server: () => createV1() })
  app.register(mcpPlugin, { name: 'Desk', prefix: '/desk', server: createDesk(), ...resumable })
  withExplorer(app)
  const [explorer, origin] = await Promise.all([startExplorer(t), app.listen({ port: 0, host: '127.0.0.1' })])
  const proxy = await startPrefixProxy(t, origin, '/base')
  const page = await explorer.openAt(t, `${proxy.url}/explorer`)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])

  const main = page.getByRole('main')
  const result = page.getByRole('region', { name: 'Result' })
  const dialog = page.getByRole('dialog', { name: /^The server asks/ })
  const goTo = async (place: string): Promise<void> => {
    await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`)
  }
  const press = async (name: string): Promise<void> => {
    await page.getByRole('button', { name, exact: true }).click()
  }
  const call = async (place: string, args?: object): Promise<void> => {
    await goTo(place)
    await page.getByRole('heading', { name: decodeURIComponent(/[^/?]+(?=\?|$)/.exec(place)?.[0] ?? '') }).waitFor()
    if (args !== undefined) {
      await press('JSON')
      await page.getByLabel('Arguments as JSON').fill(JSON.stringify(args))
    }
    await press('Call')
  }

  t.test('all mounts of the app are there, and say what they are', async (t) => {
    await page.getByLabel('Mount').waitFor()
    t.match(page.url(), '/base/explorer/')
    t.same(await page.getByLabel('Mount').locator('option').allInnerTexts(), ['Shop', 'everything', 'SDK', 'Desk'])

    await main.getByText('This mount requires authentication').waitFor()
    await goTo('everything')
    await main.getByText('Call any tool: each one shows one feature').waitFor()
    t.match(await main.innerText(), /Everything[^]*2026-07-28[^]*1 template,/)
  })

  for (const era of ERAS) {
    t.test(`results of every kind, questions and completions in the ${era} era`, async (t) => {
      const tool = (name: string): string => `everything/tool/${name}?era=${era}`
      await call(tool('test_multiple_content_types'))
      await result.getByRole('img', { name: 'Picture of the result' }).waitFor()
      t.match(await result.innerText(), 'test://mixed-content-resource')
      await call(tool('test_audio_content'))
      await result.getByLabel('Sound of the result').waitFor()
      await call(tool('test_tool_with_logging'))
      await result.getByText('Tool execution completed').waitFor()
      await call(tool('test_error_handling'))
      await result.getByText('This tool intentionally returns an error').waitFor()
      await call(tool('test_structured_content'), { numbers: [1, 2, 6] })
      await result.getByText('mean').waitFor()

      await call(tool('test_elicitation'), { message: 'Who are you?' })
      await dialog.getByText('Who are you?').waitFor()
      await dialog.getByLabel('username').fill('ann')
      await dialog.getByLabel('email').fill('ann@example.com')
      await dialog.getByRole('button', { name: 'Accept' }).click()
      await result.getByText('"ann@example.com"').first().waitFor()
      await call(tool('test_sampling'), { prompt: 'Say something' })
      await dialog.getByText('Say something').waitFor()
      await dialog.getByLabel('Answer in place of the model').fill('Something')
      await dialog.getByRole('button', { name: 'Answer' }).click()
      await result.getByText('Something').first().waitFor()
      await call(`Desk/tool/visit?era=${era}`)
      await dialog.getByText('book.example', { exact: true }).waitFor()
      await dialog.getByRole('button', { name: 'Decline' }).click()
      await result.getByText('decline').first().waitFor()

      await goTo(`everything?era=${era}`)
      await page.getByText('Roots that this page offers').click()
      await page.getByLabel('Roots, one URI per line').fill(`file:///home/${era}`)
      await page.getByLabel('Roots, one URI per line').blur()
      await call(tool('test_input_required_result_list_roots'))
      await result.getByText(`Roots: file:///home/${era}`).waitFor()

      await goTo(`everything/template/${encodeURIComponent('test://template/{id}/data')}?era=${era}`)
      await main.getByLabel('id').fill('12')
      await main.getByRole('option', { name: '123' }).waitFor()
      await press('Read')
      await result.getByText('Data for ID: 12').waitFor()
      await goTo(`everything/prompt/test_prompt_with_arguments?era=${era}`)
      await main.getByLabel('arg1').fill('pa')
      await main.getByRole('option', { name: 'park city' }).waitFor()
    })

    t.test(`a watched resource is read again when it changes, in the ${era} era`, async (t) => {
      await goTo(`everything/resource/${encodeURIComponent('test://watched-resource')}?era=${era}`)
      await result.getByText('Watch me').waitFor()
      await page.getByLabel('Watch').check()
      await page.getByRole('button', { name: 'Activity', exact: true }).click()
      const reads = page.getByRole('button', { name: /resources\/read test:\/\/watched-resource/ })
      // The server has confirmed the subscription once it is listed with its status.
      const asked = era === 'modern' ? /^200\s*subscriptions\/listen/ : /^200\s*resources\/subscribe/
      await page.getByRole('button', { name: asked }).first().waitFor()
      const before = await reads.count()

      app.mcp.get('everything').notify.resourceUpdated('test://watched-resource')

      await page.getByText('changed 1 time').waitFor()
      await reads.nth(before).waitFor()
      t.ok(await result.getByText('Watch me').isVisible())
      await page.getByLabel('Watch').uncheck()
      await page.getByRole('button', { name: 'Clear' }).click()
      await page.getByRole('button', { name: 'Close the activity' }).click()
    })
  }

  t.test('a stream that the server, the network or the user breaks is resumed after its last event', async (t) => {
    await call('everything/tool/test_reconnection?era=legacy')
    await result.getByText('The client has come back').waitFor()
    await call('Desk/tool/wait?era=legacy')
    await result.getByText('waiting').waitFor()
    await page.getByRole('button', { name: 'Activity', exact: true }).click()
    const resumed = page.getByRole('button', { name: /GET resumes after/ })
    const before = await resumed.count()
    t.ok(before > 0)
    await press('Connection: connected')
    await press('Break and resume streams')
    // The stream of the call, and that of the session.
    await resumed.nth(before + 1).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /GET resumes after.*open$/ }).nth(1).waitFor()
    proxy.cut()
    await resumed.nth(before + 3).waitFor()
    gate.open()
    await result.getByText('waited').waitFor()
    await page.getByRole('button', { name: 'Close the activity' }).click()
    explorer.forgive(/ERR_|Failed to load resource/)
  })

  t.test('a session is shown, ended, and opened again', async (t) => {
    const { sessions } = app.mcp.get('Desk').stats()
    t.equal(sessions, 1)

    await press('Connection: connected')
    await press('End session')
    await page.getByRole('button', { name: 'Connection: closed' }).waitFor()
    t.equal(app.mcp.get('Desk').stats().sessions, 0)
    await press('Reconnect')
    await page.getByText(/^Session /).waitFor()
    t.equal(app.mcp.get('Desk').stats().sessions, 1)
    await page.keyboard.press('Escape')
  })

  t.test('"Copy as" gives a command, a test or a URL of the call, without its secrets', async (t) => {
    await goTo('Desk/tool/unlock?era=modern')
    await press('JSON')
    const args = { "who's": "O'Hara", pin: '1234-pin', code: '5678-code' }
    await page.getByLabel('Arguments as JSON').fill(JSON.stringify(args))
    await page.getByRole('tab', { name: 'Copy as' }).click()
    const copy = async (kind: string): Promise<string> => {
      await page.getByRole('tab', { name: kind, exact: true }).click()
      await press(`Copy the call as ${kind}`)
      await page.getByRole('status').getByText('Copied').first().waitFor({ state: 'attached' })
      return await page.evaluate('navigator.clipboard.readText()')
    }

    const texts = { curl: '', CLI: '', Test: '', URL: '' }
    for (const kind of ['curl', 'CLI', 'Test', 'URL'] as const) {
      texts[kind] = await copy(kind)
      t.notMatch(texts[kind], /1234-pin|5678-code/, kind)
      t.match(decodeURIComponent(texts[kind]), /O.{1,10}Hara/, kind)
    }
    // The arguments lack the secrets, which the tool requires.
    t.match((await run('bash', ['-c', texts.curl])).stdout, /Invalid arguments for tool unlock[^]*pin/)
    t.match(texts.CLI, `npx fastify-mcp-mount inspect ${proxy.url}/desk/mcp call unlock '{"who'\\''s":`)
    t.match(texts.Test, "createTestClient(app, 'Desk')")
    t.match(texts.URL, `${proxy.url}/explorer/#/Desk/tool/unlock?args=`)
  })

  t.test('what is copied runs as it is, with awkward and long arguments, and has no secrets in it', async (t) => {
    const folder = t.testdir()
    const awkward = 'it\'s "quoted" `id` $HOME $(id) \\n ! %s\r\n\tsecond line 😀'
    for (const era of ERAS) {
      for (const text of [awkward, 'x'.repeat(200_000)]) {
        const args = { region: 'östlich $HOME', text, login: { name: 'ann' }, keys: [null, {}] }
        const secret = { ...args, login: { name: 'ann', password: '1234-pin' }, keys: [null, { token: '5678-code' }] }
        await goTo(`Desk/tool/echo?era=${era}`)
        await press('JSON')
        await page.getByLabel('Arguments as JSON').fill(JSON.stringify(secret))
        await page.getByRole('tab', { name: 'Copy as' }).click()
        for (const kind of ['curl', 'CLI'] as const) {
          await page.getByRole('tab', { name: kind, exact: true }).click()
          await press(`Copy the call as ${kind}`)
          const copied = await page.evaluate('navigator.clipboard.readText()') as string
          t.notMatch(copied, /1234-pin|5678-code/, kind)
          const file = join(folder, 'command.sh')
          await writeFile(file, copied.replace('npx fastify-mcp-mount', `'${process.execPath}' ${CLI}`))
          const { stdout } = await run('bash', [file], { maxBuffer: 2 ** 24 })
          const got: unknown = kind === 'CLI' ? JSON.parse(stdout) : JSON.parse(resultOf(stdout))
          t.same(got, args, `${kind} ${era} ${text.length}`)
        }
      }
    }
  })

  t.test('routes of the shop and a server of the SDK are called, with the token of a user', async (t) => {
    const credentials = { email: 'ann@example.com', password: 'ann-likes-tea' }
    const { token } = (await app.inject({ method: 'POST', url: '/login', payload: credentials })).json()
    await goTo('Shop')
    await main.getByLabel('Bearer token').fill(token)
    await main.getByRole('button', { name: 'Connect' }).click()
    await page.getByRole('link', { name: 'list_products' }).waitFor()
    await page.getByLabel('Tag').selectOption('reports')
    t.same(await page.getByRole('navigation').locator('a .label').allInnerTexts(),
      ['get_customers', 'report_sales', 'get_reports_stock'])
    await page.getByLabel('Tag').selectOption('All tags')
    await call('Shop/tool/list_products')
    await main.getByTitle('A tag').getByText('products').waitFor()
    await result.getByRole('region', { name: 'Structured content' }).waitFor()
    await page.getByRole('tab', { name: 'Copy as' }).click()
    await page.getByRole('tabpanel').getByText('$TOKEN').waitFor()
    t.notMatch(await page.content(), token)

    for (const era of ERAS) {
      await call(`SDK/tool/hello?era=${era}`)
      await result.getByText('hello', { exact: true }).waitFor()
    }
  })

  t.test('nothing was asked for outside of the prefix, and the page has not complained', async (t) => {
    const urls = await page.evaluate('performance.getEntriesByType(\'resource\').map(({ name }) => name)') as string[]
    t.same(urls.filter((url) => !url.startsWith(`${proxy.url}/`) && !url.startsWith('data:')), [])
    explorer.forgive(/status of 401/)
    t.same(explorer.complaints, [])
  })
})
