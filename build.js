// Builds dist/: declarations by tsc, and the code of each entry point as one file by esbuild.
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { build as buildPage } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))
const require = createRequire(import.meta.url)
const { exports, bin } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const sourceOf = (file) => file.replace(/^\.\/dist\/(.*)\.js$/, 'lib/$1.ts')

/** The entry points of the package, and the processes of `dev`, `run` and `routes` that run a file of the user. */
const SOURCES = [
  ...Object.values(exports).flatMap((entry) => entry.default ?? []).map(sourceOf),
  'lib/cli/file-server.ts',
  'lib/cli/routes-process.ts'
]

/** The program `fastify-mcp-mount`, which runs nothing of the user's. */
const PROGRAMS = Object.values(bin).map(sourceOf)

/**
 * Makes one module of TypeBox. esbuild would otherwise need a helper for its namespaces, for which it writes one more file
 * that each entry point loads.
 */
const typebox = {
  name: 'typebox',
  setup ({ onResolve, onLoad }) {
    const path = fileURLToPath(import.meta.resolve('@sinclair/typebox'))
    onResolve({ filter: /^@sinclair\/typebox$/ }, () => ({ path }))
    onLoad({ filter: /typebox[\\/]build[\\/]esm[\\/]index\.mjs$/ }, async () => {
      const { outputFiles: [bundled] } = await build({ entryPoints: [path], bundle: true, format: 'esm', write: false })
      return { contents: bundled.text }
    })
  }
}

/** Bundles the code: Node takes ten times as long to load hundreds of small files as Fastify takes to start. */
export async function bundle (outdir) {
  const options = {
    absWorkingDir: root,
    outbase: 'lib',
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    // TypeBox comes along; what else is needed stays a package of its own.
    plugins: [typebox],
    sourcemap: true
  }
  // Entry points share chunks, so that an error that one of them throws is of the class that another one exports.
  await build({ ...options, splitting: true, entryPoints: SOURCES })
  await build({ ...options, entryPoints: PROGRAMS })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root)
  rmSync('dist', { recursive: true, force: true })
  const tsc = require.resolve('typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  await bundle('dist')
  await buildPage({ configFile: 'explorer/vite.config.js' })
  cpSync('explorer/dist', 'dist/explorer/page', { recursive: true })
  cpSync('node_modules/@sinclair/typebox/license', 'dist/typebox.license')
}
