// The sources bundled, for the programs that tests start: they begin in a third of the time, and count for no coverage.
// Where a source has changed since, programs run from the sources themselves.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const STAMP = join(ROOT, '.cache/bundle.json')

/** Where the bundle is. */
export const BUNDLE = new URL('../.cache/bundle/', import.meta.url)

/** Returns whether the bundle was made of the sources as they are. */
export function isFresh () {
  try {
    return readFileSync(STAMP, 'utf8') === describeSources()
  } catch {
    return false
  }
}

/** Makes the bundle, unless it is fresh. */
export async function bundleSources () {
  if (isFresh()) return
  const { bundle } = await import('../build.js')
  const sources = describeSources()
  rmSync(STAMP, { force: true })
  const made = join(ROOT, `.cache/bundle-${process.pid}`)
  mkdirSync(made, { recursive: true })
  await bundle(made)
  rmSync(BUNDLE, { recursive: true, force: true })
  renameSync(made, BUNDLE)
  writeFileSync(STAMP, sources)
}

function describeSources () {
  const files = readdirSync(join(ROOT, 'lib'), { recursive: true }).filter((name) => name.endsWith('.ts')).sort()
  return JSON.stringify([...files.map((name) => join('lib', name)), 'package.json', 'build.js'].map((name) => {
    const { mtimeMs, size } = statSync(join(ROOT, name))
    return [name, mtimeMs, size]
  }))
}
