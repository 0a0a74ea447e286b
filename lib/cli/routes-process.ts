// The process of `routes` that runs the user's file. It makes the app ready, serves nothing, and sends its report to
// the parent process.
import { subscribe } from 'node:diagnostics_channel'
import { ROUTES_DECIDED, type RoutesDecided } from '../routes/decided.ts'
import { loadExport } from './load-export.ts'
import { ROUTES_VARIABLE, type RoutesSettings } from './routes-report.ts'
import { createTerminal } from './terminal.ts'

const settings = JSON.parse(String(process.env[ROUTES_VARIABLE])) as RoutesSettings
// The user's code, and processes that it starts, must not see the variable.
delete process.env[ROUTES_VARIABLE]

const terminal = createTerminal(process)
const decided: RoutesDecided[] = []
// Mounts publish nothing else on this channel.
subscribe(ROUTES_DECIDED, (message) => { decided.push(message as RoutesDecided) })

const exported = loadExport(settings)
await Promise.allSettled([exported])
// These modules import the package, which collects the routes of each app that is made from then on. An app that its
// file makes too early must miss the same routes here as in production, so the file goes first.
const { reportFailure } = await import('./listening.ts')
const { readRoutes } = await import('./routes-run.ts')

async function report (): Promise<void> {
  const routes = await readRoutes(await exported, { settings, decided, terminal })
  await new Promise<void>((resolve) => { process.send?.(routes, undefined, {}, () => { resolve() }) })
}

// Exits explicitly, because the file may have left timers or connections open.
process.exit(await reportFailure(settings.name, terminal, report()))
