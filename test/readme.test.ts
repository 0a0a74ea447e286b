import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { McpServer } from '../lib/index.ts'
import { resolveOptions } from '../lib/http/resolve-options.ts'
import { run, runInShell } from './support/child.ts'
import { problemsOf } from './support/type-check.ts'

// Every block is run in a process of its own, and the example makes two databases.
t.setTimeout(600_000)

interface Block { readonly language: string, readonly code: string, readonly line: number }

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

const blocks: readonly Block[] = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(({ 1: language = '', 2: code = '', index }) => ({
  language, code, line: readme.slice(0, index).split('\n').length
}))
const examples = blocks.filter(({ language }) => language === 'ts')
const [first, ...later] = examples
const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.replaceAll('\\\n', ' ').split(/\n(?! )/)).filter((line) => line !== '')

// Later blocks go on from the first one, but listen nowhere.
const BEFORE = `import Fastify from 'fastify'
import mcpPlugin, { completable, ErrorCode, jwtVerifier, McpServer, ResourceTemplate, RpcError, ToolError, Type } from 'fastify-mcp-mount'

const notes = new McpServer({ name: 'Notes', version: '1.0.0' })
notes.registerTool('add_note', { inputSchema: Type.Object({ text: Type.String() }) }, async ({ text }) => \`Saved: \${text}\`)
const tasks = new McpServer({ name: 'Tasks', version: '1.0.0' })
const app = Fastify()
`
const AFTER = `
await app.ready()
await app.close()
const other = Fastify().register(mcpPlugin, { server: notes })
const { statusCode } = await other.inject({
  method: 'POST',
  url: '/mcp',
  headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
  body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } } }
})
console.log('status', statusCode)
`

function complete ({ code }: Block): string {
  return code.includes('import Fastify') ? code : `${BEFORE}${code}${AFTER}`
}

t.test('the first block of code is the example to begin with, and fits on a screen', async (t) => {
  t.match(first?.code, /import Fastify/)
  t.ok((first?.code.split('\n').length ?? 0) < 20)
  t.ok(readme.split('\n').length < 300)
})

t.test('every block is of a language that is checked here', async (t) => {
  t.same(new Set(blocks.map(({ language }) => language)), new Set(['sh', 'ts', 'json']))
})

t.test('every block of code has the types that it needs', async (t) => {
  const files = Object.fromEntries(examples.map((block) => [`line-${block.line}.ts`, complete(block)]))
  const directory = t.testdir(files)

  t.same(problemsOf(Object.keys(files).map((file) => join(directory, file))), [])
})

t.test('the first example serves both of its servers', async (t) => {
  const directory = t.testdir({ 'example.ts': first?.code.replace(/port: \d+/, 'port: 0') ?? '' })
  const { lines } = await run(t, join(directory, 'example.ts'), { until: { line: /listens at/, times: 2 } })
  const urls = lines.flatMap((line) => /listens at ([^"]+)/.exec(line)?.[1] ?? [])

  const names = await Promise.all(urls.map(async (url) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'readme', version: '1.0.0' } } })
    })
    const { result } = await response.json() as { result: { serverInfo: { name: string } } }
    return [new URL(url).pathname, result.serverInfo.name]
  }))

  t.same(names, [['/notes/mcp', 'Notes'], ['/tasks/mcp', 'Tasks']])
})

for (const block of later) {
  t.test(`the block at line ${block.line} runs, and prints what its comments say`, async (t) => {
    const directory = t.testdir({ 'block.ts': complete(block) })
    const promised = [...block.code.matchAll(/^console\.log\(.*\) \/\/ (.+)$/gm)].map(([, output]) => output)

    const { lines, ended } = await run(t, join(directory, 'block.ts'), { cwd: directory, until: { line: /^status/, times: 1 } })

    t.same(lines, [...promised, 'status 200'])
    t.same(await ended, { code: 0, signal: null })
  })
}

t.test('every JSON block parses, and names an endpoint of the example', async (t) => {
  for (const { code } of blocks.filter(({ language }) => language === 'json')) {
    t.match(JSON.stringify(JSON.parse(code)), '"url":"http://127.0.0.1:8000/notes/mcp"')
  }
})

t.test('the npm commands are of scripts that there are', async (t) => {
  const names = commands.flatMap((command) => [...command.matchAll(/\bnpm (?:run )?([\w:]+)/g)].map(([, name = '']) => name))

  t.same(names.filter((name) => !['ci', 'install'].includes(name) && scripts[name] === undefined), [])
  t.ok(commands.includes('npm ci && npm start'))
  t.ok(commands.includes('npm ci && npm test'))
})

t.test('the commands for clients work with the example', async (t) => {
  const { lines } = await run(t, 'examples/notes-and-tasks.ts', { env: { PORT: '0', DATA_DIR: t.testdir() }, until: { line: /^curl /, times: 2 } })
  const endpoints = lines.flatMap((line) => /^MCP endpoint (\S+)$/.exec(line)?.[1] ?? [])
  const origin = new URL(endpoints[0] ?? '').origin
  const urls = commands.flatMap((command) => /http:\/\/127\.0\.0\.1:8000\S*/.exec(command)?.[0] ?? [])
  const curls = commands.filter((command) => command.startsWith('curl '))

  const answers = await Promise.all(curls.map((command) => runInShell(command.replace('http://127.0.0.1:8000', origin))))

  t.ok(urls.length >= 3)
  t.same(urls.filter((url) => !endpoints.includes(url.replace('http://127.0.0.1:8000', origin))), [])
  t.match(answers.map((answer) => JSON.parse(answer)), [{ result: { content: [{ type: 'text', text: 'Saved note 1 as note://shopping/1' }, { type: 'resource_link', uri: 'note://shopping/1' }] } }])
})

t.test('the table of options has every option with its default', async (t) => {
  const rows = [...readme.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name = '', fallback = '']) => ({ name, fallback }))
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  const defaults = resolveOptions({ server })
  let message = ''
  try {
    resolveOptions({ server, pth: '/mcp' } as { server: McpServer })
  } catch (error) {
    message = String(error)
  }

  t.same(rows.map(({ name }) => name).sort(), message.replace(/.*the options are (.*); did you mean 'path'\?$/, '$1').split(', ').sort())
  for (const { name, fallback } of rows.filter(({ fallback }) => fallback.startsWith('`'))) {
    t.same(JSON.parse(fallback.replaceAll('`', '').replaceAll("'", '"')), defaults[name as keyof typeof defaults], `the default of ${name}`)
  }
  t.same(rows.filter(({ fallback }) => !fallback.startsWith('`')).map(({ name }) => name), [
    'server', 'name', 'publicUrl', 'auth', 'routes', 'hooks', 'maxSessionsPerPrincipal', 'maxSessionsPerAddress', 'maxStreamsPerPrincipal',
    'maxStreamsPerAddress', 'maxCallsInFlightPerPrincipal', 'maxCallsInFlightPerAddress', 'maxWatchedPerPrincipal', 'maxWatchedPerAddress',
    'eventStore', 'cluster', 'retryInterval', 'constraints', 'logLevel'
  ])
})

// Anchors are made as GitHub makes them of headings; the API reference writes its own.
function anchorsOf (file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-'))
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)]
}

t.test('every link within the project leads to a file, and to a heading in it', async (t) => {
  const pages = ['README.md', 'CHANGELOG.md', 'examples/README.md', 'benchmarks/README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
  const broken = pages.flatMap((page) => [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    const [path = '', anchor] = link.split('#')
    const file = path === '' ? join(root, page) : join(root, dirname(page), path)
    const leads = existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor))
    return leads ? [] : [`${page}: ${link}`]
  }))

  t.same(broken, [])
})
