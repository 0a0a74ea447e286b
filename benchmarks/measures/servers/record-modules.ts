// Records the files that a process loads: ES modules with a hook, and CommonJS modules from the cache of require().
import { statSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import { extname } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import type { Figures } from './answer.ts'

/** Begins to record. @returns A function that counts the files and their bytes. */
export function recordModules (): () => Promise<Figures> {
  const urls = new Set<string>()
  const { port1, port2 } = new MessageChannel()
  port1.on('message', (url: string) => urls.add(url))
  port1.unref()
  register(new URL(`module-hook${extname(import.meta.url)}`, import.meta.url), { data: port2, transferList: [port2] })

  return async function countModules () {
    await turn()
    const files = new Set([...urls].filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url)))
    for (const file of Object.keys(createRequire(import.meta.url).cache)) files.add(file)
    return { files: files.size, bytes: [...files].reduce((sum, file) => sum + statSync(file).size, 0) }
  }
}
