// Builds dist/: declarations by tsc, and the code of each entry point by Rolldown.
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { basename, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
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
 * Bundles the code: Node takes ten times as long to load hundreds of small files as Fastify takes to start.
 *
 * What the main entry point loads is one chunk. Entry points share chunks, so that an error that one of them throws is of the
 * class that another one exports; without the group, there would be a chunk for each combination of them.
 */
export async function bundle (outdir) {
  await write(SOURCES, outdir, { groups: [{ debugName: 'main', name: nameWhatLoads('lib/index.ts') }] })
  for (const source of PROGRAMS) await write([source], outdir, { groups: [{ name: basename(source, '.ts') }] })
}

/** Returns a function that names the chunk of the modules that importing a source loads. */
function nameWhatLoads (source) {
  let loaded
  return (id, graph) => {
    loaded ??= findLoaded(join(root, source), graph)
    return loaded.has(id) ? 'main' : null
  }
}

function findLoaded (id, graph, loaded = new Set()) {
  if (loaded.has(id)) return loaded
  loaded.add(id)
  for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) findLoaded(imported, graph, loaded)
  return loaded
}

async function write (sources, outdir, codeSplitting) {
  await build({
    cwd: root,
    input: Object.fromEntries(sources.map((source) => [source.slice('lib/'.length, -'.ts'.length), source])),
    platform: 'node',
    // TypeBox comes along; what else is needed stays a package of its own.
    external: (id) => !/^[./]/.test(id) && !id.startsWith('@sinclair/typebox') && !isAbsolute(id),
    transform: { target: 'node20.19' },
    output: { dir: outdir, format: 'esm', sourcemap: true, codeSplitting, chunkFileNames: 'chunk-[name]-[hash].js' }
  })
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
