// A process of `run`: it serves the file, or starts workers that do.
import cluster from 'node:cluster'
import { runServer } from './run-app.ts'
import { RUN_VARIABLE, type RunSettings } from './run-settings.ts'
import type { Terminal } from './terminal.ts'
import { runWorkers } from './workers.ts'

/** Serves a file. Resolves to the exit code. @param text The settings as JSON. */
export async function runProcess (text: string, terminal: Terminal): Promise<number> {
  const settings = JSON.parse(text) as RunSettings
  if (settings.workers > 1 && cluster.isPrimary) {
    return await runWorkers(settings.workers, { [RUN_VARIABLE]: text }, terminal)
  }
  // The file finds its arguments where it would if Node.js had run it. node:cluster needs the ones of this program.
  process.argv.splice(1, Infinity, settings.file, ...settings.args)
  return await runServer(settings, terminal)
}
