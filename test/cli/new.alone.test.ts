import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { runProgram } from '../../lib/cli/program.ts'
import { LOADER, run } from '../support/child.ts'
import { findPort } from '../support/free-port.ts'
import { problemsOf } from '../support/type-check.ts'
import { createTestTerminal, type TestTerminal } from './terminal.ts'

// The compiler checks eight projects, and loads all types of the package first.
t.setTimeout(300_000)

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { version, dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

const FILES = [
  '.github/workflows/ci.yml',
  '.gitignore',
  'README.md',
  'package.json',
  'src/app.ts',
  'src/config.ts',
  'src/main.ts',
  'src/server.ts',
  'test/config.test.ts',
  'test/server.test.ts',
  'test/tsconfig.json',
  'tsconfig.json'
]
const DOCKER_FILES = ['.dockerignore', 'Dockerfile', 'compose.yaml']

// All sets of features.
const FEATURES = ['', 'auth', 'redis', 'docker', 'auth,redis', 'auth,docker', 'redis,docker', 'auth,redis,docker']

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
  t.match(out, /^Wrote my-server\n(?: {2}my-server\/\S+\n){12}\nNext\n/)
  t.ok(out.endsWith('\nNext\n  cd my-server\n  npm install\n  npm test\n  npm run dev\n'))
})

t.test('the dependencies are this package and the versions that it was tested with', async (t) => {
  const cwd = t.testdir()
  await create(cwd, 'my-server')

  const manifest = JSON.parse(readFileSync(join(cwd, 'my-server/package.json'), 'utf8'))

  t.equal(manifest.name, 'my-server')
  t.same(manifest.dependencies, { fastify: devDependencies.fastify, 'fastify-mcp-mount': `^${version}` })
  for (const [name, range] of Object.entries(manifest.devDependencies)) t.equal(range, devDependencies[name], name)
  for (const file of FILES) t.notMatch(readFileSync(join(cwd, 'my-server', file), 'utf8'), /(?<!\$)\{\{/, file)
})

t.test('each set of features is a project whose types are right and whose tests pass', async (t) => {
  const cwd = t.testdir()
  symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'))
  for (const features of FEATURES) {
    const name = `with-${features.replaceAll(',', '-')}`
    const { code, err } = await create(cwd, name, '--name', 'my-server', ...features === '' ? [] : ['--with', features])

    t.same([code, err], [0, ''], features)
    t.same(listFiles(join(cwd, name)), [
      ...FILES,
      ...features.includes('auth') ? ['test/auth.test.ts'] : [],
      ...features.includes('docker') ? DOCKER_FILES : []
    ].sort(), features)
  }

  const files = listFiles(cwd).filter((file) => file.endsWith('.ts')).map((file) => join(cwd, file))
  t.same(problemsOf(files), [])
  t.same(files.filter((file) => /[{#] ?#|, *\n\s*}/.test(readFileSync(file, 'utf8'))), [])

  // One process for all: most of the time goes into loading this package.
  const tests = files.filter((file) => file.endsWith('.test.ts'))
  writeFileSync(join(cwd, 'all.js'), tests.map((file) => `import ${JSON.stringify(pathToFileURL(file))}\n`).join(''))
  const { NODE_TEST_CONTEXT, ...env } = process.env
  const args = [...LOADER, '--test-reporter', 'tap', join(cwd, 'all.js')]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, env })

  // `auth` has one test of the configuration and one of the app, `redis` one of the configuration.
  t.match(stdout, new RegExp(`^# pass ${8 * FEATURES.length + 2 * 4 + 4}$`, 'm'))
  t.match(stdout, /^# fail 0$/m)
})

t.test('the features have their packages, and their variables are explained', async (t) => {
  const cwd = t.testdir()
  await create(cwd, 'my-server', '--with', 'redis', '--with', 'auth, docker')
  const read = (file: string): string => readFileSync(join(cwd, 'my-server', file), 'utf8')

  const manifest = JSON.parse(read('package.json'))
  t.equal(manifest.dependencies.ioredis, devDependencies.ioredis)
  t.equal(manifest.devDependencies.jose, dependencies.jose)
  for (const file of listFiles(join(cwd, 'my-server'))) t.notMatch(read(file), /#(?:with|without|end)\b/, file)
  for (const name of [
    'HOST', 'PORT', 'PUBLIC_URL', 'ALLOWED_HOSTS', 'LOG_LEVEL', 'MCP_STATE_KEY', 'REDIS_URL', 'AUTH_ISSUER'
  ]) {
    t.match(read('README.md'), `\`${name}\``, name)
  }
  t.match(read('Dockerfile'), /^RUN npm ci$/m)
  t.match(read('Dockerfile'), /^HEALTHCHECK /m)
  t.match(read('compose.yaml'), 'REDIS_URL: redis://redis:6379')
  t.match(read('.github/workflows/ci.yml'), '- run: npm ci')
})

t.test('the app runs with its settings from the environment, until SIGTERM', async (t) => {
  const cwd = t.testdir()
  await create(cwd, 'my-server', '--with', 'redis,auth')
  const project = join(cwd, 'my-server')
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'))
  const port = await findPort()
  const main = join(project, 'src/main.ts')

  const { lines, stop } = await run(t, main, {
    env: { PORT: String(port), PUBLIC_URL: 'https://mcp.example.com', MCP_STATE_KEY: 'k'.repeat(32) },
    until: { line: /listens at/, times: 1 }
  })

  t.match(lines.at(-1), 'MCP server my-server listens at https://mcp.example.com/mcp')
  t.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
  t.match(await stop('SIGTERM'), { code: 0 })
})

t.test('an unknown feature is refused before anything is written', async (t) => {
  const cwd = t.testdir()

  const { code, err } = await create(cwd, 'my-server', '--with', 'auth,kubernetes')

  t.equal(code, 2)
  t.match(err, "fastify-mcp-mount: --with has 'kubernetes', and takes auth, redis, docker\n")
  t.same(readdirSync(cwd), [])
})

t.test('an empty folder is accepted, also the current one', async (t) => {
  const cwd = join(t.testdir(), 'here')
  mkdirSync(cwd)

  const { code, out } = await create(cwd, '.', '--name', '@me/my-server')

  t.equal(code, 0)
  t.match(out, /^Wrote @me\/my-server\n {2}\.github\/workflows\/ci\.yml\n/)
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
