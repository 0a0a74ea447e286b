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
import { LOADER } from '../support/child.ts'
import { createTestTerminal, type TestTerminal } from './terminal.ts'

// Each process loads all sources again, with tsx.
t.setTimeout(120_000)

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = join(ROOT, 'lib/cli.ts')

// `dev` passes on the arguments of Node.js. The tests need those that load the sources, without those that tap adds.
process.execArgv = [...LOADER]
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
  const directory = t.testdir({ 'server.ts': text, ...files })
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
  const { directory, url, waitFor, signal, code } = await run(
    t,
    ['--host', 'localhost', '--prefix', '/v1', '--path', '/notes'],
    { env: { PORT: '0' } }
  )
  t.match(url, /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+\/v1\/notes$/)
  t.equal(await inspect(url), 'Tools\n  one\n')

  writeWord(directory, "'two'")
  await waitFor(/\n {2}two\n(?:.*\n)*.*Ctrl-C/)
  t.equal(await inspect(url), 'Tools\n  two\n')

  writeWord(directory, '= 1')
  await waitFor(/server\.ts failed:\n.*\n.*word\.ts\D1\D\d+\b.*\n/)
  await waitFor(/^Failed running/m)

  writeWord(directory, "'three'")
  await waitFor(/\n {2}three\n(?:.*\n)*.*Ctrl-C/)
  t.equal(await inspect(url), 'Tools\n  three\n')

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
    args: ['--import', 'tsx', PROGRAM, 'dev', join(directory, 'server.ts'), '--stdio'],
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
    exported: 'default',
    host: '127.0.0.1',
    port: (taken.address() as AddressInfo).port,
    stdio: false
  }
  process.env[SETTINGS_VARIABLE] = JSON.stringify(settings)
  const written = t.capture(process.stderr, 'write')
  const exit = t.capture(process, 'exit')
  const disconnecting = process.listenerCount('disconnect')

  await import('../../lib/cli/dev-server.ts')

  const [ended] = exit()
  exit.restore()
  const text = written().map(({ args: [chunk] }) => String(chunk)).join('')
  written.restore()
  t.same(ended?.args, [1])
  t.match(text, 'server.js has no default export. It exports a; choose one of them with --export <name>.\n')
  t.equal(process.env[SETTINGS_VARIABLE], undefined)
  t.equal(process.listenerCount('disconnect'), disconnecting + 1)
})
