// Loads the TypeScript of this project for tests, in which every line and column stays in its place for the coverage.
// Programs that tests start use `loader.js?bundle`, which gives them the bundled sources.
import { readFile } from 'node:fs/promises'
import { createRequire, register } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { blank } from './blank.js'
import { BUNDLE } from './bundle.js'

const ROOT = new URL('../', import.meta.url).href
const isBundled = import.meta.url.endsWith('?bundle')
const require = createRequire(import.meta.url)

// The 260 files of TypeBox load twice as fast as CommonJS.
const TYPEBOX = pathToFileURL(require.resolve('@sinclair/typebox')).href
const INSTEAD = new Map([['@sinclair/typebox', { url: TYPEBOX, format: 'commonjs', shortCircuit: true }]])

// The package's own name leads to lib/ or to the bundle. Programs may also import an entry point by its path.
const { name: NAME, exports: ENTRIES } = require('../package.json')
for (const [entry, target] of Object.entries(ENTRIES)) {
  if (target.default === undefined) continue
  const [, path] = /^\.\/dist\/(.*)\.js$/.exec(target.default)
  lead(NAME + entry.slice(1), path)
  if (isBundled) lead(new URL(`lib/${path}.ts`, ROOT).href, path)
}
if (isBundled) {
  for (const program of ['cli/file-server', 'cli/routes-process']) lead(new URL(`lib/${program}.ts`, ROOT).href, program)
}

function lead (specifier, path) {
  const url = isBundled ? new URL(`${path}.js`, BUNDLE).href : new URL(`lib/${path}.ts`, ROOT).href
  INSTEAD.set(specifier, { url, format: 'module', shortCircuit: true })
}

if (isMainThread) {
  // tap makes Node.js read the source map of each module. The sources have none, because all lines stay in their place.
  process.setSourceMapsEnabled(false)
  register(import.meta.url)
  // Keep tap out of the programs that tests start: it takes longer to load than most of them take to run, and their
  // coverage does not count.
  const { default: processOnSpawn } = await import('process-on-spawn')
  processOnSpawn.removeAllListeners()
  delete process.env.NODE_OPTIONS
}

/** The hook of Node.js for where a module is. */
export async function resolve (specifier, context, nextResolve) {
  const isPath = isBundled && /^(?:\.{0,2}\/|file:)/.test(specifier)
  const key = isPath ? new URL(specifier, context.parentURL ?? ROOT).href : specifier
  return INSTEAD.get(key) ?? await nextResolve(specifier, context)
}

/** The hook of Node.js for the source of a module. */
export async function load (url, context, nextLoad) {
  const [file] = url.split('?', 1)
  const isOurs = file.startsWith(ROOT) && file.endsWith('.ts') && !file.includes('/node_modules/')
  if (!isOurs) return await nextLoad(url, context)
  return { format: 'module', source: await blank(await readFile(fileURLToPath(file), 'utf8')), shortCircuit: true }
}
