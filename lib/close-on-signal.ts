// Closes an app when the process gets a signal.
import { constants } from 'node:os'
import type { Server } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { duration, kindOf } from './options/checks.ts'
import { resolve, type TableOf } from './options/table.ts'
import { findRegistry } from './registry.ts'

/** When and how `closeOnSignal` closes an app. */
export interface CloseOnSignalOptions {
  /** The signals that close the app. @default ['SIGTERM', 'SIGINT'] */
  readonly signals?: readonly NodeJS.Signals[]
  /**
   * How many milliseconds the app serves on after a signal, with readiness at 503, so that balancers send their
   * requests elsewhere. It is the `delay` of {@link McpRegistry.drain}.
   * @default 0
   */
  readonly drain?: number
}

/** An app of Fastify, whichever server and types it has. */
export interface ClosableApp {
  /** The server, by which the mounts of the app are found. */
  readonly server: Server
  /** Logs why the app failed to close. */
  readonly log: Pick<FastifyBaseLogger, 'error'>
  /** Closes the app. */
  close (): PromiseLike<unknown>
}

const signals = kindOf<readonly NodeJS.Signals[]>("must be an array of signals, such as ['SIGTERM', 'SIGINT']",
  (value) => Array.isArray(value) && value.length > 0 && value.every((name) => Object.hasOwn(constants.signals, name)))

const CLOSE_ON_SIGNAL = {
  signals: signals(['SIGTERM', 'SIGINT']),
  drain: duration(0)
} satisfies TableOf<CloseOnSignalOptions>

// Milliseconds in which a second signal is taken for the same one: npm passes on a Ctrl-C that the terminal has sent to
// all of its processes.
const ECHO = 500

// The servers of the apps that are closed on signals.
const watched = new WeakSet<Server>()

/**
 * Closes an app when the process gets a signal, without losing a call: see {@link McpRegistry.drain}. The process then
 * ends on its own, once nothing else keeps it running. Only a second signal, half a second or more after the first,
 * calls `process.exit()`, at once and with the exit code of the signal, such as 143. If the app fails to close, the
 * error is logged and the exit code is 1. When the app has closed, the listeners are removed. Call it once for each
 * app, before or after its plugins are registered; a second call does nothing.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example
 * closeOnSignal(app, { drain: 5000 })
 * await app.listen({ port: 8000 })
 */
export function closeOnSignal (app: ClosableApp, options: CloseOnSignalOptions = {}): void {
  const { signals, drain } = resolve(CLOSE_ON_SIGNAL, options)
  if (watched.has(app.server)) return
  watched.add(app.server)
  let first: number | undefined

  for (const signal of signals) process.on(signal, onSignal)
  // The app may also be closed by other means. Closing it again waits until it has closed.
  app.server.once('close', () => { if (first === undefined) app.close().then(stop, stop) })

  function onSignal (signal: NodeJS.Signals): void {
    const now = performance.now()
    if (first === undefined) end(app, drain).then(stop)
    else if (now - first >= ECHO) process.exit(128 + constants.signals[signal])
    first ??= now
  }

  function stop (): void {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

async function end (app: ClosableApp, delay: number): Promise<void> {
  try {
    // Without a mount, there is nothing to drain.
    await (findRegistry(app)?.drain({ delay }) ?? app.close())
  } catch (err) {
    app.log.error({ err }, 'the app failed to close')
    process.exitCode = 1
  }
}
