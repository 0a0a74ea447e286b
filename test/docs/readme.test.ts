import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { McpServer } from '../../lib/index.ts'
import { resolveOptions } from '../../lib/http/resolve-options.ts'
import { run, runInShell } from '../support/child.ts'
import { allPages, completeBlock, readme, readmeBlocks as blocks, root } from './code.ts'

// Every block is run in a process of its own, and the example makes two databases.
t.setTimeout(600_000)

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

const examples = blocks.filter(({ language }) => language === 'ts')
const [first, ...later] = examples
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split(/\n(?! )/))
  .filter((line) => line !== '')

t.test('the first block of code is the example to begin with, and fits on a screen', async (t) => {
  t.match(first?.code, /import Fastify/)
  t.ok((first?.code.split('\n').length ?? 0) < 20)
  t.ok(readme.split('\n').length < 300)
})

t.test('every block is of a language that is checked here', async (t) => {
  t.same(new Set(blocks.map(({ language }) => language)), new Set(['sh', 'ts', 'json']))
})

t.test('the first example serves both of its servers', async (t) => {
  const directory = t.testdir({ 'example.ts': first?.code.replace(/port: \d+/, 'port: 0') ?? '' })
  const { lines } = await run(t, join(directory, 'example.ts'), { until: { line: /listens at/, times: 2 } })
  const urls = lines.flatMap((line) => /listens at ([^"]+)/.exec(line)?.[1] ?? [])

  const names = await Promise.all(urls.map(async (url) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'readme', version: '1.0.0' } }
      })
    })
    const { result } = await response.json() as { result: { serverInfo: { name: string } } }
    return [new URL(url).pathname, result.serverInfo.name]
  }))

  t.same(names, [['/notes/mcp', 'Notes'], ['/tasks/mcp', 'Tasks']])
})

for (const block of later) {
  t.test(`the block at line ${block.line} runs, and prints what its comments say`, async (t) => {
    const directory = t.testdir({ 'block.ts': completeBlock(block) })
    const promised = [...block.code.matchAll(/^console\.log\(.*\) \/\/ (.+)$/gm)].map(([, output]) => output)

    const { lines, ended } = await run(t, join(directory, 'block.ts'), {
      cwd: directory,
      until: { line: /^status/, times: 1 }
    })

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
  const names = commands.flatMap((command) =>
    [...command.matchAll(/\bnpm (?:run )?([\w:]+)/g)].map(([, name = '']) => name)
  )

  t.same(names.filter((name) => !['ci', 'install'].includes(name) && scripts[name] === undefined), [])
  t.ok(commands.includes('npm ci && npm start'))
  t.ok(commands.includes('npm ci && npm test'))
})

t.test('the commands for clients work with the example', async (t) => {
  const { lines } = await run(t, 'examples/notes-and-tasks.ts', {
    env: { PORT: '0', DATA_DIR: t.testdir() },
    until: { line: /^curl /, times: 2 }
  })
  const endpoints = lines.flatMap((line) => /^MCP endpoint (\S+)$/.exec(line)?.[1] ?? [])
  const origin = new URL(endpoints[0] ?? '').origin
  const urls = commands.flatMap((command) => /http:\/\/127\.0\.0\.1:8000\S*/.exec(command)?.[0] ?? [])
  const curls = commands.filter((command) => command.startsWith('curl '))

  const answers = await Promise.all(
    curls.map((command) => runInShell(command.replace('http://127.0.0.1:8000', origin)))
  )

  t.ok(urls.length >= 3)
  t.same(urls.filter((url) => !endpoints.includes(url.replace('http://127.0.0.1:8000', origin))), [])
  t.match(
    answers.map((answer) => JSON.parse(answer)),
    [
      {
        result: {
          content: [
            { type: 'text', text: 'Saved note 1 as note://shopping/1' },
            { type: 'resource_link', uri: 'note://shopping/1' }
          ]
        }
      }
    ]
  )
})

t.test('the table of options has every option with its default', async (t) => {
  const rows = [...readme.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, name = '', fallback = '']) => ({
    name,
    fallback
  }))
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  const defaults = resolveOptions({ server })
  let message = ''
  try {
    resolveOptions({ server, pth: '/mcp' } as { server: McpServer })
  } catch (error) {
    message = String(error)
  }

  t.same(
    rows.map(({ name }) => name).sort(),
    message
      .replace(/.*the options are (.*); did you mean 'path'\?$/, '$1')
      .split(', ')
      .sort()
  )
  for (const { name, fallback } of rows.filter(({ fallback }) => fallback.startsWith('`'))) {
    t.same(
      JSON.parse(fallback.replaceAll('`', '').replaceAll("'", '"')),
      defaults[name as keyof typeof defaults],
      `the default of ${name}`
    )
  }
  t.same(rows.filter(({ fallback }) => !fallback.startsWith('`')).map(({ name }) => name), [
    'server',
    'name',
    'publicUrl',
    'auth',
    'routes',
    'hooks',
    'maxSessionsPerPrincipal',
    'maxSessionsPerAddress',
    'maxStreamsPerPrincipal',
    'maxStreamsPerAddress',
    'maxCallsInFlightPerPrincipal',
    'maxCallsInFlightPerAddress',
    'maxWatchedPerPrincipal',
    'maxWatchedPerAddress',
    'eventStore', 'cluster', 'retryInterval', 'constraints', 'logLevel'
  ])
})

// Anchors are made as GitHub makes them of headings.
function anchorsOf (file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
  )
}

t.test('every link within the project leads to a file, and to a heading in it', async (t) => {
  const pages = [
    'README.md',
    'CHANGELOG.md',
    'examples/README.md',
    'benchmarks/README.md',
    ...allPages.map((name) => `docs/${name}`)
  ]
  // api-reference.test.ts generates what is in docs/api/.
  const broken = pages.flatMap((page) => [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|(?:docs\/)?api\/)([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    const [path = '', anchor] = link.split('#')
    const file = path === '' ? join(root, page) : join(root, dirname(page), path)
    const leads = existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor))
    return leads ? [] : [`${page}: ${link}`]
  }))

  t.same(broken, [])
})
