// Runs the program: from its arguments to the exit code.
import { formatHelp, formatProgramHelp, Failure, parseCommandLine, UsageError, type Command } from './command.ts'
import { dev } from './dev.ts'
import { inspect } from './inspect.ts'
import { install } from './install.ts'
import { PACKAGE } from './installation.ts'
import { newProject } from './new.ts'
import { routes } from './routes.ts'
import { run } from './run.ts'
import { clean } from './clean.ts'
import { type Terminal } from './terminal.ts'

const COMMANDS: readonly Command[] = [dev, run, inspect, routes, install, newProject]

/** Runs the program. Resolves to the exit code: 0 for success, 1 for failure, 2 for wrong usage. */
export async function runProgram (args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  const command = COMMANDS.find((known) => known.name === name)
  try {
    if (command !== undefined) return await runCommand(command, rest, terminal)
    return answer(name, terminal)
  } catch (error) {
    return report(error, command, terminal)
  }
}

async function runCommand (command: Command, args: readonly string[], terminal: Terminal): Promise<number> {
  const line = parseCommandLine(command, args)
  if (!line.has('help')) return await command.run(line, terminal)
  terminal.out(formatHelp(command, terminal))
  return 0
}

// Answers arguments that name no command.
function answer (word: string | undefined, terminal: Terminal): number {
  switch (word) {
    case '-v': case '--version':
      terminal.out(PACKAGE.version)
      return 0
    case '-h': case '--help': case 'help':
      terminal.out(formatProgramHelp(COMMANDS, terminal))
      return 0
    case undefined:
      terminal.err(formatProgramHelp(COMMANDS, terminal))
      return 2
    default:
      throw new UsageError(`there is no command '${word}'; there are ${COMMANDS.map(({ name }) => name).join(', ')}`)
  }
}

function report (error: unknown, command: Command | undefined, { err }: Terminal): number {
  if (error instanceof UsageError) {
    err(clean(`fastify-mcp-mount: ${error.message}`))
    err(`See: fastify-mcp-mount ${command === undefined ? '' : `${command.name} `}--help`)
    return 2
  }
  const unexpected = (): string => `fastify-mcp-mount failed unexpectedly: ${(error as Error).stack}`
  err(clean(error instanceof Failure ? error.message : unexpected()))
  return 1
}
