// `routes`: prints which routes of an app are tools. The file runs in a process of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { waitFor } from './child.ts'
import { cleanJson } from './clean.ts'
import { Failure, UsageError, type Command, type CommandLine } from './command.ts'
import { createDevLog } from './dev-log.ts'
import { cleanAllButColours } from './foreign-output.ts'
import { pathOfProgram } from './installation.ts'
import { USUAL_EXPORTS } from './load-export.ts'
import { AUTOLOAD, findLoader } from './loader.ts'
import { ROUTES_VARIABLE, type ReportedRoutes, type RoutesSettings } from './routes-report.ts'
import { formatRoutes } from './routes-table.ts'
import type { Terminal } from './terminal.ts'

/** Prints which routes of an app are tools. */
export const routes: Command = {
  name: 'routes',
  summary: 'Show which routes of a Fastify app are tools, what each costs, and why the others are not.',
  usage: '<file> [options]',
  options: {
    export: {
      value: 'name',
      help: `The name of the export. Default: the first of ${USUAL_EXPORTS.join(', ')} that there is.`
    },
    json: { help: 'Print the table as JSON.' }
  },
  notes: `The file exports an app, a plugin, or a function that makes one of them, as for
'dev'. The app becomes ready, and listens only if the file makes it listen.

TOKENS is the size of a tool's name, description and arguments, at four
characters a token. Clients send all of their tools to the model with every
question, so a tool that is seldom used costs as much as one that is needed.

The log of the app goes to standard error, from warnings on.

  fastify-mcp-mount routes app.ts
  fastify-mcp-mount routes app.ts --export createApp --json`,
  run: runRoutes
}

async function runRoutes (line: CommandLine, terminal: Terminal): Promise<number> {
  const settings = resolveSettings(line, terminal)
  const child = spawn(process.execPath, [
    ...process.execArgv, ...findLoader(settings.file), pathOfProgram('cli/routes-process')
  ], {
    env: { ...AUTOLOAD, ...terminal.process.env, [ROUTES_VARIABLE]: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  let report: readonly ReportedRoutes[] | undefined
  // The process sends nothing else.
  child.on('message', (message) => { report = message as readonly ReportedRoutes[] })
  printLog(child, terminal)
  const { code } = await waitFor(child, terminal)
  if (report === undefined) return code || 1
  terminal.out(line.has('json') ? cleanJson(report) : formatRoutes(report, terminal))
  return 0
}

function resolveSettings (line: CommandLine, { process: { cwd } }: Terminal): RoutesSettings {
  const [name, surplus] = line.positionals
  if (name === undefined) throw new UsageError('routes needs a file, such as app.ts')
  if (surplus !== undefined) throw new UsageError(`'${surplus}' is one argument too many`)
  const file = resolve(cwd(), name)
  if (!existsSync(file)) throw new Failure(`There is no file ${file}.`)
  const exported = line.get('export')
  return { name, file, ...(exported !== undefined && { exported }) }
}

const LEAST_LEVEL = 40

// Standard output is for the table. The log of an app that its file has made may be JSON, and is printed as that of
// `dev` is.
function printLog (child: ChildProcess, terminal: Terminal): void {
  const log = createDevLog(terminal)
  // Both are pipes.
  for (const stream of [child.stdout, child.stderr] as readonly Readable[]) {
    createInterface({ input: stream }).on('line', (line) => {
      const level = levelOf(line)
      if (level === undefined) terminal.err(cleanAllButColours(line))
      else if (level >= LEAST_LEVEL) log.write(line)
    })
  }
}

// Returns undefined for a line that is none of pino's.
function levelOf (line: string): number | undefined {
  try {
    const { level } = JSON.parse(line) as { readonly level?: unknown }
    return typeof level === 'number' ? level : undefined
  } catch {
    return undefined
  }
}
