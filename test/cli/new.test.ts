import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { runProgram } from '../../lib/cli/program.ts'
import { LOADER } from '../support/child.ts'
import { createTestTerminal, type TestTerminal } from './terminal.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { version, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

const FILES = [
  '.dockerignore',
  '.gitignore',
  'Dockerfile',
  'README.md',
  'package.json',
  'src/app.ts',
  'src/main.ts',
  'src/server.ts',
  'test/server.test.ts',
  'test/tsconfig.json',
  'tsconfig.json'
]

async function create (cwd: string, ...args: string[]): Promise<TestTerminal & { readonly code: number }> {
  const test = createTestTerminal({ cwd })
  return Object.assign(test, { code: await runProgram(['new', ...args], test.terminal) })
}

function listFiles (directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort()
}

t.test('a project is written, and the next steps are printed', async (t) => {
  const cwd = t.testdir()

  const { code, out, err } = await create(cwd, 'my-server')

  t.equal(code, 0)
  t.equal(err, '')
  t.same(listFiles(join(cwd, 'my-server')), FILES)
  t.match(out, /^Wrote my-server\n(?: {2}my-server\/\S+\n){11}\nNext\n/)
  t.ok(out.endsWith('\nNext\n  cd my-server\n  npm install\n  npm test\n  npm run dev\n'))
})

t.test('the dependencies are this package and the versions that it was tested with', async (t) => {
  const cwd = t.testdir()
  await create(cwd, 'my-server')

  const manifest = JSON.parse(readFileSync(join(cwd, 'my-server/package.json'), 'utf8'))

  t.equal(manifest.name, 'my-server')
  t.same(manifest.dependencies, { fastify: devDependencies.fastify, 'fastify-mcp-mount': `^${version}` })
  for (const [name, range] of Object.entries(manifest.devDependencies)) t.equal(range, devDependencies[name], name)
  for (const file of FILES) t.notMatch(readFileSync(join(cwd, 'my-server', file), 'utf8'), /\{\{/, file)
})

// The types of the template are checked with those of this repository, which includes it.
t.test('the project passes its own test', async (t) => {
  const cwd = t.testdir()
  await create(cwd, 'my-server')
  const project = join(cwd, 'my-server')
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'))
  const { NODE_TEST_CONTEXT, ...env } = process.env

  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...LOADER, '--test', '--test-reporter', 'tap', 'test/server.test.ts'],
    {
      cwd: project,
      env
    }
  )

  t.match(stdout, /^# pass 4$/m)
  t.match(stdout, /^# fail 0$/m)
})

t.test('an empty folder is accepted, also the current one', async (t) => {
  const cwd = join(t.testdir(), 'here')
  mkdirSync(cwd)

  const { code, out } = await create(cwd, '.', '--name', '@me/my-server')

  t.equal(code, 0)
  t.match(out, /^Wrote @me\/my-server\n {2}\.dockerignore\n/)
  t.match(out, /\nNext\n {2}npm install\n/)
  t.same(listFiles(cwd), FILES)
  t.equal(JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')).name, '@me/my-server')
})

t.test('the name of a folder is quoted in the next steps if a shell needs that', async (t) => {
  const { out } = await create(t.testdir(), 'my folder', '--name', 'my-server')

  t.match(out, /\n {2}cd "my folder"\n/)
})

t.test('a folder that is not empty is not changed', async (t) => {
  const cwd = t.testdir({ full: { 'notes.txt': 'mine' } })

  const { code, out, err } = await create(cwd, 'full')

  t.equal(code, 1)
  t.equal(out, '')
  t.equal(err, `${join(cwd, 'full')} is not empty. Choose another folder, or empty that one.\n`)
  t.same(listFiles(join(cwd, 'full')), ['notes.txt'])
})

t.test('if the folder cannot be created, the error says why', async (t) => {
  const cwd = t.testdir({ file: 'mine' })

  const { code, err } = await create(cwd, 'file/my-server')

  t.equal(code, 1)
  t.match(err, /my-server cannot be written: ENOTDIR: .*\.\n$/)
})

t.test('a name that npm does not allow is refused before anything is written', async (t) => {
  const cwd = t.testdir()

  for (const name of [
    'My-Server',
    '.hidden',
    '_hidden',
    'a b',
    'a/b',
    '@me',
    'node_modules',
    'fastify-mcp-mount',
    'ä',
    'a'.repeat(215)
  ]) {
    const { code, err } = await create(cwd, 'folder', '--name', name)

    t.equal(code, 2, name)
    t.match(err, `fastify-mcp-mount: '${name}' cannot be the name of a package`, name)
  }
  t.same(readdirSync(cwd), [])
})
