// One run of a file by `dev`: it is loaded, served and announced, until a signal ends it.
import { findRegistry, type McpRegistry } from '../registry.ts'
import { ofApp } from '../telemetry/read-event.ts'
import { announce } from './announcement.ts'
import { printCalls } from './call-lines.ts'
import { serveExplorer } from './dev-explorer.ts'
import { createDevLog } from './dev-log.ts'
import type { DevSettings } from './dev-settings.ts'
import { listen, onSignal, reportFailure, serveOnStdio } from './listening.ts'
import { loadExport } from './load-export.ts'
import { createServedApp } from './served-app.ts'
import type { Terminal } from './terminal.ts'

// A handler that does not end delays a restart by this many milliseconds at most.
const CLOSE_GRACE_PERIOD = 1000

/** Serves what a file exports until a signal or the end of standard input. Resolves to the exit code. */
export async function runDevServer (settings: DevSettings, terminal: Terminal): Promise<number> {
  const run = settings.stdio ? runOnStdio : runOnHttp
  return await reportFailure(settings.name, terminal, run(settings, terminal))
}

async function runOnHttp (settings: DevSettings, terminal: Terminal): Promise<void> {
  const exported = await loadExport(settings)
  const { signIn: signInSettings } = settings
  const publicUrl = `http://${settings.host}:${settings.port}`
  const signIn = signInSettings && await (await import('./dev-sign-in.ts')).createDevSignIn(publicUrl, signInSettings)
  const app = await createServedApp(exported, {
    ...settings,
    logger: { level: 'warn', stream: createDevLog(terminal) },
    createMount: () => ({
      closeGracePeriod: CLOSE_GRACE_PERIOD, ...(signIn !== undefined && { publicUrl, auth: signIn.auth })
    }),
    ...(signIn !== undefined && { mountOnly: ['sign-in'], extend: signIn.addTo })
  })
  await listen(app, settings)
  // The announcement says how to end the app, so that has to work once it is printed.
  const ended = new Promise<void>((resolve) => { onSignal(terminal, resolve) })
  // The cast holds, because an app without a registry has been refused.
  const mounts = findRegistry(app) as McpRegistry
  await announce(mounts, { ...settings, explorer: await serveExplorer(app, mounts) }, terminal)
  const endCallLines = printCalls({ ...terminal, print: terminal.out }, ofApp(app))
  await ended
  await mounts.drain()
  endCallLines()
}

async function runOnStdio (settings: DevSettings, terminal: Terminal): Promise<void> {
  // Standard output belongs to the client.
  const endCallLines = printCalls({ ...terminal, print: terminal.err })
  await serveOnStdio(settings, { option: '--stdio', terminal }).finally(endCallLines)
}
