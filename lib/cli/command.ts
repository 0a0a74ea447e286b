// Commands of the program: their options, their help and the parsing of their arguments.
import { parseArgs } from 'node:util'
import { wrap, type Terminal } from './terminal.ts'

/** An option of a command. */
export interface OptionInfo {
  /** The placeholder of its value in the help. An option without one is a flag. */
  readonly value?: string
  readonly short?: string
  /** Whether the option may be given more than once. */
  readonly multiple?: boolean
  readonly help: string
}

/** One command of the program. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** The arguments, as the help shows them. */
  readonly usage: string
  readonly options: { readonly [name: string]: OptionInfo }
  /** Whether the arguments after `--` are for another program. */
  readonly takesRest?: boolean
  /** The rest of the help. */
  readonly notes: string
  /** Runs the command and resolves to the exit code. @throws UsageError, Failure */
  run (line: CommandLine, terminal: Terminal): Promise<number>
}

/** The arguments of a command. */
export interface CommandLine {
  readonly positionals: readonly string[]
  /** Whether a flag is set. */
  has (option: string): boolean
  /** Returns the value of an option, the last one if it is given several times. */
  get (option: string): string | undefined
  /** Returns all values of an option. */
  all (option: string): readonly string[]
  /** Whether an option or a flag was given. */
  isGiven (option: string): boolean
  /** The arguments after `--`, which are for another program. Empty unless the command takes them. */
  readonly rest: readonly string[]
}

/** The arguments of the program are wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command failed for the reason in the message: exit code 1. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

const PROGRAM = 'fastify-mcp-mount'
const HELP: OptionInfo = { short: 'h', help: 'Print this help.' }

type OptionConfigs = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/** Parses the arguments after the command's name. @throws UsageError */
export function parseCommandLine (command: Command, args: readonly string[]): CommandLine {
  const options: OptionConfigs = {}
  for (const [name, { value, short, multiple = false }] of Object.entries({ ...command.options, help: HELP })) {
    const type = value === undefined ? 'boolean' : 'string'
    options[name] = { type, multiple, ...(short !== undefined && { short }) }
  }
  const end = command.takesRest === true ? args.indexOf('--') : -1
  const rest = end === -1 ? [] : args.slice(end + 1)
  const { values, positionals } = parse(end === -1 ? args : args.slice(0, end), options)
  const all = (option: string): readonly unknown[] => [values[option] ?? []].flat()
  return {
    positionals,
    has: (option) => values[option] === true,
    get: (option) => all(option).at(-1)?.toString(),
    all: (option) => all(option).map(String),
    isGiven: (option) => values[option] !== undefined,
    rest
  }
}

function parse (args: readonly string[], options: OptionConfigs): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    // The rest of the message explains how an argument may begin with a dash.
    throw new UsageError((error as Error).message.replace(/\. To specify .*$/s, ''))
  }
}

/** The range and the default of an option that is a whole number. */
export interface WholeRange {
  readonly otherwise: string
  readonly from: number
  readonly to: number
}

/** Parses the value of an option that is a whole number. @throws UsageError */
export function parseWhole (line: CommandLine, option: string, { otherwise, from, to }: WholeRange): number {
  const text = line.get(option) ?? otherwise
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= from && value <= to) return value
  throw new UsageError(`--${option} is '${text}', and must be a whole number from ${from} to ${to}`)
}

/** The default and the possible values of an option. */
export interface Choices<Choice extends string> {
  readonly otherwise: string
  readonly choices: readonly Choice[]
}

/** Parses the value of an option that is one of several words. @throws UsageError */
export function parseChoice<Choice extends string> (
  line: CommandLine, option: string, { otherwise, choices }: Choices<Choice>
): Choice {
  const text = line.get(option) ?? otherwise
  const choice = choices.find((known) => known === text)
  if (choice !== undefined) return choice
  throw new UsageError(`--${option} is '${text}', and must be one of ${choices.join(', ')}`)
}

/** Returns the help of a command. */
export function formatHelp ({ name, summary, usage, options, notes }: Command, { columns, bold }: Terminal): string {
  return [
    `${bold('Usage')}: ${PROGRAM} ${name} ${usage}`,
    '',
    ...wrap(summary, columns),
    '',
    bold('Options'),
    ...formatOptions({ ...options, help: HELP }, columns),
    '',
    notes
  ].join('\n').trimEnd()
}

const PROGRAM_OPTIONS: Command['options'] = {
  help: { ...HELP, help: 'Print this help; after a command, its own.' },
  version: { short: 'v', help: 'Print the version.' }
}

/** Returns the help of the program. */
export function formatProgramHelp (commands: readonly Command[], { columns, bold }: Terminal): string {
  const lines = commands.flatMap(({ name, usage, summary }) => {
    return [`  ${name} ${usage}`, ...wrap(summary, columns - 6).map((line) => `      ${line}`)]
  })
  return [
    `${bold('Usage')}: ${PROGRAM} <command> …`,
    '',
    'Mount MCP servers in Fastify apps.',
    '',
    bold('Commands'),
    ...lines,
    '',
    bold('Options'),
    ...formatOptions(PROGRAM_OPTIONS, columns),
    '',
    'Exit codes: 0 success, 1 failure, 2 wrong usage.'
  ].join('\n')
}

function formatOptions (options: Command['options'], columns: number): readonly string[] {
  const rows = Object.entries(options).map(([name, { value, short, help }]) => {
    const flag = short === undefined ? '    ' : `-${short}, `
    return { head: `${flag}--${name}${value === undefined ? '' : ` <${value}>`}`, help }
  })
  const width = Math.max(...rows.map(({ head }) => head.length))
  return rows.flatMap(({ head, help }) => {
    const lines = wrap(help, columns - width - 4)
    return lines.map((line, at) => `  ${(at === 0 ? head : '').padEnd(width)}  ${line}`)
  })
}
