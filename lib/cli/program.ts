// From the arguments of the program to its exit code.
import { formatHelp, formatProgramHelp, Failure, parseCommandLine, UsageError, type Command } from './command.ts'
import { dev } from './dev.ts'
import { inspect } from './inspect.ts'
import { PACKAGE } from './installation.ts'
import { newProject } from './new.ts'
import { clean } from './clean.ts'
import { type Terminal } from './terminal.ts'

const COMMANDS: readonly Command[] = [dev, inspect, newProject]

/** Runs the program; the exit code is 0 if it worked, 1 if not, 2 if it was called in a wrong way. */
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

// What has no command.
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
  err(clean(error instanceof Failure ? error.message : `fastify-mcp-mount failed, which it should not have: ${(error as Error).stack}`))
  return 1
}
