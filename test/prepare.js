// What tests need before they run. All of it is kept until a source or a dependency changes.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { blankAll } from './blank.js'
import { bundleSources } from './bundle.js'

const require = createRequire(import.meta.url)

/** The project. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The program `tap`. */
export const TAP = require.resolve('tap/package.json').replace('package.json', 'dist/esm/run.mjs')

/** Transpiles all sources, bundles those of the package, and has tap leave out the plugins that package.json excludes. */
export async function prepare () {
  for (const directory of ['lib', 'test', 'examples']) await blankAll(`${ROOT}${directory}`)
  await bundleSources()
  // tap compiles its plugins into node_modules, where `npm ci` has put it with those that it has by default.
  const compiled = readFileSync(require.resolve('@tapjs/test'), 'utf8')
  if (compiled.includes('@tapjs/typescript')) execFileSync(process.execPath, [TAP, 'build'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
}
