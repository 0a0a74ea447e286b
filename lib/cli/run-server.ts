// The process of `run`: it serves the file, or starts workers that do.
import cluster from 'node:cluster'
import { RUN_VARIABLE, type RunSettings } from './run-settings.ts'
import { createTerminal } from './terminal.ts'

const text = String(process.env[RUN_VARIABLE])
const settings = JSON.parse(text) as RunSettings
// The user's code, and processes that it starts, must not see the variable.
delete process.env[RUN_VARIABLE]
const terminal = createTerminal(process)

if (settings.workers > 1 && cluster.isPrimary) {
  const { runWorkers } = await import('./workers.ts')
  process.exit(await runWorkers(settings.workers, { [RUN_VARIABLE]: text }, terminal))
}
// The file finds its arguments where it would if Node.js had run it. node:cluster needs the ones of this program.
process.argv.splice(1, Infinity, settings.file, ...settings.args)
const { runServer } = await import('./run-app.ts')
// Exits explicitly, because the file may have left timers or connections open.
process.exit(await runServer(settings, terminal))
