// The process of `dev` that serves the file. It is restarted after each change.
import { runDevServer } from './dev-run.ts'
import { SETTINGS_VARIABLE } from './dev-settings.ts'
import { createTerminal } from './terminal.ts'

const settings = JSON.parse(String(process.env[SETTINGS_VARIABLE]))
// The user's code, and processes that it starts, must not see the variable.
delete process.env[SETTINGS_VARIABLE]
// If the process of --watch has been killed, nothing else would end this one.
process.on('disconnect', () => { process.exit(1) })
// Exits explicitly, because the file may have left timers or connections open.
process.exit(await runDevServer(settings, createTerminal(process)))
