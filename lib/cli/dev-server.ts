// The process of `dev` that serves. It is started anew after each change.
import { runDevServer } from './dev-run.ts'
import { SETTINGS_VARIABLE } from './dev-settings.ts'
import { createTerminal } from './terminal.ts'

const settings = JSON.parse(String(process.env[SETTINGS_VARIABLE]))
// It is nobody else's.
delete process.env[SETTINGS_VARIABLE]
// Node's own --watch has gone, for it could not end this process.
process.on('disconnect', () => { process.exit(1) })
// What the file has left open keeps nothing from being started anew.
process.exit(await runDevServer(settings, createTerminal(process)))
