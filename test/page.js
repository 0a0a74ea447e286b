// The page of the explorer, built for the tests. It is built again when one of its sources has changed.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const STAMP = join(ROOT, 'explorer/dist/sources.json')

/** Builds the page, unless it was built of the sources as they are. */
export async function buildPage () {
  const sources = describeSources()
  if (readStamp() === sources) return
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
  execFileSync(process.execPath, [vite, 'build', '-c', 'explorer/vite.config.js'], { cwd: ROOT, stdio: 'inherit' })
  writeFileSync(STAMP, sources)
}

function readStamp () {
  try {
    return readFileSync(STAMP, 'utf8')
  } catch {
    return undefined
  }
}

function describeSources () {
  const files = ['explorer', 'lib/explorer'].flatMap((folder) => {
    return readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, name))
  })
  const sources = files.filter((name) => /\.(?:tsx?|css|html|svg|js)$/.test(name) && !name.includes('explorer/dist/')).sort()
  return JSON.stringify([...sources, 'package-lock.json'].map((name) => {
    const { mtimeMs, size } = statSync(join(ROOT, name))
    return [name, mtimeMs, size]
  }))
}
