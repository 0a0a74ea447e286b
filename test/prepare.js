// Makes what tests need before they run, and keeps it until a source or a dependency changes.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { blankAll } from './blank.js'
import { bundleSources } from './bundle.js'
import { buildPage } from './page.js'

const require = createRequire(import.meta.url)

/** The project. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The program `tap`. */
export const TAP = require.resolve('tap/package.json').replace('package.json', 'dist/esm/run.mjs')

/**
 * Transpiles all sources, bundles lib/, builds the page of the explorer, and has tap leave out the plugins that
 * package.json excludes.
 */
export async function prepare () {
  for (const directory of ['lib', 'test', 'examples']) await blankAll(`${ROOT}${directory}`)
  await bundleSources()
  await buildPage()
  // `tap build` compiles the plugins into node_modules; `npm ci` brings them back to the default ones.
  const compiled = readFileSync(require.resolve('@tapjs/test/test-built'), 'utf8')
  if (!compiled.includes('@tapjs/typescript')) return
  execFileSync(process.execPath, [TAP, 'build'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
}
