// One run of a file by `dev`: loaded, served, announced, and ended by a signal.
import type { FastifyInstance } from 'fastify'
import { findRegistry, type McpRegistry } from '../registry.ts'
import type { Mountable } from '../sdk/recognise.ts'
import { divertStdout } from '../stdio/stdout.ts'
import { serveStdio } from '../stdio.ts'
import { announce } from './announcement.ts'
import { Failure } from './command.ts'
import { createDevApp, isFastify, isPlugin } from './dev-app.ts'
import type { DevSettings } from './dev-settings.ts'
import { loadExport } from './load-export.ts'
import { clean } from './clean.ts'
import { formatStack, type Terminal } from './terminal.ts'

/** Serves what a file exports until it is told to end, or its one client has gone; comes to the exit code. */
export async function runDevServer (settings: DevSettings, terminal: Terminal): Promise<number> {
  try {
    await (settings.stdio ? runOnStdio : runOnHttp)(settings, terminal)
    return 0
  } catch (error) {
    terminal.err(clean(error instanceof Failure ? error.message : `${settings.name} failed:\n${formatStack(error)}`))
    return 1
  }
}

async function runOnHttp (settings: DevSettings, terminal: Terminal): Promise<void> {
  const app = await createDevApp(await loadExport(settings), settings, terminal)
  await listen(app, settings)
  // Without one there would be no app.
  await announce(findRegistry(app) as McpRegistry, settings, terminal)
  await new Promise<void>((resolve) => { onSignal(terminal, resolve) })
  await app.close()
}

async function runOnStdio (settings: DevSettings, terminal: Terminal): Promise<void> {
  // What the file writes while it is loaded is no message to the client.
  const exported = await loadExport(settings).finally(divertStdout())
  if (isFastify(exported) || isPlugin(exported)) throw new Failure(`--stdio serves a server, and ${settings.name} exports ${isFastify(exported) ? 'an app' : 'a plugin'}: export the server, too, and name it with --export.`)
  const { stdin, stdout } = terminal.process
  // What it is, is checked there.
  const { closed, close } = await serveStdio(exported as Mountable, { input: stdin, output: stdout })
  onSignal(terminal, () => { close() })
  await closed
}

async function listen (app: FastifyInstance, { host, port }: DevSettings): Promise<void> {
  if (app.server.listening) return
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? `Port ${port} is in use. End what listens there, or choose another one with --port.` : `Nothing can listen on ${host}: ${message}.`
    throw new Failure(why, { cause })
  }
}

// Again and again: Node's own --watch sends a signal that the terminal has sent to all processes already.
function onSignal ({ process }: Terminal, listener: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, listener)
}
