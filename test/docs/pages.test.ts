import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../support/child.ts'
import { allPages, pageFiles, readme, root, type File } from './code.ts'

t.setTimeout(120_000)

// By the descriptor, because a server on stdio keeps stdout for itself.
const END = "const { writeSync } = await import('node:fs')\nwriteSync(1, 'ran\\n')\nprocess.exit()\n"

// A server on stdio has the standard streams of a process for itself.
const takesStdio = ([, code]: File): boolean => code.includes("'fastify-mcp-mount/stdio'")

// Where a block is about tests, an error would be taken for that of a test, which ends nothing.
const importOf = ([name]: File): string =>
  `console.error('running ${name}')\nawait import('./${name}').catch((error) => ` +
    '{ console.error(error); process.exit(1) })\n'

t.test('the code of all pages runs, one block after the other, and prints what its comments say', async (t) => {
  const files = pageFiles()
  const groups = [files.filter((file) => !takesStdio(file)), ...files.filter(takesStdio).map((file) => [file])]
  const mains = groups.map((group, index): File => [`main-${index}.ts`, group.map(importOf).join('') + END])
  const directory = t.testdir(Object.fromEntries([...files, ...mains]))
  const promised = files.flatMap(([, code]) =>
    [...code.matchAll(/^console\.log\(.*\) \/\/ (.+)$/gm)].map(([, output = '']) => output)
  )

  const printed: string[] = []
  for (const [name] of mains) {
    const { lines, ended } = await run(t, join(directory, name), {
      cwd: directory,
      env: { PORT: '0' },
      until: { line: /^ran$/, times: 1 }
    })
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
  const isMissing =
    process.env['CI'] !== 'true' && spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined
  t.test(`the code of all pages in ${language} is well-formed`, { skip: isMissing && `not installed: ${program}` }, async (t) => {
    const texts = [...allPages.map((page) => `docs/${page}`), 'README.md', 'examples/README.md'].map((page) =>
      readFileSync(join(root, page), 'utf8')
    )
    const blocks = texts.flatMap((text) =>
      [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code)
    )
    const directory = t.testdir(Object.fromEntries(blocks.map((code, index) => [`${index}.${language}`, code])))

    t.ok(blocks.length > 0)
    for (const name of readdirSync(directory)) {
      const { status, stderr } = spawnSync(program, [...args, join(directory, name)], { encoding: 'utf8' })
      t.equal(status, 0, stderr)
    }
  })
}

t.test('every page leads to the next one by its title, in the order of the README', async (t) => {
  const guide = readme.slice(readme.indexOf('## The guide'))
  const order = [...guide.matchAll(/\]\(docs\/([\w-]+\.md)\)/g)].map(([, page = '']) => page)
  const titleOf = (page: string): string => /^# (.+)/.exec(readFileSync(join(root, 'docs', page), 'utf8'))?.[1] ?? ''
  const nextOf = (page: string): string =>
    readFileSync(join(root, 'docs', page), 'utf8').trimEnd().split('\n').at(-1) ?? ''

  t.same([...order].sort(), [...allPages].sort())
  for (const [index, page] of order.entries()) {
    const next = order[(index + 1) % order.length] ?? ''
    // docs/api.md is copied into the reference, where links to pages of the guide would lead elsewhere.
    if (page !== 'api.md') t.equal(nextOf(page), `Next: [${titleOf(next)}](${next})`, page)
  }
})

t.test('every source and test that a page names is there', async (t) => {
  const named = allPages.flatMap((page) => {
    const text = readFileSync(join(root, 'docs', page), 'utf8')
    return [...text.matchAll(/`((?:lib|test\/[\w-]+|types|examples|benchmarks)\/[\w./-]+\.(?:ts|js|mjs))`/g)]
      .map(([, file = '']) => ({ page, file }))
  })

  t.ok(named.length > 50)
  t.same(named.filter(({ file }) => !existsSync(join(root, file))), [])
})
