// `run`: serves the server of a file in production.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { waitFor } from './child.ts'
import { Failure, parseChoice, parseWhole, UsageError, type Command, type CommandLine } from './command.ts'
import { pathOfProgram } from './installation.ts'
import { USUAL_EXPORTS } from './load-export.ts'
import { AUTOLOAD, findLoader } from './loader.ts'
import { LOG_LEVELS, RUN_VARIABLE, TRANSPORTS, type RunSettings } from './run-settings.ts'
import type { Terminal } from './terminal.ts'

/** Serves a file in production. */
export const run: Command = {
  name: 'run',
  summary: 'Serve the MCP server, Fastify plugin or Fastify app that a file exports, in production.',
  usage: '<file> [options] [-- <arguments of the file>]',
  takesRest: true,
  options: {
    export: {
      value: 'name',
      help: `The name of the export. Default: the first of ${USUAL_EXPORTS.join(', ')} that there is.`
    },
    transport: { value: TRANSPORTS.join('|'), help: 'How clients connect. Default: http.' },
    host: { value: 'host', help: 'The address to listen on. Default: the environment variable HOST, or 127.0.0.1.' },
    port: {
      value: 'port',
      short: 'p',
      help: 'The port to listen on; 0 finds a free one. Default: the environment variable PORT, or 8000.'
    },
    path: { value: 'path', help: "The endpoint's path, for a server. Default: /mcp." },
    'log-level': {
      value: 'level',
      help: `${LOG_LEVELS.join(', ')}. Default: the environment variable LOG_LEVEL, or info.`
    },
    workers: { value: 'number', short: 'w', help: 'How many processes share the port. Default: 1.' },
    drain: {
      value: 'ms',
      help: 'How many milliseconds it serves on after a signal, so that balancers notice. Default: 0.'
    },
    stateless: { help: 'Serve legacy clients without sessions, so that any worker can answer them.' }
  },
  notes: `The file exports what it exports for 'dev'. If it exports a server, run mounts
it with a health check at /health and these environment variables:
  PUBLIC_URL     the URL that clients use; without it only localhost is served
  ALLOWED_HOSTS  further hosts that are served, separated by commas
  REDIS_URL      the Redis that shares sessions between workers and machines
  MCP_STATE_KEY  the secret of 'requestState', which all workers must share;
                 your server reads it, and run makes one up if it is not set
A plugin or an app has mounts with options of their own.

Transports
  http   Streamable HTTP, for clients of all revisions since 2025-03-26
  sse    also HTTP+SSE of 2024-11-05, at /sse and /messages
  stdio  one client on standard input and output; the log goes to standard error

Several workers share one port. Clients of the modern era need nothing more. The
sessions of legacy clients need REDIS_URL or --stateless; without one of them,
run refuses to start a server with more than one worker.

SIGTERM and SIGINT close the app: readiness turns 503, calls are served for
--drain milliseconds, and those that are running may finish.

  fastify-mcp-mount run server.js --host 0.0.0.0 --port 8080
  fastify-mcp-mount run server.js --workers 4 --stateless
  fastify-mcp-mount run server.js --transport stdio -- --database notes.db`,
  run: runRun
}

async function runRun (line: CommandLine, terminal: Terminal): Promise<number> {
  const settings = resolveSettings(line, terminal)
  const args = [...process.execArgv, ...findLoader(settings.file)]
  const child = spawn(process.execPath, [...args, pathOfProgram('cli/file-server')], {
    env: { ...AUTOLOAD, ...terminal.process.env, [RUN_VARIABLE]: JSON.stringify(settings) },
    // The log, and with stdio the messages, pass unchanged.
    stdio: 'inherit'
  })
  const { code } = await waitFor(child, terminal)
  return code ?? 1
}

const HTTP_OPTIONS = ['host', 'port', 'path', 'workers', 'drain', 'stateless'] as const
const MAX_WORKERS = 1024
const MAX_DRAIN = 600_000

function resolveSettings (line: CommandLine, { process: { env, cwd } }: Terminal): RunSettings {
  const [name, surplus] = line.positionals
  if (name === undefined) throw new UsageError('run needs a file, such as server.js')
  if (surplus !== undefined) {
    throw new UsageError(`'${surplus}' is one argument too many; the arguments of the file go after --`)
  }
  const transport = parseChoice(line, 'transport', { otherwise: 'http', choices: TRANSPORTS })
  const meaningless = HTTP_OPTIONS.find((option) => line.isGiven(option))
  if (transport === 'stdio' && meaningless !== undefined) {
    throw new UsageError(`--${meaningless} has no meaning with --transport stdio`)
  }
  const workers = parseWhole(line, 'workers', { otherwise: '1', from: 1, to: MAX_WORKERS })
  if (transport === 'sse' && workers > 1) {
    throw new UsageError('--transport sse needs one worker: its sessions live in one process')
  }
  const file = resolve(cwd(), name)
  if (!existsSync(file)) throw new Failure(`There is no file ${file}.`)

  const [path, exported] = [line.get('path'), line.get('export')]
  return {
    name,
    file,
    transport,
    host: line.get('host') ?? env.HOST ?? '127.0.0.1',
    port: parseWhole(line, 'port', { otherwise: env.PORT ?? '8000', from: 0, to: 65535 }),
    logLevel: parseChoice(line, 'log-level', { otherwise: env.LOG_LEVEL ?? 'info', choices: LOG_LEVELS }),
    isLogLevelGiven: line.isGiven('log-level'),
    workers,
    drain: parseWhole(line, 'drain', { otherwise: '0', from: 0, to: MAX_DRAIN }),
    stateless: line.has('stateless'),
    args: line.rest,
    ...(exported !== undefined && { exported }),
    ...(path !== undefined && { path })
  }
}
