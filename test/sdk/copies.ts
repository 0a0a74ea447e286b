// Further copies of the SDK v2, as an app has them that installs it twice, bundles it, or loads it by `require` as
// well.
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'
import type { Test } from 'tap'
import type * as sdk from '@modelcontextprotocol/server'

/** The SDK v2, or one more copy of it. */
export type SdkV2 = typeof sdk

const require = createRequire(import.meta.url)
const NODE_MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const SDK = '@modelcontextprotocol/server'

/** Loads each copy of the SDK for a test. */
export const copies: Readonly<Record<string, (t: Test) => SdkV2 | Promise<SdkV2>>> = {
  'the copy that this package loads': () => import(SDK),
  'a second install': async (t) =>
    await import(pathToFileURL(join(install(t), 'node_modules', SDK, 'dist', 'index.mjs')).href),
  'a copy loaded by require': () => require(SDK),
  'a bundled and minified copy': async (t) => {
    const outfile = join(t.testdir(), 'bundle.mjs')
    buildSync({
      stdin: { contents: `export * from '${SDK}'`, resolveDir: NODE_MODULES },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      outfile,
      logLevel: 'error'
    })
    return await import(pathToFileURL(outfile).href)
  }
}

/** Copies the package into a project of its own; what it depends on is shared. */
function install (t: Test): string {
  const project = t.testdir()
  const scope = join(project, 'node_modules', '@modelcontextprotocol')
  mkdirSync(scope, { recursive: true })
  cpSync(join(NODE_MODULES, SDK), join(scope, 'server'), {
    recursive: true,
    filter: (source) => !/\.map$|\.d\.[mc]ts$/.test(source)
  })
  symlinkSync(join(NODE_MODULES, '@modelcontextprotocol', 'core'), join(scope, 'core'))
  symlinkSync(join(NODE_MODULES, 'zod'), join(project, 'node_modules', 'zod'))
  return project
}
