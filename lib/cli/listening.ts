// What `dev` and `run` have in common while they serve: listening, stdio, signals and failures.
import type { FastifyInstance } from 'fastify'
import { resolveDefinition, type Mountable } from '../sdk/recognise.ts'
import { divertStdout } from '../stdio/stdout.ts'
import { serveStdio } from '../stdio.ts'
import { clean } from './clean.ts'
import { Failure } from './command.ts'
import { loadExport, type ExportSettings } from './load-export.ts'
import { isFastify, isPlugin } from './served-app.ts'
import { formatStack, type Terminal } from './terminal.ts'

/** Serves until it ends, and prints why it failed. Resolves to the exit code. */
export async function reportFailure (name: string, terminal: Terminal, serving: Promise<void>): Promise<number> {
  try {
    await serving
    return 0
  } catch (error) {
    terminal.err(clean(error instanceof Failure ? error.message : `${name} failed:\n${formatStack(error)}`))
    return 1
  }
}

/** Listens unless the app listens already. @throws Failure; the app is closed. */
export async function listen (
  app: FastifyInstance, { host, port }: { readonly host: string, readonly port: number }
): Promise<void> {
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

/**
 * Serves what a file exports to one client on standard input and output, until the input or a signal ends it.
 * @param option How the user asked for it, such as `--stdio`.
 * @param createApp Creates the app whose logger is used; absent for a bare one.
 */
export async function serveOnStdio (
  settings: ExportSettings,
  { option, terminal, createApp }: {
    readonly option: string
    readonly terminal: Terminal
    readonly createApp?: () => FastifyInstance
  }
): Promise<void> {
  // What the file prints while it is loaded must not reach the client.
  const exported = await loadExport(settings).finally(divertStdout())
  if (isFastify(exported) || isPlugin(exported)) {
    const what = isFastify(exported) ? 'an app' : 'a plugin'
    throw new Failure(
      `${option} serves a server, and ${settings.name} exports ${what}: ` +
        'export the server, too, and name it with --export.'
    )
  }
  const { stdin: input, stdout: output } = terminal.process
  // Creating an app for a server that cannot be served would be in vain.
  resolveDefinition(exported)
  const app = createApp?.()
  // Resolving the definition has checked the server, so the cast holds.
  const options = { input, output, ...(app !== undefined && { app }) }
  const { closed, close } = await serveStdio(exported as Mountable, options)
  onSignal(terminal, () => { close() })
  await closed
  await app?.close()
}

/** Calls a listener at each signal that ends a process. */
export function onSignal ({ process }: Pick<Terminal, 'process'>, listener: () => void): void {
  // The listeners stay, because a signal may come twice: from the terminal, and from a parent process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, listener)
}
