// `dev --sign-in`: official clients sign in at the built-in provider, in one process.
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runDevServer } from '../../lib/cli/dev-run.ts'
import { createFileStore } from '../../lib/cli/dev-sign-in.ts'
import { runProgram } from '../../lib/cli/program.ts'
import { Browser, readForm } from '../oauth/browser.ts'
import { answer, CLIENTS, REDIRECT_URL } from '../oauth/stage.ts'
import type { Kept } from '../support/oauth-client.ts'
import { createTestTerminal, type TestTerminal } from './terminal.ts'

// Processes take their time where others work, too.
t.setTimeout(120_000)

const SERVER = `import { McpServer } from 'fastify-mcp-mount'
const server = new McpServer({ name: 'Notes', version: '1' })
server.registerTool('who_am_i', {}, (_args, { auth }) => \`\${auth?.subject} is \${auth?.extra?.['name']}\`)
server.registerTool('write_note', { scopes: ['notes:write'] }, (_args, { auth }) => \`\${auth?.subject} wrote\`)
export default server
`
const KEY = 'a secret of at least thirty-two characters'

async function findPort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  server.close()
  await once(server, 'close')
  return port
}

interface Running extends TestTerminal {
  readonly url: string
  readonly end: () => Promise<number>
}

/** Runs a file with sign-in until the test ends, or `end` is called. */
async function run (t: Test, directory: string, port: number, text = SERVER): Promise<Running> {
  const file = join(mkdtempSync(join(directory, 'file-')), 'server.ts')
  writeFileSync(file, text)
  const test = createTestTerminal()
  const signIn = { scopes: ['notes:write'], key: KEY, file: join(directory, 'sign-in.json') }
  const settings = { name: 'server.ts', file, host: '127.0.0.1', port, stdio: false, signIn }
  const code = runDevServer(settings, test.terminal)
  const end = async (): Promise<number> => {
    test.signal('SIGTERM')
    return await code
  }
  t.teardown(end)
  await Promise.race([test.waitFor(/Ctrl-C/), code])
  return Object.assign(test, { end, url: `http://127.0.0.1:${port}/mcp` })
}

const says = (text: string): object[] => [{ type: 'text', text }]
const openBrowser = (): Browser => new Browser((url) => url, (url) => url.startsWith(REDIRECT_URL))

t.test('clients sign in as one of three users or as anybody, and stay signed in when the file changes', async (t) => {
  const [port, directory] = [await findPort(), t.testdir()]
  const first = await run(t, directory, port)
  t.match(first.out, 'Clients sign in: they open a page in your browser, where you sign in under any name.')
  t.match(first.out, `claude mcp add --transport http notes ${first.url}`)
  t.equal((await fetch(first.url, { method: 'POST' })).status, 401)

  const clients = CLIENTS.map(([, createClient]) => {
    const kept: Kept = { verifier: '' }
    const client = createClient({ kept, fetch, endpoint: first.url })
    t.teardown(() => client.close())
    return { kept, client }
  })
  for (const [index, { kept, client }] of clients.entries()) {
    await t.rejects(client.connect(), /Unauthorized/i)
    const browser = openBrowser()
    const page = await browser.visit(String(kept.authorizationUrl))
    t.match(page.text, 'Sign in as anybody')
    const { action, fields } = readForm(page)
    const [, href = ''] = /<a href="([^"]+)">Ada Lovelace<\/a>/.exec(page.text) ?? []
    const user = new URLSearchParams({ ...fields, user: 'Mary <b>Shelley' })
    const link = new URL(href.replace('&amp;', '&'), page.url)
    const consent = await browser.visit(index === 0 ? link : `${action}?${user}`)
    await client.finish(await answer(browser, consent, 'allow'))
    await client.connect()
    const [subject, name] = index === 0 ? ['ada-lovelace', 'Ada Lovelace'] : ['mary-b-shelley', 'Mary <b>Shelley']
    t.same(await client.call('who_am_i'), says(`${subject} is ${name}`))
  }

  t.equal(await first.end(), 0)
  const again = await run(t, directory, port)
  const { kept, client } = clients[2] ?? {}
  if (kept === undefined || client === undefined) throw new Error('there is no third client')
  t.same(await client.call('who_am_i'), says('mary-b-shelley is Mary <b>Shelley'), 'its token is still good')
  await t.rejects(client.call('write_note'))
  const browser = openBrowser()
  const page = await browser.visit(String(kept.authorizationUrl))
  const { action, fields } = readForm(page)
  const consent = await browser.visit(`${action}?${new URLSearchParams({ ...fields, user: 'Ada Lovelace' })}`)
  await client.finish(await answer(browser, consent, 'allow'))
  await client.connect()
  t.same(await client.call('write_note'), says('ada-lovelace wrote'), 'and its registration, too')
  t.equal(again.err, '')
})

t.test('nobody is signed in without a name', async (t) => {
  const { url } = await run(t, t.testdir(), await findPort())
  const kept: Kept = { verifier: '' }
  const client = CLIENTS[0]?.[1]({ kept, fetch, endpoint: url })
  await t.rejects(client?.connect() ?? Promise.resolve(), /Unauthorized/i)
  const browser = openBrowser()
  const { action, fields } = readForm(await browser.visit(String(kept.authorizationUrl)))

  const seen = await browser.visit(`${action}?${new URLSearchParams(fields)}`)
  t.match(seen, { status: 403, text: /Choose a user, or write a name\./ })
  t.match(await browser.visit(new URL('/sign-in', url)), { status: 200, text: /name="state" value=""/ })
  t.match(await browser.visit(new URL('/oauth/callback?state=x', url)), { status: 400 })
})

t.test('a file that mounts its servers itself has its own auth', async (t) => {
  const app = "import Fastify from 'fastify'\nexport default Fastify()\n"
  const { err } = await run(t, t.testdir(), await findPort(), app)
  t.match(err, '--sign-in has no meaning for an app, which is what server.ts exports: set it there.')
})

async function refuse (args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const test = createTestTerminal({ cwd: process.cwd(), env })
  const code = await runProgram(['dev', 'package.json', ...args], test.terminal)
  return `${code} ${test.err}`
}

t.test('everybody is let in on this machine alone, and never in production', async (t) => {
  for (const [args, env, message] of [
    [['--sign-in'], { NODE_ENV: 'production' }, /^1 .*does not start with NODE_ENV=production/],
    [['--sign-in', '--host', '0.0.0.0'], {}, /^1 .*listens on loopback only \(127\.0\.0\.1, localhost\), not on 0\.0\.0\.0/],
    [['--sign-in', '--stdio'], {}, /^2 .*--sign-in has no meaning with --stdio/],
    [['--scopes', 'a'], {}, /^2 .*--scopes has no meaning without --sign-in/],
    [['--sign-in', '--scopes', 'notes:read,a"b'], {}, /^2 .*--scopes has 'a"b', which is no scope/]
  ] as ReadonlyArray<[string[], Record<string, string>, RegExp]>) {
    t.match(await refuse(args, env), message, args.join(' '))
  }
})

t.test('the file of a sign-in is a store whose values expire', async (t) => {
  let now = 0
  const file = join(t.testdir(), 'store.json')
  const store = createFileStore(file, () => now)
  await store.set('a', '1', 1000)
  t.equal(await store.add('a', '2', 1000), false)
  t.equal(await store.add('b', '2', 3000), true)

  const next = createFileStore(file, () => now)
  t.equal(await next.get('a'), '1')
  t.equal(await next.take('a'), '1')
  t.equal(await next.take('a'), undefined)
  now = 3000
  t.equal(await next.get('b'), undefined)
  t.equal(await next.add('b', '3', 1000), true)
  t.equal(await createFileStore(file, () => now).get('b'), '3')
  now = 5000
  await next.set('c', '4', 1000)
  t.equal(await createFileStore(file, () => 0).get('b'), undefined, 'what has expired is not kept')
})
