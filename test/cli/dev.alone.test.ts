import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import t, { type Test } from 'tap'
import { runProgram } from '../../lib/cli/program.ts'
import { SETTINGS_VARIABLE } from '../../lib/cli/dev-settings.ts'
import { startInspector } from '../../lib/cli/inspector.ts'
import { LOADER } from '../support/child.ts'
import { createTestTerminal, type TestTerminal } from './terminal.ts'

// Each server is a process of its own, which loads tsx.
t.setTimeout(300_000)

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = join(ROOT, 'lib/cli.ts')

const ENV = process.env as Record<string, string>

const SERVER = `import { McpServer } from 'fastify-mcp-mount'
import { word } from './word.ts'
const server = new McpServer({ name: 'Notes', version: '1' })
server.registerTool(word, {}, async () => word)
export default server
`

function writeWord (directory: string, word: string): void {
  writeFileSync(join(directory, 'word.ts'), `export const word: string = ${word}\n`)
}

interface Running extends TestTerminal {
  readonly directory: string
  readonly code: Promise<number>
  readonly url: string
}

interface RunSettings {
  readonly text?: string
  readonly env?: { readonly [name: string]: string }
  /** Files and directories beside the server. */
  readonly files?: { readonly [directory: string]: { readonly [file: string]: string } }
}

/** Runs `dev` until the test ends. */
async function run (
  t: Test,
  args: readonly string[],
  { text = SERVER, env = {}, files = {} }: RunSettings = {}
): Promise<Running> {
  return await runIn(t, t.testdir({ 'server.ts': text, ...files }), args, { text, env })
}

/** The same in a folder. */
async function runIn (
  t: Test, directory: string, args: readonly string[], { text = SERVER, env = {} }: RunSettings = {}
): Promise<Running> {
  writeFileSync(join(directory, 'server.ts'), text)
  writeWord(directory, "'one'")
  const test = createTestTerminal({ cwd: directory, env: { ...ENV, ...env } })
  const code = runProgram(['dev', 'server.ts', ...args], test.terminal)
  t.teardown(() => {
    test.signal('SIGTERM')
    return code
  })
  await Promise.race([test.waitFor(/Ctrl-C/), code])
  const [, url = ''] = /^Notes {2}(\S+)$/m.exec(test.out) ?? []
  return Object.assign(test, { directory, code, url })
}

async function inspect (url: string): Promise<string> {
  const test = createTestTerminal()
  await runProgram(['inspect', url, 'tools'], test.terminal)
  return test.out + test.err
}

t.test('a server is restarted at the same port when an import changes, also after a failure', async (t) => {
  const running = await run(
    t,
    ['--host', 'localhost', '--prefix', '/v1', '--path', '/notes'],
    { env: { PORT: '0' } }
  )
  const { directory, url, waitFor, signal, code } = running
  t.match(url, /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+\/v1\/notes$/)
  t.equal(await inspect(url), 'Tools\n  one\n')

  writeWord(directory, "'two'")
  await waitFor(/^Restarted Notes {2}\S+\n {2}\+ tool two\n {2}- tool one\n/m)
  t.equal(await inspect(url), 'Tools\n  two\n')

  writeWord(directory, '= 1')
  await waitFor(/server\.ts failed:\n.*\n.*word\.ts\D1\D\d+\b.*\n/)
  await waitFor(/^Waits for a change\.$/m)

  writeWord(directory, "'three'")
  await waitFor(/^ {2}\+ tool three\n/m)
  t.equal(await inspect(url), 'Tools\n  three\n')
  t.notMatch(running.out, /Restarting|running '/)

  signal('SIGINT')
  t.equal(await code, 0)
  t.match(await inspect(url), /^Nothing listens at/)
})

t.test('an app that loads its plugins with autoload in TypeScript is run', async (t) => {
  const text = `${SERVER}
    import { join } from 'node:path'
    import autoload from '@fastify/autoload'
    import Fastify from 'fastify'
    import mcpPlugin from 'fastify-mcp-mount'
    export function createApp () {
      const app = Fastify()
      app.register(autoload, { dir: join(import.meta.dirname, 'plugins') })
      return app
    }`
  const plugins = {
    'notes.ts':
      "import mcpPlugin from 'fastify-mcp-mount'\nimport server from '../server.ts'\nexport default " +
        'mcpPlugin\nexport const autoConfig = { server }'
  }
  const { out, signal, code } = await run(t, ['--port', '0', '--export', 'createApp'], { text, files: { plugins } })
  signal('SIGTERM')

  t.match(out, /^Notes {2}http/m)
  t.equal(await code, 0)
})

t.test('a process that ignores signals is killed at the third one', async (t) => {
  const text = `${SERVER}
    import Fastify from 'fastify'
    import mcpPlugin from 'fastify-mcp-mount'
    export const app = Fastify()
    app.register(mcpPlugin, { server })
    app.addHook('onClose', () => { console.log('closed by', process.pid); return new Promise(() => {}) })`
  const { out, ...test } = await run(t, ['--port', '0', '--export', 'app'], { text })
  t.match(out, 'Ctrl-C')
  test.signal('SIGINT')
  await test.waitFor(/closed by \d+\n/)

  test.signal('SIGINT')
  test.signal('SIGINT')

  t.equal(await test.code, 0)
})

// A program in the place of npx says how it was called: the Inspector itself would have to be installed.
t.test('--inspector starts the official Inspector on the first endpoint', async (t) => {
  const bin = join(t.testdir({ bin: {} }), 'bin')
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\necho "npx $@"\nexec sleep 1000\n', { mode: 0o755 })
  const path = `${bin}:${process.env.PATH}`
  const { url, waitFor, signal, code } = await runIn(t, bin, ['--port', '0', '--inspector'], { env: { PATH: path } })

  await waitFor(/^npx --yes @modelcontextprotocol\/inspector --transport http --server-url \S+$/m)
  t.match(url, /^http/)
  signal('SIGTERM')

  t.equal(await code, 0)
})

t.test('if the Inspector cannot be started, the reason is printed and the server goes on', async (t) => {
  const bin = join(t.testdir({ bin: {} }), 'bin')
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  const path = `${bin}:${process.env.PATH}`
  const { url, waitFor } = await runIn(t, bin, ['--port', '0', '--inspector'], { env: { PATH: path } })

  await waitFor(/^The MCP Inspector cannot be started: it ended with exit code 3\. .*Node\.js 22\.19/m)
  t.equal(await inspect(url), 'Tools\n  one\n')
})

t.test('if there is no npx, that is the reason', async (t) => {
  const test = createTestTerminal({ env: { PATH: t.testdir() } })

  startInspector('http://127.0.0.1:8000/mcp', test.terminal)

  await test.waitFor(/^The MCP Inspector cannot be started: npx cannot be run: .*ENOENT/m)
})

t.test('with --sign-in a request without a token is led to the sign-in', async (t) => {
  const { url } = await run(t, ['--sign-in', '--scopes', 'notes:write'])

  const { status, headers } = await fetch(url, { method: 'POST' })

  t.equal(status, 401)
  t.match(headers.get('www-authenticate'), /resource_metadata="http:/)
})

t.test('a file that does not exist is reported at once', async (t) => {
  const test = createTestTerminal({ cwd: t.testdir() })

  t.equal(await runProgram(['dev', 'server.ts'], test.terminal), 1)
  t.equal(test.err, `There is no file ${join(t.testdirName, 'server.ts')}.\n`)
})

t.test('an unknown host is reported at once', async (t) => {
  const test = createTestTerminal({ cwd: t.testdir({ 'server.js': '' }) })

  t.equal(await runProgram(['dev', 'server.js', '--port', '0', '--host', 'nowhere.invalid'], test.terminal), 1)
  t.match(test.err, /^Cannot listen on nowhere\.invalid: .+\.\n$/)
})

t.test('with --stdio a file that fails ends the program with exit code 1', async (t) => {
  const test = createTestTerminal({ cwd: t.testdir({ 'server.js': 'export default 1' }), env: ENV })

  t.equal(await runProgram(['dev', 'server.js', '--stdio'], test.terminal), 1)
  t.match(test.err, /^server\.js failed:\n.*option 'server' cannot be mounted/)
})

t.test(
  'a file that ends its process by a signal ends the program with exit code 1, in colours or without',
  async (t) => {
    for (const isTTY of [true, false]) {
      const test = createTestTerminal({
        cwd: t.testdir({ 'server.js': "process.kill(process.pid, 'SIGKILL')" }),
        env: ENV,
        isTTY
      })

      t.equal(await runProgram(['dev', 'server.js', '--stdio'], test.terminal), 1)
    }
  }
)

t.test('an official client starts a server on stdio', async (t) => {
  const directory = t.testdir({ 'server.ts': SERVER })
  writeWord(directory, "'one'")
  const client = new Client({ name: 'test', version: '1' })
  t.teardown(() => client.close())

  await client.connect(new StdioClientTransport({
    command: process.execPath,
    args: [...LOADER, PROGRAM, 'dev', join(directory, 'server.ts'), '--stdio'],
    cwd: ROOT,
    env: ENV
  }))

  t.equal(client.getServerVersion()?.name, 'Notes')
  t.match(await client.callTool({ name: 'one' }), { content: [{ type: 'text', text: 'one' }] })
})

t.test('the serving process reads its settings from the environment, and exits', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const file = join(t.testdir({ 'server.js': 'export const a = 1' }), 'server.js')
  const settings = {
    name: 'server.js',
    file,
    host: '127.0.0.1',
    port: (taken.address() as AddressInfo).port,
    stdio: false
  }
  process.env[SETTINGS_VARIABLE] = JSON.stringify(settings)
  const written = t.capture(process.stderr, 'write')
  const exit = t.capture(process, 'exit')
  const disconnecting = process.listenerCount('disconnect')

  await import('../../lib/cli/file-server.ts')

  const [ended] = exit()
  exit.restore()
  const text = written().map(({ args: [chunk] }) => String(chunk)).join('')
  written.restore()
  t.same(ended?.args, [1])
  t.match(text, 'server.js has no default export, and none named mcp, server, app, createApp, buildApp. It exports a; ')
  t.equal(process.env[SETTINGS_VARIABLE], undefined)
  t.equal(process.listenerCount('disconnect'), disconnecting + 1)
})

t.test('with --stdio the output of a file that fails has the colours of the terminal', async (t) => {
  const cwd = t.testdir({ 'server.js': "console.error(process.env.FORCE_COLOR, 'is set'); export default 1" })
  const env: Record<string, string> = { ...ENV }
  for (const name of ['NO_COLOR', 'FORCE_COLOR']) Reflect.deleteProperty(env, name)
  const test = createTestTerminal({ cwd, env, isTTY: true })

  t.equal(await runProgram(['dev', 'server.js', '--stdio'], test.terminal), 1)
  t.match(test.err, '1 is set')
})
