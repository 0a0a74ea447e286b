// `install`: adds a server to the configuration of an MCP client.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { slug } from '../explorer/connect.ts'
import { clean } from './clean.ts'
import { CLIENTS, findClient, type McpClient, type Place, type Scope, type Target } from './clients.ts'
import { Failure, parseChoice, UsageError, type Command, type CommandLine } from './command.ts'
import { readConfig, writeConfig } from './config-file.ts'
import { pathOfProgram } from './installation.ts'
import type { Terminal } from './terminal.ts'

const SCOPES = ['user', 'project'] as const

/** Adds a server to the configuration of a client. */
export const install: Command = {
  name: 'install',
  summary: 'Add a server to the configuration of an MCP client. It asks before it changes a file.',
  usage: '<client> <url or file> [options] [-- <args>]',
  takesRest: true,
  options: {
    name: {
      value: 'name',
      help: "The server's name in the client. Default: the host of the URL, or the name of this folder."
    },
    scope: {
      value: SCOPES.join('|'),
      help: 'For you in all projects, or for all users of the project in this folder. Default: user.'
    },
    header: { value: 'Name: value', multiple: true, help: 'A header that the client sends. Needs a URL.' },
    env: {
      value: 'NAME=value',
      multiple: true,
      help: 'An environment variable of the server. Needs a file or a command.'
    },
    print: { help: 'Print the configuration and change nothing.' },
    yes: { short: 'y', help: 'Change the file without asking.' }
  },
  notes: `Clients
${CLIENTS.map(({ id, title }) => `  ${id.padEnd(16)}${title}`).join('\n')}

The server is one of
  - the URL of an endpoint
  - a file that exports a server: the client starts it with 'run --transport
    stdio', and passes the arguments after -- to the file
  - any command, after --

Everything else in the file of the client stays as it is. A file that cannot be
parsed is not changed. If standard input is no terminal, install asks nothing:
without --yes it prints the configuration and changes nothing.

  fastify-mcp-mount install cursor http://127.0.0.1:8000/mcp
  fastify-mcp-mount install claude-desktop server.js --name notes
  fastify-mcp-mount install vscode --scope project -- node server.js --stdio
  fastify-mcp-mount install codex https://mcp.example.com/mcp --print`,
  run: runInstall
}

async function runInstall (line: CommandLine, terminal: Terminal): Promise<number> {
  const { out, err, bold, dim, process: { cwd, env } } = terminal
  const place: Place = { platform: process.platform, env, home: env.HOME ?? env.USERPROFILE ?? homedir(), cwd: cwd() }
  const [id, ...others] = line.positionals
  if (id === undefined) throw new UsageError(`install needs a client: ${CLIENTS.map(({ id }) => id).join(', ')}`)
  const client = findClient(id)
  const scope = parseChoice(line, 'scope', { otherwise: 'user', choices: SCOPES })
  const file = client.files[scope]?.(place)
  if (file === undefined) throw new UsageError(`${client.title} has no configuration of a ${scope}; leave --scope out`)
  const target = resolveTarget(others, line, { scope, cwd: place.cwd })
  const name = line.get('name') ?? defaultName(target, place)
  const alone = client.write('', name, target).trimEnd()

  if (line.has('print')) {
    err(dim(`${client.title} reads this from ${file}`))
    out(clean(alone))
    return 0
  }
  const old = readConfig(file)
  const changed = change({ client, file, old, name, target, alone })
  if (changed === old) {
    out(`${client.title} has this server already, in ${file}.`)
    return 0
  }
  out(`${bold(client.title)}  ${file}\n\n${clean(alone)}\n`)
  if (!line.has('yes') && !await confirm(`Add '${name}' to this file?`, terminal)) {
    err(`Nothing was changed${terminal.isInteractive ? '.' : ': pass --yes to write this without asking.'}`)
    return 1
  }
  writeConfig(file, { old, changed, isSecret: holdsSecrets(target) })
  out(`Added ${name}. ${client.next}`)
  return 0
}

interface Change {
  readonly client: McpClient
  readonly file: string
  readonly old: string
  readonly name: string
  readonly target: Target
  readonly alone: string
}

function change ({ client, file, old, name, target, alone }: Change): string {
  try {
    return client.write(old, name, target)
  } catch (cause) {
    const reason = clean((cause as Error).message)
    throw new Failure(
      `${file} cannot be parsed, and was not changed: ${reason}. Correct it, or add this by hand:\n\n${clean(alone)}`,
      { cause }
    )
  }
}

function resolveTarget (
  [given, surplus]: readonly string[],
  line: CommandLine,
  { scope, cwd }: { readonly scope: Scope, readonly cwd: string }
): Target {
  if (surplus !== undefined) throw new UsageError(`'${surplus}' is one argument too many; a command goes after --`)
  const headers = parsePairs(line, 'header', { pattern: /^([^:\s]+):\s*(.*)$/, form: 'Name: value' })
  const env = parsePairs(line, 'env', { pattern: /^([^=]+)=(.*)$/s, form: 'NAME=value' })
  const isUrl = given !== undefined && /^https?:\/\//i.test(given)
  if (isUrl && line.isGiven('env')) throw new UsageError('--env needs a file or a command')
  if (!isUrl && line.isGiven('header')) throw new UsageError('--header needs a URL')
  if (isUrl) {
    if (line.rest.length > 0) throw new UsageError('a URL takes no arguments after --')
    if (!URL.canParse(given)) throw new UsageError(`'${given}' is not a URL`)
    return { url: given, headers }
  }
  if (given === undefined) {
    const [command, ...args] = line.rest
    if (command === undefined) throw new UsageError('install needs a URL, a file, or a command after --')
    return { command, args, env }
  }
  const file = resolve(cwd, given)
  if (!existsSync(file)) throw new Failure(`There is no file ${file}.`)
  const last = ['--transport', 'stdio', ...line.rest.length === 0 ? [] : ['--', ...line.rest]]
  // Files of a project are shared, so they hold no paths of this machine: clients start in the folder of the project.
  return scope === 'project'
    ? { command: 'npx', args: ['fastify-mcp-mount', 'run', toSlashes(relative(cwd, file)), ...last], env }
    : { command: process.execPath, args: [pathOfProgram('cli'), 'run', file, ...last], env }
}

function toSlashes (path: string): string {
  return path.replaceAll('\\', '/')
}

interface PairForm {
  readonly pattern: RegExp
  readonly form: string
}

function parsePairs (
  line: CommandLine, option: string, { pattern, form }: PairForm
): { readonly [name: string]: string } {
  return Object.fromEntries(line.all(option).map((text) => {
    const [, name, value = ''] = pattern.exec(text) ?? []
    if (name === undefined) throw new UsageError(`--${option} '${text}' must be '${form}'`)
    return [name, value]
  }))
}

function defaultName (target: Target, { cwd }: Place): string {
  const hostname = 'url' in target ? new URL(target.url).hostname : 'localhost'
  return slug(/^(?:localhost|127\.|\[)/.test(hostname) ? basename(cwd) : hostname)
}

function holdsSecrets (target: Target): boolean {
  return Object.keys('url' in target ? target.headers : target.env).length > 0
}

async function confirm (question: string, { isInteractive, process: { stdin, stdout } }: Terminal): Promise<boolean> {
  if (!isInteractive) return false
  const prompt = createInterface({ input: stdin, output: stdout, terminal: false })
  try {
    // Without an answer, as at the end of the input, nothing is changed.
    const closed = new Promise<string>((resolve) => { prompt.once('close', () => { resolve('') }) })
    return /^y(?:es)?$/i.test((await Promise.race([prompt.question(`${question} [y/N] `), closed])).trim())
  } finally {
    prompt.close()
  }
}
