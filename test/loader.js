// Loads lib/ for the tests, ahead of tsx, which loads everything else: types become blanks, so that what coverage counts are the
// places in the sources. Of what tsx makes of them, in one line, the reports can tell neither what was run nor what was not.
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import tsBlankSpace from 'ts-blank-space'

const LIB = new URL('../lib/', import.meta.url).href

if (isMainThread) register(import.meta.url)

/** The hook of Node.js for the source of a module. */
export async function load (url, context, nextLoad) {
  const [file] = url.split('?', 1)
  if (!file.startsWith(LIB) || !file.endsWith('.ts')) return await nextLoad(url, context)
  return { format: 'module', source: tsBlankSpace(await readFile(fileURLToPath(file), 'utf8')), shortCircuit: true }
}
