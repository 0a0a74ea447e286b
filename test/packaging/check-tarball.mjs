// Installs the packed tarball in an empty project and checks it there the way a user meets it: its contents, its types,
// the modules that importing it loads, the README's first example, run and asked, and the program, which creates a
// project that is tested, run and asked. `node test/packaging/check-tarball.mjs [TARBALL]` packs unless it gets one.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import ts from 'typescript'
import { ask } from './ask.mjs'
import { installedVersion, root, run, tarballFor } from './pack.mjs'

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const project = mkdtempSync(join(tmpdir(), 'tarball-'))
const unwanted = [
  'express',
  'hono',
  '@hono/node-server',
  'zod',
  '@modelcontextprotocol/sdk',
  '@sinclair/typebox',
  '@fastify/cors',
  'eventsource-parser',
  'jose',
  'ioredis'
]
const startTimeout = 30_000
// A Node.js that runs TypeScript without a loader.
const newerNode = join(root, 'test/conformance/node_modules/node-24/bin/node')

process.on('exit', () => rmSync(project, { recursive: true, force: true }))

const tarball = tarballFor(project)
checkContents(tarball)
install(tarball)
checkLoadedModules()
checkEntryPoints()
checkTestClient()

const example = readExample()
checkTypes(example)
await checkExample(example)
await checkProgram(tarball)
console.log('packed tarball: passed')

function checkContents (tarball) {
  const files = run('tar', ['tzf', tarball], project).trim().split('\n').map((file) => file.replace('package/', ''))

  const entryPoints = Object.values(exports)
    .flatMap((entry) => Object.values(entry.types === undefined ? {} : entry))
    .map((file) => file.slice(2))
  for (const file of [
    'README.md', 'LICENSE', 'CHANGELOG.md', 'package.json', ...entryPoints, 'dist/typebox.license', 'dist/cli.js',
    'dist/cli/file-server.js', 'dist/cli/routes-process.js',
    'template/_gitignore', 'docs/api/README.md'
  ]) {
    assert.ok(files.includes(file), `the tarball lacks ${file}`)
  }
  assert.ok(files.some((file) => /^dist\/explorer\/page\/assets\/main-[\w-]+\.js$/.test(file)), 'the explorer has no page')
  const ours = new Set([
    'README.md', 'LICENSE', 'CHANGELOG.md', 'CODE_OF_CONDUCT.md', 'CONTRIBUTING.md', 'SECURITY.md', 'package.json'
  ])
  const strangers = files.filter((file) => !/^(dist|docs|examples|template)\//.test(file) && !ours.has(file))
  assert.deepEqual(strangers, [], 'the tarball holds files that users have no use for')
  checkLinks(tarball, files)
}

// Links and pictures of the README and of the guide lead to files that users have, too.
function checkLinks (tarball, files) {
  const pages = files.filter((file) => file.endsWith('.md'))
  run('tar', ['xzf', tarball], project)
  const broken = pages.flatMap((page) => {
    const text = readFileSync(join(project, 'package', page), 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path]) => path)
    return links.filter((path) => !files.includes(join(dirname(page), path))).map((path) => `${page}: ${path}`)
  })
  assert.ok(pages.length > 100, 'the tarball has few pages of documentation')
  assert.deepEqual(broken, [], 'links of the documentation leave the tarball')
  rmSync(join(project, 'package'), { recursive: true })
}

function install (tarball) {
  const versions = ['fastify', '@modelcontextprotocol/sdk', '@types/node'].map(
    (name) => `${name}@${installedVersion(name)}`
  )

  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', tarball, ...versions],
    project
  )
}

function checkLoadedModules () {
  const record = join(project, 'loaded.txt')
  cpSync(join(root, 'test/packaging/record-modules.mjs'), join(project, 'record-modules.mjs'))
  writeFileSync(
    join(project, 'register.mjs'),
    "import { register } from 'node:module'\nregister('./record-modules.mjs', import.meta.url)\n"
  )
  // ES modules are seen by the hook, what they require() by the cache of CommonJS
  writeFileSync(join(project, 'import-only.mjs'), `import { appendFileSync } from 'node:fs'
import { createRequire } from 'node:module'
await import('fastify-mcp-mount')
appendFileSync(${JSON.stringify(record)}, Object.keys(createRequire(import.meta.url).cache).join('\\n'))
`)
  run(process.execPath, ['--import', './register.mjs', 'import-only.mjs'], project, { RECORD_MODULES_TO: record })

  const loaded = readFileSync(record, 'utf8').split('\n')
  assert.ok(
    loaded.some((file) => file.includes('/node_modules/fastify-mcp-mount/dist/index.js')),
    'the record of loaded modules is empty'
  )
  // Itself, and the chunk that it shares with the other entry points.
  const files = loaded.filter((file) => file.includes('/node_modules/fastify-mcp-mount/'))
  assert.equal(files.length, 2, `importing the package loads other files: ${files.join(' ')}`)
  assert.ok(!files.some((file) => file.endsWith('/dist/testing.js')), 'importing the package loads what is for tests')
  for (const name of unwanted) {
    const found = loaded.filter((file) => file.includes(`/node_modules/${name}/`))
    assert.deepEqual(found, [], `importing the package loads ${name}`)
  }
}

// The client of Redis is not installed here at first: an error has to say so.
function checkEntryPoints () {
  writeFileSync(join(project, 'entry-points.mjs'), `import { ClusterUnreachableError, createMemoryBus } from 'fastify-mcp-mount'
import { notificationBusContract } from 'fastify-mcp-mount/contracts'
import { redisCluster } from 'fastify-mcp-mount/redis'
const bus = createMemoryBus()
for (const { run } of notificationBusContract(() => ({ buses: [bus, bus] }))) await run()
try {
  // A cluster that has not started is unreachable; its error is of the class that the package exports.
  await redisCluster({ url: 'redis://localhost:6379' }).join('notes', {}).sessions.count()
} catch (error) {
  console.log(error.code ?? error instanceof ClusterUnreachableError)
}
`)
  assert.equal(run(process.execPath, ['entry-points.mjs'], project).trim(), 'MCP_ERR_MISSING_PACKAGE')

  run(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--loglevel=error',
      `ioredis@${installedVersion('ioredis')}`
    ],
    project
  )
  assert.equal(run(process.execPath, ['entry-points.mjs'], project).trim(), 'true')
}

// Entry points know each other's mounts, and the SDK v1 alone is enough for a client.
function checkTestClient () {
  writeFileSync(join(project, 'test-client.mjs'), `import Fastify from 'fastify'
import mcpPlugin, { McpServer } from 'fastify-mcp-mount'
import { createTestClient, RefusedError } from 'fastify-mcp-mount/testing'
const app = Fastify()
app.register(mcpPlugin, { server: new McpServer({ name: 'Notes', version: '1.0.0' }) })
const client = await createTestClient(app)
const refusal = await createTestClient(app, { host: 'evil.example' }).catch((error) => error)
const missing = await createTestClient(app, { era: 'modern' }).catch((error) => error)
await app.close()
console.log(client.getServerVersion().name, refusal instanceof RefusedError, refusal.status, missing.code)
`)
  assert.equal(run(process.execPath, ['test-client.mjs'], project).trim(), 'Notes true 421 MCP_ERR_MISSING_PACKAGE')
}

function readExample () {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)
  const example = [...blocks].map(([, code]) => code).find((code) => code.includes('import Fastify'))
  assert.ok(example !== undefined, 'README.md has no ```ts block with `import Fastify`')
  return example
}

function checkTypes (example) {
  writeFileSync(join(project, 'example.ts'), example)
  writeFileSync(join(project, 'entry-points.ts'), `import type { Cluster } from 'fastify-mcp-mount'
import { sessionStoreContract, type Contract } from 'fastify-mcp-mount/contracts'
import { redisCluster, type RedisClusterOptions } from 'fastify-mcp-mount/redis'
import { createTestClient } from 'fastify-mcp-mount/testing'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
type Answered = ReturnType<typeof createTestClient>
export const connect = (app: Parameters<typeof createTestClient>[0]): Promise<Client> => createTestClient(app)
export const isTyped: 0 extends 1 & Awaited<Answered> ? false : true = true
export const create = (options: RedisClusterOptions): Cluster => redisCluster(options)
export const contracts: typeof sessionStoreContract extends (...args: never) => readonly Contract[] ? true : false =
  true
`)
  const { options } = ts.convertCompilerOptionsFromJson({
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true
  }, project)
  const host = { ...ts.createCompilerHost(options), getCurrentDirectory: () => project }
  const files = ['example.ts', 'entry-points.ts'].map((file) => join(project, file))
  const program = ts.createProgram(files, options, host)

  // Declarations of other packages have errors of their own, and take most of the time.
  const ours = program.getSourceFiles().filter(({ fileName }) => {
    return files.includes(fileName) || fileName.includes('/node_modules/fastify-mcp-mount/')
  })
  assert.ok(ours.length > files.length, 'the declarations of the package are not loaded')
  const errors = [
    ...[...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()].filter(({ file }) => file === undefined),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
  ]
  const text = ts.formatDiagnostics(errors, host)
  assert.equal(text, '', 'the types do not hold in a project of their own')
}

async function checkExample (example) {
  const onAnyPort = example.replace(/port: \d+/, 'port: 0')
  assert.notEqual(onAnyPort, example, 'the example listens on no port')
  const { outputText } = ts.transpileModule(`${onAnyPort}\nconsole.log('listening on', app.server.address().port)\n`, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true }
  })
  writeFileSync(join(project, 'example.mjs'), outputText)

  const child = spawn(process.execPath, ['example.mjs'], { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] })
  const timer = setTimeout(() => child.kill(), startTimeout)
  try {
    const prefixes = [...example.matchAll(/prefix: '([^']+)'/g)].map(([, prefix]) => prefix)
    const port = await read(child.stdout, /^listening on (\d+)$/)
    for (const prefix of prefixes.length > 0 ? prefixes : ['']) await ask(`http://127.0.0.1:${port}${prefix}/mcp`)
  } finally {
    clearTimeout(timer)
    child.kill()
  }
}

async function checkProgram (tarball) {
  assert.match(
    run('npx', ['--no-install', 'fastify-mcp-mount', '--help'], project),
    /^Usage: fastify-mcp-mount <command>/
  )
  run('npx', ['--no-install', 'fastify-mcp-mount', 'new', 'my-server', '--with', 'auth,redis,docker'], project)

  const written = join(project, 'my-server')
  assert.equal(readFileSync(join(written, '.gitignore'), 'utf8'), 'node_modules\ndist\n.env\n')
  const manifest = JSON.parse(readFileSync(join(written, 'package.json'), 'utf8'))
  manifest.dependencies['fastify-mcp-mount'] = `file:${tarball}`
  writeFileSync(join(written, 'package.json'), JSON.stringify(manifest))
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], written)
  for (const script of ['test', 'typecheck', 'build']) run('npm', ['run', script], written)
  await checkDev(written, process.execPath)
  if (!existsSync(newerNode) && process.env.CI !== 'true') {
    return console.log('not checked on Node.js 24: npm ci --ignore-scripts --prefix test/conformance')
  }
  rmSync(join(written, 'node_modules/tsx'), { recursive: true })
  await checkDev(written, newerNode)
}

async function checkDev (cwd, node) {
  const program = join(cwd, 'node_modules/.bin/fastify-mcp-mount')
  const child = spawn(node, [program, 'dev', 'src/server.ts', '--port', '0'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'close')
  const timer = setTimeout(() => child.kill(), startTimeout)
  try {
    const url = await read(child.stdout, /^my-server {2}(\S+)$/)
    for (const [era, revision] of [['modern', '2026-07-28'], ['legacy', '2025-11-25']]) {
      const inspect = (...args) => run(node, [program, 'inspect', url, '--era', era, ...args], cwd)

      assert.equal(JSON.parse(inspect('--json')).protocolVersion, revision)
      assert.match(inspect(), /^Tools\n {2}add_note {4}Save a note under a topic\.$/m)
      assert.match(
        inspect('call', 'add_note', '--arg', `topic=${era}`, '--arg', 'text=1'),
        new RegExp(`^Saved note 1 about ${era}\\.\n$`)
      )
    }
  } finally {
    clearTimeout(timer)
    child.kill()
  }
  assert.deepEqual(await ended, [0, null], 'dev did not end as it should')
}

// What is in brackets in the first line that matches.
async function read (stdout, pattern) {
  for await (const line of createInterface({ input: stdout })) {
    const found = pattern.exec(line)?.[1]
    if (found === undefined) continue
    stdout.resume()
    return found
  }
  throw new Error(`the program ended before it printed ${pattern}`)
}
