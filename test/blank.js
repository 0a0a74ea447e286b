// Makes JavaScript of TypeScript: types become blanks, and everything else stays in its place. The result is
// cached, because loading the compiler takes longer than most tests.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const CACHE = join(ROOT, 'node_modules/.cache/ts-blank-space')

/** Makes JavaScript of TypeScript that is erasable. */
export async function blank (source) {
  const cached = join(CACHE, `${createHash('sha256').update(source).digest('hex')}.js`)
  try {
    return await readFile(cached, 'utf8')
  } catch {
    const { default: tsBlankSpace } = await import('ts-blank-space')
    const blanked = tsBlankSpace(source)
    await mkdir(CACHE, { recursive: true })
    // Files with the same source may load at the same time, in one process as well.
    const written = `${cached}.${randomUUID()}`
    await writeFile(written, blanked)
    await rename(written, cached)
    return blanked
  }
}

/** Makes JavaScript of all files below a directory, ahead of those who load them. */
export async function blankAll (directory) {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !file.endsWith('.ts') || file.includes(`${sep}node_modules${sep}`)) continue
    await blank(await readFile(file, 'utf8'))
  }
}
