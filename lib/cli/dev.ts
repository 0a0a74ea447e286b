// `dev`: runs the server of a file, and restarts it when the file changes. The file runs in a process of its own, under
// the --watch of Node.js.
import { randomBytes } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { doNothing } from '../do-nothing.ts'
import { isScope } from '../protocol/scope.ts'
import { waitFor } from './child.ts'
import { Failure, parseWhole, UsageError, type Command, type CommandLine } from './command.ts'
import { readReport } from './dev-report.ts'
import { SETTINGS_VARIABLE, type DevSettings } from './dev-settings.ts'
import { pathOfProgram } from './installation.ts'
import { startInspector } from './inspector.ts'
import { USUAL_EXPORTS } from './load-export.ts'
import { AUTOLOAD, findLoader } from './loader.ts'
import { onOpenKey } from './open-key.ts'
import type { Terminal } from './terminal.ts'
import { editWatchOutput } from './watch-output.ts'

// In milliseconds, more than a server takes to close. Node.js loses a signal that arrives while --watch restarts.
const SIGNAL_REPEAT = 3000

/** Runs the server of a file. */
export const dev: Command = {
  name: 'dev',
  summary: 'Run the MCP server, Fastify plugin or Fastify app that a file exports, ' +
    'again whenever the file or what it imports changes.',
  usage: '<file> [options]',
  options: {
    export: {
      value: 'name',
      help: `The name of the export. Default: the first of ${USUAL_EXPORTS.join(', ')} that there is.`
    },
    port: {
      value: 'port',
      short: 'p',
      help: 'The port to listen on; 0 finds a free one. Default: the environment variable PORT, or 8000.'
    },
    host: { value: 'host', help: 'The address to listen on. Default: 127.0.0.1.' },
    prefix: { value: 'prefix', help: "The prefix of the path, for a server or a plugin. Default: ''." },
    path: { value: 'path', help: "The endpoint's path below the prefix, for a server. Default: /mcp." },
    'sign-in': {
      help: 'Let clients sign in at a built-in provider, where any name may sign in. ' +
        'It needs the package oidc-provider.'
    },
    scopes: { value: 'scopes', help: 'The scopes, separated by commas, that clients may ask for with --sign-in.' },
    inspector: { help: 'Start the official MCP Inspector on the first endpoint. It needs Node.js 22.19 or newer.' },
    stdio: { help: 'Serve a single client on standard input and output, without restarts on changes.' }
  },
  notes: `The file exports one of
  - an MCP server: McpServer of this package, or one of the official SDK
  - a Fastify plugin that mounts servers
  - a Fastify app with mounts; dev listens unless the app listens already
  - a function that returns one of these, such as createApp

The explorer, a page to look at the servers and try them, is served at
/explorer. o and Enter open it in the browser.

Each call of a tool is printed in one line: what was called, the outcome, how
long it took, and the client.

TypeScript is run by tsx, where that is installed beside the file, else by
Node.js 22.18 or newer. Options of Node.js go before the program:
node --inspect node_modules/.bin/fastify-mcp-mount dev server.ts

  fastify-mcp-mount dev server.ts
  fastify-mcp-mount dev app.ts --inspector
  fastify-mcp-mount dev plugins/mcp.ts --prefix /v1 --port 3000
  claude mcp add notes -- npx fastify-mcp-mount dev server.ts --stdio`,
  run: runDev
}

async function runDev (line: CommandLine, terminal: Terminal): Promise<number> {
  const settings = await resolveSettings(line, terminal)
  if (settings.stdio) return await runProcess(settings, terminal)
  const folder = mkdtempSync(join(tmpdir(), 'fastify-mcp-mount-'))
  try {
    const report = join(folder, 'report.json')
    const signIn = resolveSignIn(line, settings, { file: join(folder, 'sign-in.json'), env: terminal.process.env })
    const all = { ...settings, report, ...(signIn !== undefined && { signIn }) }
    return await runProcess(all, terminal, line.has('inspector') ? report : undefined)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// The Inspector is started if it is given the report that it finds the first URL in.
async function runProcess (settings: DevSettings, terminal: Terminal, inspected?: string): Promise<number> {
  const args = [...process.execArgv, ...findLoader(settings.file)]
  if (!settings.stdio) args.push('--watch', '--watch-preserve-output')
  const child = spawn(process.execPath, [...args, pathOfProgram('cli/file-server'), settings.name], {
    env: {
      ...AUTOLOAD,
      ...terminal.process.env,
      ...describeTerminal(terminal),
      [SETTINGS_VARIABLE]: JSON.stringify(settings)
    },
    // With --stdio, standard output carries the messages to the client and must not be changed.
    stdio: ['inherit', settings.stdio ? 'inherit' : 'pipe', 'pipe']
  })
  const { report } = settings
  const stopKey = report === undefined || terminal.process.stdin.isTTY !== true
    ? doNothing
    : onOpenKey(terminal, () => readReport(report)?.[0]?.explorer)
  const waiting = terminal.dim('Waits for a change.')
  let inspector: ChildProcess | undefined
  terminal.forward(child, (text) => editWatchOutput(text, waiting))
  if (inspected !== undefined) {
    // The process reports its URLs before it prints that it is up.
    child.stdout?.on('data', () => {
      const url = inspector === undefined ? readReport(inspected)?.[0]?.url : undefined
      if (url !== undefined) inspector = startInspector(url, terminal)
    })
  }
  try {
    const { code, wasEnded } = await waitFor(child, terminal, settings.stdio ? undefined : SIGNAL_REPEAT)
    return wasEnded ? 0 : code ?? 1
  } finally {
    inspector?.kill()
    stopKey()
  }
}

// A process whose output is a pipe cannot detect the terminal behind it.
function describeTerminal ({ columns, isColourful }: Terminal): NodeJS.ProcessEnv {
  return { COLUMNS: String(columns), ...(isColourful && { FORCE_COLOR: '1' }) }
}

const HTTP_OPTIONS = ['port', 'host', 'prefix', 'path', 'sign-in', 'scopes', 'inspector'] as const

async function resolveSettings (line: CommandLine, { process: { env, cwd } }: Terminal): Promise<DevSettings> {
  const [name, surplus] = line.positionals
  if (name === undefined) throw new UsageError('dev needs a file, such as server.ts')
  if (surplus !== undefined) throw new UsageError(`'${surplus}' is one argument too many`)
  const meaningless = HTTP_OPTIONS.find((option) => line.has('stdio') && line.isGiven(option))
  if (meaningless !== undefined) throw new UsageError(`--${meaningless} has no meaning with --stdio`)
  const port = parseWhole(line, 'port', { otherwise: env.PORT ?? '8000', from: 0, to: 65535 })
  const file = resolve(cwd(), name)
  if (!existsSync(file)) throw new Failure(`There is no file ${file}.`)

  const host = line.get('host') ?? '127.0.0.1'
  const [prefix, path, exported] = [line.get('prefix'), line.get('path'), line.get('export')]
  return {
    name,
    file,
    host,
    // A free port is chosen here, so that it stays the same after each restart.
    port: port === 0 ? await findPort(host) : port,
    stdio: line.has('stdio'),
    ...(exported !== undefined && { exported }),
    ...(prefix !== undefined && { prefix }),
    ...(path !== undefined && { path })
  }
}

const LOOPBACK = ['127.0.0.1', 'localhost']

function resolveSignIn (
  line: CommandLine, { host }: DevSettings,
  { file, env }: { readonly file: string, readonly env: NodeJS.ProcessEnv }
): DevSettings['signIn'] {
  const scopes = (line.get('scopes') ?? '').split(',').map((scope) => scope.trim()).filter((scope) => scope !== '')
  if (!line.has('sign-in')) {
    if (line.isGiven('scopes')) throw new UsageError('--scopes has no meaning without --sign-in')
    return undefined
  }
  if (env['NODE_ENV'] === 'production') {
    throw new Failure('--sign-in lets anybody in, and does not start with NODE_ENV=production.')
  }
  if (!LOOPBACK.includes(host)) {
    const addresses = LOOPBACK.join(', ')
    throw new Failure(`--sign-in lets anybody in, and listens on loopback only (${addresses}), not on ${host}.`)
  }
  const wrong = scopes.find((scope) => !isScope(scope))
  if (wrong !== undefined) throw new UsageError(`--scopes has '${wrong}', which is no scope`)
  return { scopes, key: randomBytes(32).toString('hex'), file }
}

async function findPort (host: string): Promise<number> {
  const server = createServer().listen(0, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Failure(`Cannot listen on ${host}: ${(cause as Error).message}.`, { cause })
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
