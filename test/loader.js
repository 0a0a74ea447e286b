// Loads the TypeScript of this project for the tests, and for the programs that they start. What coverage counts are then the
// places in the sources: of what other loaders make of them the reports can tell neither what was run nor what was not.
import { readFile } from 'node:fs/promises'
import { createRequire, register } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { blank } from './blank.js'

const ROOT = new URL('../', import.meta.url).href
const require = createRequire(import.meta.url)

// By its name the package is that of lib/. Of TypeBox there are 260 files, which load twice as fast where they are not ES modules.
const { name: NAME, exports: ENTRIES } = require('../package.json')
const INSTEAD = new Map([['@sinclair/typebox', { url: pathToFileURL(require.resolve('@sinclair/typebox')).href, format: 'commonjs', shortCircuit: true }]])
for (const [entry, target] of Object.entries(ENTRIES)) {
  if (target.default !== undefined) {
    INSTEAD.set(NAME + entry.slice(1), { url: new URL(target.default.replace(/^\.\/dist\/(.*)\.js$/, 'lib/$1.ts'), ROOT).href, format: 'module', shortCircuit: true })
  }
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
  return INSTEAD.get(specifier) ?? await nextResolve(specifier, context)
}

/** The hook of Node.js for the source of a module. */
export async function load (url, context, nextLoad) {
  const [file] = url.split('?', 1)
  if (!file.startsWith(ROOT) || !file.endsWith('.ts') || file.includes('/node_modules/')) return await nextLoad(url, context)
  return { format: 'module', source: await blank(await readFile(fileURLToPath(file), 'utf8')), shortCircuit: true }
}
