import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { run } from './support/child.ts'
import { problemsOf } from './support/type-check.ts'

t.setTimeout(120_000)

type File = readonly [name: string, code: string]
interface Package { readonly exports: Readonly<Record<string, string | { readonly default: string }>> }

const root = fileURLToPath(new URL('../', import.meta.url))
// getting-started.test.ts follows one of them to the letter.
const all = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const pages = all.filter((name) => name !== 'getting-started.md')

// By the names of the files that they are written to.
function blocksOf (page: string): File[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ''], index) => [
    `${basename(page, '.md')}-${index + 1}.ts`, `${code}\nexport {}\n`
  ])
}

// By the descriptor: what is served on stdio keeps stdout for itself.
const END = "const { writeSync } = await import('node:fs')\nwriteSync(1, 'ran\\n')\nprocess.exit()\n"

// What the examples of doc comments may use, besides what their own entry point and the main one export.
const GIVEN = `import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import Fastify, { type FastifyInstance } from 'fastify'
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { test } from 'node:test'
import mcpPlugin, { type RequestContext } from 'fastify-mcp-mount'
declare const app: FastifyInstance
declare const notes: McpServer
declare const server: McpServer
declare const ctx: RequestContext
declare const token: string
declare const createMyBuses: () => never
declare const createMyClusters: () => never
declare const createMyStores: () => never
`

// Those of the API reference; of options they stand in a table, on one line.
async function readExamples (): Promise<File[]> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package
  const files: File[] = []
  let main = ''
  for (const [entry, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue
    const { default: _, ...values } = await import(target.default.replace(/^\.\/dist\/(.*)\.js$/, '../lib/$1.ts'))
    const own = `import { ${Object.keys(values).join(', ')} } from 'fastify-mcp-mount${entry.slice(1)}'\n`
    main ||= own
    const page = entry === '.' ? 'index' : entry.slice(2)
    const text = readFileSync(join(root, `docs/api/${page}.md`), 'utf8')
    const examples = [...text.matchAll(/^#+ Example\n\n```ts\n([\s\S]*?)^```|\*\*Example\*\* `([^`]*)`/gm)].map(([, code, line = '']) => code ?? line.replaceAll('\\|', '|'))
    files.push(...examples.map((code, index): File => [`api-${page}-${index + 1}.ts`, complete(code, own === main ? main : main + own)]))
  }
  return files
}

// An example that imports something imports all that it needs.
function complete (code: string, imports: string): string {
  return /^import /m.test(code) ? code : `${GIVEN}${imports}async function example () {\n${code}\n}\n`
}

t.test('the code of all pages, and of all doc comments, has the types that it needs', async (t) => {
  const examples = await readExamples()
  const files = [...pages.flatMap(blocksOf), ...examples]
  const directory = t.testdir(Object.fromEntries(files))

  t.ok(examples.length > 20)
  t.same(problemsOf(files.map(([name]) => join(directory, name))), [])
})

// What is served on stdio has the standard streams of a process for itself.
const takesStdio = ([, code]: File): boolean => code.includes("'fastify-mcp-mount/stdio'")

// Where a block is about tests, an error would be taken for that of a test, which ends nothing.
const importOf = ([name]: File): string =>
  `console.error('running ${name}')\nawait import('./${name}').catch((error) => { console.error(error); process.exit(1) })\n`

t.test('the code of all pages runs, one block after the other, and prints what its comments say', async (t) => {
  const files = pages.flatMap(blocksOf)
  const groups = [files.filter((file) => !takesStdio(file)), ...files.filter(takesStdio).map((file) => [file])]
  const mains = groups.map((group, index): File => [`main-${index}.ts`, group.map(importOf).join('') + END])
  const directory = t.testdir(Object.fromEntries([...files, ...mains]))
  const promised = files.flatMap(([, code]) => [...code.matchAll(/^console\.log\(.*\) \/\/ (.+)$/gm)].map(([, output = '']) => output))

  const printed: string[] = []
  for (const [name] of mains) {
    const { lines, ended } = await run(t, join(directory, name), { cwd: directory, env: { PORT: '0' }, until: { line: /^ran$/, times: 1 } })
    t.same(await ended, { code: 0, signal: null })
    printed.push(...lines)
  }

  t.ok(groups.length > 1)
  t.ok(promised.length > 0)
  t.same(promised.filter((output) => !printed.includes(output)), [])
})

/** What says whether code of a language is well-formed, by its exit code; it gets the name of a file. */
const CHECKERS: Readonly<Record<string, readonly string[]>> = {
  js: [process.execPath, '--check'],
  json: [process.execPath, '-e', 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))'],
  python: ['python3', '-c', 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")'],
  sh: ['bash', '-n']
}

for (const [language, [program = '', ...args]] of Object.entries(CHECKERS)) {
  const isMissing = process.env['CI'] !== 'true' && spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined
  t.test(`the code of all pages in ${language} is well-formed`, { skip: isMissing && `not installed: ${program}` }, async (t) => {
    const texts = [...all.map((page) => `docs/${page}`), 'README.md', 'examples/README.md'].map((page) => readFileSync(join(root, page), 'utf8'))
    const blocks = texts.flatMap((text) => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code))
    const directory = t.testdir(Object.fromEntries(blocks.map((code, index) => [`${index}.${language}`, code])))

    t.ok(blocks.length > 0)
    for (const name of readdirSync(directory)) {
      const { status, stderr } = spawnSync(program, [...args, join(directory, name)], { encoding: 'utf8' })
      t.equal(status, 0, stderr)
    }
  })
}

t.test('every page is linked from the README', async (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')

  t.same([...all, 'api/README.md'].filter((page) => !readme.includes(`docs/${page}`)), [])
})
