// What a command is: what it takes, what its help says, and how its arguments are read.
import { parseArgs } from 'node:util'
import { wrap, type Terminal } from './terminal.ts'

/** An option of a command. */
export interface OptionInfo {
  /** What stands for its value in the help; an option without one is a flag. */
  readonly value?: string
  readonly short?: string
  /** Whether it may be given more than once. */
  readonly multiple?: boolean
  readonly help: string
}

/** One command of the program. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** What follows the name of the program and of the command. */
  readonly usage: string
  readonly options: { readonly [name: string]: OptionInfo }
  /** The rest of the help, as it is printed. */
  readonly notes: string
  /** Does what the command is for and comes to the exit code. @throws UsageError, Failure */
  run (line: CommandLine, terminal: Terminal): Promise<number>
}

/** The arguments of a command. */
export interface CommandLine {
  readonly positionals: readonly string[]
  /** Whether a flag is set. */
  has (option: string): boolean
  /** The value of an option, the last one given. */
  get (option: string): string | undefined
  /** All values of an option. */
  all (option: string): readonly string[]
}

/** The program was called in a wrong way: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What was asked for could not be done, for a reason that its message tells the user: exit code 1. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

const PROGRAM = 'fastify-mcp-mount'
const HELP: OptionInfo = { short: 'h', help: 'Print this help.' }

/** Reads the arguments that follow a command's name. @throws UsageError */
export function parseCommandLine (command: Command, args: readonly string[]): CommandLine {
  const options = Object.fromEntries(Object.entries({ ...command.options, help: HELP }).map(([name, { value, short, multiple = false }]) => [
    name, { type: value === undefined ? 'boolean' as const : 'string' as const, multiple, ...(short !== undefined && { short }) }
  ]))
  const { values, positionals } = parse(args, options)
  const all = (option: string): readonly unknown[] => [values[option] ?? []].flat()
  return {
    positionals,
    has: (option) => values[option] === true,
    get: (option) => all(option).at(-1)?.toString(),
    all: (option) => all(option).map(String)
  }
}

function parse (args: readonly string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    // Node.js goes on to explain how an argument may begin with a dash.
    throw new UsageError((error as Error).message.replace(/\. To specify .*$/s, ''))
  }
}

/** Reads the value of an option that is a whole number. @throws UsageError */
export function parseWhole (line: CommandLine, option: string, { otherwise, from, to }: { readonly otherwise: string, readonly from: number, readonly to: number }): number {
  const text = line.get(option) ?? otherwise
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < from || value > to) throw new UsageError(`--${option} is '${text}', and must be a whole number from ${from} to ${to}`)
  return value
}

/** The help of a command. */
export function formatHelp ({ name, summary, usage, options, notes }: Command, { columns, bold }: Terminal): string {
  return [
    `${bold('Usage')}: ${PROGRAM} ${name} ${usage}`, '', ...wrap(summary, columns), '',
    bold('Options'), ...formatOptions({ ...options, help: HELP }, columns), '', notes
  ].join('\n').trimEnd()
}

/** The help of the program. */
export function formatProgramHelp (commands: readonly Command[], { columns, bold }: Terminal): string {
  const lines = commands.flatMap(({ name, usage, summary }) => [`  ${name} ${usage}`, ...wrap(summary, columns - 6).map((line) => `      ${line}`)])
  return [
    `${bold('Usage')}: ${PROGRAM} <command> …`, '', 'Mount MCP servers in Fastify apps.', '',
    bold('Commands'), ...lines, '',
    bold('Options'), ...formatOptions({ help: { ...HELP, help: 'Print this help; after a command, its own.' }, version: { short: 'v', help: 'Print the version.' } }, columns), '',
    'Exit codes: 0 it worked, 1 it did not, 2 it was called in a wrong way.'
  ].join('\n')
}

function formatOptions (options: Command['options'], columns: number): readonly string[] {
  const rows = Object.entries(options).map(([name, { value, short, help }]) => ({
    head: `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`, help
  }))
  const width = Math.max(...rows.map(({ head }) => head.length))
  return rows.flatMap(({ head, help }) => wrap(help, columns - width - 4).map((line, at) => `  ${(at === 0 ? head : '').padEnd(width)}  ${line}`))
}
