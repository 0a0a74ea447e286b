// The process of `dev` and `run` that serves the user's file. It is one program, because each further one splits
// the code that it shares with the entry points of the package into more files.
import { runDevServer } from './dev-run.ts'
import { SETTINGS_VARIABLE } from './dev-settings.ts'
import { runProcess } from './run-process.ts'
import { RUN_VARIABLE } from './run-settings.ts'
import { createTerminal } from './terminal.ts'

const { [SETTINGS_VARIABLE]: devSettings, [RUN_VARIABLE]: runSettings } = process.env
// The user's code, and processes that it starts, must not see the variables.
delete process.env[SETTINGS_VARIABLE]
delete process.env[RUN_VARIABLE]
const terminal = createTerminal(process)
// Exits explicitly, because the file may have left timers or connections open.
if (runSettings !== undefined) process.exit(await runProcess(runSettings, terminal))
// If the process of --watch has been killed, nothing else would end this one.
process.on('disconnect', () => { process.exit(1) })
process.exit(await runDevServer(JSON.parse(String(devSettings)), terminal))
