// Loads the TypeScript of this project for tests and for the programs that they start (`loader.js?bundle`: of the bundled
// sources). Everything stays in its place within a file, which is what coverage needs to tell what was run.
import { readFile } from 'node:fs/promises'
import { createRequire, register } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { blank } from './blank.js'
import { BUNDLE } from './bundle.js'

const ROOT = new URL('../', import.meta.url).href
const isBundled = import.meta.url.endsWith('?bundle')
const require = createRequire(import.meta.url)

// TypeBox has 260 files, which load twice as fast where they are not ES modules.
const INSTEAD = new Map([['@sinclair/typebox', { url: pathToFileURL(require.resolve('@sinclair/typebox')).href, format: 'commonjs', shortCircuit: true }]])

// By its name the package is that of lib/, or of the bundle; programs may also import an entry point by its path.
const { name: NAME, exports: ENTRIES } = require('../package.json')
for (const [entry, target] of Object.entries(ENTRIES)) {
  if (target.default === undefined) continue
  const [, path] = /^\.\/dist\/(.*)\.js$/.exec(target.default)
  lead(NAME + entry.slice(1), path)
  if (isBundled) lead(new URL(`lib/${path}.ts`, ROOT).href, path)
}
if (isBundled) lead(new URL('lib/cli/dev-server.ts', ROOT).href, 'cli/dev-server')

function lead (specifier, path) {
  const url = isBundled ? new URL(`${path}.js`, BUNDLE).href : new URL(`lib/${path}.ts`, ROOT).href
  INSTEAD.set(specifier, { url, format: 'module', shortCircuit: true })
}

if (isMainThread) {
  register(import.meta.url)
  // Programs that tests start are run as users run them. What tap adds to them takes longer to load than most of them take to
  // run, and their coverage counts for nothing.
  const { default: processOnSpawn } = await import('process-on-spawn')
  processOnSpawn.removeAllListeners()
  delete process.env.NODE_OPTIONS
}

/** The hook of Node.js for where a module is. */
export async function resolve (specifier, context, nextResolve) {
  const isPath = isBundled && /^(?:\.{0,2}\/|file:)/.test(specifier)
  return INSTEAD.get(isPath ? new URL(specifier, context.parentURL ?? ROOT).href : specifier) ?? await nextResolve(specifier, context)
}

/** The hook of Node.js for the source of a module. */
export async function load (url, context, nextLoad) {
  const [file] = url.split('?', 1)
  if (!file.startsWith(ROOT) || !file.endsWith('.ts') || file.includes('/node_modules/')) return await nextLoad(url, context)
  return { format: 'module', source: await blank(await readFile(fileURLToPath(file), 'utf8')), shortCircuit: true }
}
