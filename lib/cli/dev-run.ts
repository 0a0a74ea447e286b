// One run of a file by `dev`: it is loaded, served and announced, until a signal ends it.
import type { FastifyInstance } from 'fastify'
import { findMounted, findRegistry, type McpRegistry } from '../registry.ts'
import { resolveDefinition, type Mountable } from '../sdk/recognise.ts'
import { divertStdout } from '../stdio/stdout.ts'
import { serveStdio } from '../stdio.ts'
import { announce } from './announcement.ts'
import { printCalls } from './call-lines.ts'
import { Failure } from './command.ts'
import { createDevApp, isFastify, isPlugin } from './dev-app.ts'
import type { DevSettings } from './dev-settings.ts'
import { loadExport } from './load-export.ts'
import { clean } from './clean.ts'
import { formatStack, type Terminal } from './terminal.ts'

/** Serves what a file exports until a signal or the end of standard input. Resolves to the exit code. */
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
  // The announcement says how to end the app, so that has to work once it is printed.
  const ended = new Promise<void>((resolve) => { onSignal(terminal, resolve) })
  // The cast holds, because an app without a registry has been refused.
  const mounts = findRegistry(app) as McpRegistry
  await announce(mounts, settings, terminal)
  for (const mount of mounts) printCalls(findMounted(mount).parts.definition, { ...terminal, print: terminal.out })
  await ended
  await app.close()
}

async function runOnStdio (settings: DevSettings, terminal: Terminal): Promise<void> {
  // What the file prints while it is loaded must not reach the client.
  const exported = await loadExport(settings).finally(divertStdout())
  if (isFastify(exported) || isPlugin(exported)) {
    const what = isFastify(exported) ? 'an app' : 'a plugin'
    throw new Failure(
      `--stdio serves a server, and ${settings.name} exports ${what}: ` +
        'export the server, too, and name it with --export.'
    )
  }
  const { stdin, stdout } = terminal.process
  // Throws if it is no server, so the cast holds. Standard output belongs to the client.
  printCalls(resolveDefinition(exported), { ...terminal, print: terminal.err })
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
    const why = code === 'EADDRINUSE'
      ? `Port ${port} is in use. Stop the other process, or choose another port with --port.`
      : `Cannot listen on ${host}: ${message}.`
    throw new Failure(why, { cause })
  }
}

// The listeners stay, because a signal may come twice: from the terminal, and from Node.js' own --watch.
function onSignal ({ process }: Terminal, listener: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, listener)
}
