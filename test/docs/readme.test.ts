import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { readResults } from '../../benchmarks/results.ts'
import { run } from '../support/child.ts'
import { allPages, readme, readmeBlocks as blocks, readmeCommands, root } from './code.ts'

// Every block is run in a process of its own.
t.setTimeout(600_000)

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

const examples = blocks.filter(({ language }) => language === 'ts')

t.test('the blocks of code are a server and routes to begin with, and each fits on a screen', async (t) => {
  t.equal(examples.length, 2, 'no test runs another block')
  for (const { code } of examples) {
    t.match(code, /import Fastify/)
    t.ok(code.trim().split('\n').length < 15)
  }
  t.ok(readme.split('\n').length < 150)
})

t.test('every block is of a language that is checked here', async (t) => {
  t.same(new Set(blocks.map(({ language }) => language)), new Set(['sh', 'ts', 'json']))
})

for (const [index, name] of ['Notes', 'Shop'].entries()) {
  t.test(`the example ${name} serves its server at the URL in its comment`, async (t) => {
    const code = examples[index]?.code ?? ''
    const directory = t.testdir({ 'example.ts': code.replace(/port: \d+/, 'port: 0') })
    const { lines } = await run(t, join(directory, 'example.ts'), { until: { line: /listens at/, times: 1 } })
    const urls = lines.flatMap((line) => /listens at ([^"]+)/.exec(line)?.[1] ?? [])
    const promised = /the endpoint is (\S+)/.exec(code)?.[1]

    const names = await Promise.all(urls.map(async (url) => [new URL(url).pathname, await nameServer(url)]))

    t.same(names, [[new URL(String(promised)).pathname, name]])
  })
}

async function nameServer (url: string): Promise<string> {
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
  const { result } = await response.json() as { readonly result: { readonly serverInfo: { readonly name: string } } }
  return result.serverInfo.name
}

t.test('every JSON block parses, and names an endpoint of the example', async (t) => {
  for (const { code } of blocks.filter(({ language }) => language === 'json')) {
    t.match(JSON.stringify(JSON.parse(code)), '"url":"http://127.0.0.1:8000/notes/mcp"')
  }
})

t.test('the npm commands are of scripts that there are', async (t) => {
  const names = readmeCommands.flatMap((command) =>
    [...command.matchAll(/\bnpm (?:run )?([\w:]+)/g)].map(([, name = '']) => name)
  )

  t.same(names.filter((name) => !['ci', 'install'].includes(name) && scripts[name] === undefined), [])
  t.ok(readmeCommands.includes('npm ci && npm start'))
  t.ok(readmeCommands.includes('npm ci && npm test'))
})

t.test('the speed is what was measured', async (t) => {
  const { scenarios } = readResults(join(root, 'benchmarks/results.json')) ?? { scenarios: [] }
  const { rows = [] } = scenarios.find(({ name }) => name === 'modern tools/call') ?? {}
  const rateOf = (name: string): number =>
    rows.find(({ contender }) => contender === name)?.figures['requests/s'] ?? NaN
  const [, claimed] = /runs at (\d+) % of the speed of a bare Fastify route/.exec(readme) ?? []

  t.equal(Number(claimed), Math.round(100 * rateOf('fastify-mcp-mount') / rateOf('bare Fastify route')))
})

t.test('every picture has a description', async (t) => {
  const pictures = [...readme.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)]

  t.ok(pictures.length >= 2)
  t.same(pictures.filter(([, description = '']) => description.length < 20), [])
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
