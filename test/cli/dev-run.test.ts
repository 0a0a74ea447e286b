import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { DevSettings } from '../../lib/cli/dev-settings.ts'
import { createDevLog } from '../../lib/cli/dev-log.ts'
import { runDevServer } from '../../lib/cli/dev-run.ts'
import { runProgram } from '../../lib/cli/program.ts'
import { buildPage } from '../page.js'
import { createTestTerminal, type TestTerminal } from './terminal.ts'

t.before(buildPage)

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

const SERVER = `import { McpServer, Type } from 'fastify-mcp-mount'
const server = new McpServer({ name: 'My Notes!', version: '1' })
server.registerTool('echo', {
  description: 'Says it.', inputSchema: Type.Object({ text: Type.String() })
}, async ({ text }) => text)
`
const V1 = `import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
function create () {
  const server = new McpServer({ name: 'SDK', version: '1' })
  server.registerTool('echo', { inputSchema: { text: z.string() } }, async ({ text }) => {
    return { content: [{ type: 'text' as const, text }] }
  })
  return server
}
`
const V2 = `import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
function create () {
  const server = new McpServer({ name: 'SDK', version: '2' })
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, async ({ text }) => {
    return { content: [{ type: 'text' as const, text }] }
  })
  return server
}
`
const APP = `import Fastify, { type FastifyInstance } from 'fastify'
import mcpPlugin from 'fastify-mcp-mount'
`

function settingsFor (file: string, settings: Partial<DevSettings> = {}): DevSettings {
  return { name: 'server.ts', file, host: '127.0.0.1', port: 0, stdio: false, ...settings }
}

function writeServer (t: Test, text: string): string {
  // A process loads a file once only, so each content needs a file of its own.
  const file = join(mkdtempSync(join(t.testdir(), 'file-')), 'server.ts')
  writeFileSync(file, text)
  return file
}

interface Running extends TestTerminal {
  readonly url: string
  /** The lines of standard output after the announcement. */
  lines (): readonly string[]
  end (): Promise<number>
}

/** Runs a file until the test ends. */
async function run (t: Test, text: string, settings: Partial<DevSettings> = {}): Promise<Running> {
  const test = createTestTerminal()
  const code = runDevServer(settingsFor(writeServer(t, text), settings), test.terminal)
  const end = async (): Promise<number> => {
    test.signal('SIGTERM')
    return await code
  }
  t.teardown(end)
  await Promise.race([test.waitFor(/Ctrl-C/), code])
  const [, url = ''] = /^\S.* {2}(http\S+)$/m.exec(test.out) ?? []
  const lines = (): readonly string[] => test.out.split('Ctrl-C ends it.\n')[1]?.trimEnd().split('\n') ?? []
  return Object.assign(test, { url, end, lines })
}

/** Runs a file that cannot be served. Resolves to its standard error. */
async function fail (t: Test, text: string, settings: Partial<DevSettings> = {}): Promise<string> {
  const test = createTestTerminal()
  t.equal(await runDevServer(settingsFor(writeServer(t, text), settings), test.terminal), 1)
  t.equal(test.out, '')
  return test.err
}

async function echo (url: string): Promise<string> {
  const test = createTestTerminal()
  await runProgram(['inspect', url, 'call', 'echo', '--arg', 'text=hi'], test.terminal)
  return test.out + test.err
}

t.test('the URL of a server, what it offers and how to configure clients are printed', async (t) => {
  const { url, out, err, end } = await run(t, `${SERVER}
    server.registerResource('all', 'notes://all', { description: 'All of them.' }, async () => '')
    server.registerPrompt('ask', {}, async () => '')
    export default server`)

  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
  t.equal(out, `My Notes!  ${url}

Tools
  echo  Says it.

Resources
  notes://all  All of them.

Prompts
  ask

Clients
  Claude Code  claude mcp add --transport http my-notes ${url}
  VS Code      .vscode/mcp.json
               {"servers":{"my-notes":{"type":"http","url":"${url}"}}}
  Cursor       .cursor/mcp.json
               {"mcpServers":{"my-notes":{"url":"${url}"}}}
  Terminal     npx fastify-mcp-mount inspect ${url}

Explorer  ${new URL('/explorer/', url)}

Each call is printed below. server.ts is run again when it changes. Ctrl-C ends it.
`)
  t.equal(err, '')
  t.equal(await echo(url), 'hi\n')
  t.equal(await end(), 0)
})

t.test('every kind of server that can be mounted can be run', async (t) => {
  const files: Readonly<Record<string, string>> = {
    'a server that comes later': `${SERVER} export default Promise.resolve(server)`,
    'a function that makes a server': `${SERVER} export default () => server`,
    'a server of the SDK v1': `${V1} export default create()`,
    'a function that makes servers of the SDK v1': `${V1} export default create`,
    'a function that makes servers of the SDK v2': `${V2} export default (context: object) => create()`,
    'a handler of the SDK v2': `${V2} export default createMcpHandler(create)`,
    'a plugin':
      `${SERVER}${APP} export default async function plugin (app: FastifyInstance, options: object) { ` +
      'app.register(mcpPlugin, { server }) }',
    'a plugin of one parameter':
      `${SERVER}${APP} export default async (app: FastifyInstance) => { ` +
      'app.register(mcpPlugin, { server }) }',
    'a plugin that is wrapped': `${SERVER}${APP}import fp from 'fastify-plugin'
      export default fp(async (app) => { app.register(mcpPlugin, { server }) })`,
    'an app': `${SERVER}${APP} const app = Fastify(); app.register(mcpPlugin, { server }); export default app`,
    'an app with a mount in a scope':
      `${SERVER}${APP} const app = Fastify(); app.register(async (scope) => { ` +
      'scope.register(mcpPlugin, { server }) }); export default app',
    'a function that makes an app':
      `${SERVER}${APP} export default () => { const app = Fastify(); ` +
      'app.register(mcpPlugin, { server }); return app }',
    'a function with options that makes an app': `${SERVER}${APP} import type { FastifyServerOptions } from 'fastify'
      export default (options: FastifyServerOptions = {}) => {
        const app = Fastify(options); app.register(mcpPlugin, { server }); return app
      }`,
    'a function that needs options to make an app': `${SERVER}${APP} import type { FastifyServerOptions } from 'fastify'
      export default ({ logger = false }: FastifyServerOptions) => {
        const app = Fastify({ logger }); app.register(mcpPlugin, { server }); return app
      }`,
    'a function that makes an app later': `${SERVER}${APP} export default async (options: object, database: object) => {
      const app = Fastify(); await app.register(mcpPlugin, { server }); return app
    }`,
    'a plugin that returns its scope':
      `${SERVER}${APP} export default async (app: FastifyInstance) => { ` +
      'app.register(mcpPlugin, { server }); return app }',
    'an app that listens':
      `${SERVER}${APP} const app = Fastify(); app.register(mcpPlugin, { server }); ` +
      'await app.listen({ port: 0 }); export default app'
  }
  for (const [name, text] of Object.entries(files)) {
    await t.test(name, async (t) => {
      const { url, err, end } = await run(t, text)

      t.equal(err, '')
      t.equal(await echo(url), 'hi\n')
      t.equal(await end(), 0)
    })
  }
})

t.test('each mount of an app is printed', async (t) => {
  const { out } = await run(t, `${SERVER}${APP} export default async (app: FastifyInstance, options: object) => {
    for (const name of ['one', '!']) app.register(mcpPlugin, { prefix: '/' + encodeURIComponent(name), name, server })
  }`)

  t.match(out, /^one {2}http:\/\/127\.0\.0\.1:\d+\/one\/mcp$/m)
  t.match(out, /^! {2}http:\/\/127\.0\.0\.1:\d+\/!\/mcp$/m)
  t.match(out, /claude mcp add --transport http server 'http/)
})

t.test('all pages of lists are printed', async (t) => {
  const { out } = await run(t, `${SERVER.replace("version: '1' }", "version: '1' }, { pageSize: 1 }")}
    for (const name of ['b', 'c']) server.registerTool(name, {}, async () => name)
    export default server`)

  t.match(out, '\nTools\n  echo  Says it.\n  b\n  c\n\nClients\n')
})

t.test('--prefix and --path set the path', async (t) => {
  const ends = async (text: string, settings: Partial<DevSettings>): Promise<string> =>
    new URL((await run(t, text, settings)).url).pathname
  const plugin =
    `${SERVER}${APP} export default async (app: FastifyInstance, options: object) => { ` +
    'app.register(mcpPlugin, { server }) }'

  t.equal(await ends(`${SERVER} export default server`, { prefix: '/v1', path: '/notes' }), '/v1/notes')
  t.equal(await ends(`${V1} export default create`, { prefix: '/v2', path: '/' }), '/v2')
  t.equal(await ends(plugin, { prefix: '/v3' }), '/v3/mcp')
})

t.test('--export names the export to run', async (t) => {
  const { url } = await run(t, `${SERVER} export const notes = server`, { exported: 'notes' })

  t.equal(await echo(url), 'hi\n')
})

t.test('without --export the usual names are found, the default export first', async (t) => {
  const app = 'const app = Fastify(options); app.register(mcpPlugin, { server: notes }); return app'
  for (const exports of [
    'export const mcp = notes',
    'export { notes as server }',
    'export const server = undefined, app = Fastify(); app.register(mcpPlugin, { server: notes })',
    `export function buildApp (options = {}) { ${app} }`,
    `export const createApp = async ({ logger = false } = {}) => { const options = { logger }; ${app} }`,
    "export default notes; export const mcp = new McpServer({ name: 'Other', version: '1' })"
  ]) {
    const { out, err, end } = await run(t, `${SERVER.replaceAll('server', 'notes')}${APP}${exports}`)

    t.equal(err, '', exports)
    t.ok(out.startsWith('My Notes!  http'), exports)
    await end()
  }
})

t.test('each call is printed with its outcome, its duration and the client, in both eras', async (t) => {
  const { url, out, waitFor, ...running } = await run(t, `${SERVER}
    import { ToolError } from 'fastify-mcp-mount'
    server.registerTool('fail', {}, async () => { throw new ToolError('Out of\\nstock: \\u001b[2Jbike.') })
    server.registerResource('all', 'notes://all', {}, async () => '')
    server.registerPrompt('greet', {}, async () => 'Hello')
    export default server`)
  t.notMatch(out, 'this app')
  const inspect = async (...args: string[]): Promise<number> =>
    await runProgram(['inspect', url, ...args], createTestTerminal().terminal)

  await inspect('call', 'echo', '--arg', 'text=hi')
  await inspect('call', 'echo', '{"text":1}', '--era', 'legacy')
  await inspect('call', 'fail')
  await inspect('call', 'none')
  await inspect('read', 'notes://all')
  await inspect('prompt', 'greet')
  await waitFor(/^prompt greet/m)

  const lines = running.lines().map((line) => line.replace(/ +\d+ ms/, '  # ms'))
  const modern = `fastify-mcp-mount ${version}, modern`
  t.same(lines, [
    `echo                  ok  # ms  ${modern}`,
    `echo                  failed  # ms  fastify-mcp-mount ${version}, legacy  ` +
      'Invalid arguments for tool echo: /text must be string',
    `fail                  failed  # ms  ${modern}  Out of stock: bike.`,
    `none                  refused  # ms  ${modern}  Unknown tool: none (-32602)`,
    `read notes://all      ok  # ms  ${modern}`,
    `prompt greet          ok  # ms  ${modern}`
  ])
})

t.test('a restart prints the changes since the previous run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const report = join(folder, 'report.json')
  const add = (name: string, description = ''): string =>
    `server.registerTool('${name}', { description: '${description}' }, async () => '')\n`
  const first = await run(t, `${SERVER}${add('old')}${add('same')}${add('edited')} export default server`, { report })
  await first.end()

  const second = createTestTerminal()
  const file = writeServer(t, `${SERVER}${add('new')}${add('same')}${add('edited', 'Better.')} export default server`)
  const code = runDevServer(settingsFor(file, { report }), second.terminal)
  await second.waitFor(/ - tool/)
  second.signal('SIGTERM')

  t.equal(await code, 0)
  t.match(second.out, /^Restarted My Notes! {2}http\S+\n {2}\+ tool new\n {2}~ tool edited\n {2}- tool old\n$/)
})

t.test('a CommonJS file is run', async (t) => {
  const file = join(t.testdir(), 'server.cjs')
  writeFileSync(
    file,
    `exports.__esModule = true
    exports.default = import('fastify-mcp-mount').then(({ McpServer }) => {
      return new McpServer({ name: 'Notes', version: '1' })
    })`
  )
  const test = createTestTerminal()
  const code = runDevServer(settingsFor(file), test.terminal)

  await Promise.race([test.waitFor(/Ctrl-C/), code])
  test.signal('SIGINT')

  t.equal(test.err, '')
  t.equal(await code, 0)
})

t.test('the error of a file that fails has the line', async (t) => {
  t.match(
    await fail(t, "throw new Error('no \\u001b[2Jdatabase')"),
    /^server\.ts failed:\nError: no database\n {4}at .*server\.ts:1:7\)?\n/
  )
  t.match(await fail(t, 'export default = 1'), /^server\.ts failed:\nSyntaxError: Unexpected token '='/)
  t.equal(await fail(t, "throw 'text'"), 'server.ts failed:\ntext\n')
  const lifespan = "version: '1' }, { lifespan: async () => { throw new Error('away') } }"
  const failing = SERVER.replace("version: '1' }", lifespan)
  t.match(await fail(t, `${failing} export default server`), /^server\.ts failed:\nError: away\n/)
})

t.test('the error of a missing export lists the exports', async (t) => {
  t.equal(
    await fail(t, 'export const a = 1, b = 2'),
    'server.ts has no default export, and none named mcp, server, app, createApp, buildApp. ' +
      'It exports a, b; choose one of them with --export <name>.\n'
  )
  t.equal(
    await fail(t, 'export default 1', { exported: 'notes' }),
    "server.ts exports no 'notes'. It exports default; choose one of them with --export <name>.\n"
  )
  t.equal(
    await fail(t, 'console.error.name'),
    'server.ts has no default export, and none named mcp, server, app, createApp, buildApp. ' +
      "It exports nothing; write 'export default' before its server.\n"
  )
})

t.test('the error of an export that is not a server says what is expected', async (t) => {
  t.match(
    await fail(t, 'export default { a: 1 }'),
    /option 'server' cannot be mounted; pass new McpServer/
  )
  t.match(await fail(t, 'export default class Notes {}'), /option 'server' is a class, not an instance of it/)
  t.match(
    await fail(t, 'export default class Notes { constructor (a: number, b: number) {} }'),
    /option 'server' is a class, not an instance of it/
  )
})

t.test('a plugin or an app that mounts no server is refused', async (t) => {
  const message =
    'server.ts mounts no MCP server: register the plugin of fastify-mcp-mount in what it exports, or export the ' +
      'server itself.\n'

  t.equal(await fail(t, 'export default async (app: object, options: object) => {}'), message)
  t.equal(await fail(t, 'export default async (app: object) => {}'), message)
  t.equal(await fail(t, `${APP} export default Fastify()`), message)
})

t.test('an option that has no meaning for the export is refused', async (t) => {
  const plugin =
    `${SERVER}${APP} export default async (app: FastifyInstance) => { app.register(mcpPlugin, { ` +
    'server }) }'
  const message = (option: string, what: string): string =>
    `--${option} has no meaning for ${what}, which is what server.ts exports: set it there.\n`

  t.equal(await fail(t, `${APP} export default Fastify()`, { prefix: '/a' }), message('prefix', 'an app'))
  t.equal(await fail(t, `${APP} export default Fastify()`, { path: '/a' }), message('path', 'an app'))
  t.equal(
    await fail(t, `${APP} export default () => Fastify()`, { prefix: '/a' }),
    message('prefix', 'a function that makes an app')
  )
  t.equal(await fail(t, plugin, { path: '/a' }), message('path', 'a plugin'))
  t.equal(
    await fail(t, plugin.replace('FastifyInstance)', 'FastifyInstance, options: object)'), { path: '/a' }),
    message('path', 'a plugin')
  )
})

t.test('a port in use and an unknown host are reported', async (t) => {
  const { url } = await run(t, `${SERVER} export default server`)
  const port = Number(new URL(url).port)

  t.equal(
    await fail(t, `${SERVER} export default server`, { port }),
    `Port ${port} is in use. Stop the other process, or choose another port with --port.\n`
  )
  t.match(
    await fail(t, `${SERVER} export default server`, { host: 'nowhere.invalid' }),
    /^Cannot listen on nowhere\.invalid: .+\.\n$/
  )
})

t.test('the log of a tool that fails has the line', async (t) => {
  const { url, waitFor } = await run(
    t,
    `${SERVER.replace('async ({ text }) => text', "async () => { throw new Error('no database') }")} export ` +
      'default server'
  )

  t.match(await echo(url), /^Error executing tool echo \(error id [\w-]+\)\n$/)
  await waitFor(/^error: executing tool echo failed errorId="[\w-]+"\nError: no database\n {4}at .*server\.ts:/m)
})

t.test('a log line is printed with its level, message and fields', async (t) => {
  const test = createTestTerminal()
  const log = createDevLog(test.terminal)

  log.write('{"level":40,"time":1,"pid":2,"hostname":"h","host":"evil\\u001b[2J.example","msg":"refused"}')
  log.write('{"level":30,"time":1}')
  log.write('{"level":60,"msg":"down","err":{"message":"bad","stack":"Error: bad\\n    at node:x"}}')

  t.equal(test.err, 'warning: refused host="evil\\u001b[2J.example"\ninfo:\nfatal: down\nError: bad\n')
})

t.test('with --stdio a single client is served until its input ends', async (t) => {
  const test = createTestTerminal()
  const text = `${SERVER} console.log('written while it is loaded'); export default server`
  const code = runDevServer(settingsFor(writeServer(t, text), { stdio: true }), test.terminal)

  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } }
  test.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`)
  await test.waitFor(/"id":1/)
  test.stdin.end()

  t.equal(await code, 0)
  t.match(JSON.parse(test.out), { jsonrpc: '2.0', id: 1, result: { serverInfo: { name: 'My Notes!' } } })
})

t.test('with --stdio a signal ends the run', async (t) => {
  const test = createTestTerminal()
  const code = runDevServer(
    settingsFor(writeServer(t, `${SERVER} export default server`), { stdio: true }),
    test.terminal
  )
  test.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
  await test.waitFor(/"id":1/)

  test.signal('SIGTERM')

  t.equal(await code, 0)
})

t.test('with --stdio only a server can be served', async (t) => {
  const message = (what: string): string =>
    `--stdio serves a server, and server.ts exports ${what}: export the server, too, and name it with --export.\n`

  t.equal(await fail(t, `${APP} export default Fastify()`, { stdio: true }), message('an app'))
  t.equal(await fail(t, 'export default (app: object, options: object) => {}', { stdio: true }), message('a plugin'))
  t.match(await fail(t, 'export default 1', { stdio: true }), /option 'server' cannot be mounted/)
})

t.test('a restart prints all that a server of a new name offers', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const test = createTestTerminal()
  const report = join(folder, 'report.json')
  writeFileSync(report, '[]')
  const file = writeServer(t, `${SERVER} export default server`)
  const code = runDevServer(settingsFor(file, { report }), test.terminal)
  await test.waitFor(/ \+ tool/)
  test.signal('SIGTERM')

  t.equal(await code, 0)
  t.match(test.out, /^Restarted My Notes! {2}http\S+\n {2}\+ tool echo\n$/)
})
