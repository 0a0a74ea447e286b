// Serves one client on stdin and stdout, until the input ends.
import type { Writable } from 'node:stream'
import { doNothing } from '../do-nothing.ts'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import type { Notifier } from '../notify/publisher.ts'
import { resolveDefinition, type Mountable } from '../sdk/recognise.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { Connection } from './connection.ts'
import { openHost, type Host } from './host.ts'
import { Input } from './input.ts'
import { resolveStdioOptions, type ResolvedStdioOptions, type StdioOptions } from './options.ts'
import { Output } from './output.ts'
import { divertStdout } from './stdout.ts'

/** A server on stdio, as {@link serveStdio} returns it. */
export interface StdioConnection {
  /**
   * Notifies the client of changes. Tools, resources and prompts that are registered, updated or removed need no call.
   */
  readonly notify: Notifier
  /**
   * Resolves when the connection is over: the client has closed the input or stopped reading, or {@link close} was
   * called; then all requests have ended, and the lifespan has been left. Rejects if leaving the lifespan fails.
   */
  readonly closed: Promise<void>
  /** Ends the connection, like the end of the input. The promise settles like {@link closed}. */
  close (): Promise<void>
}

// Milliseconds in which the client can still read the last messages.
const FLUSH_TIMEOUT = 1000

// Two servers on one output would mix up their messages.
const inUse = new WeakSet<Writable>()

/**
 * Serves a server to the client that has started this process, in both eras. Messages arrive on stdin and leave on
 * stdout, one per line. Meanwhile, anything else that is written to `process.stdout` goes to stderr. When the input
 * ends, the lifespan is left, and the process exits on its own as soon as nothing else keeps it running.
 *
 * @param server Anything that the `server` option of a mount accepts. The same server can also be mounted.
 * @returns A promise that resolves when the lifespan has been entered, before the first message is read. It rejects
 * with the error that the lifespan threw.
 * @throws MCP_ERR_INVALID_OPTION, MCP_ERR_INVALID_SERVER
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio
 * @example
 * const { close } = await serveStdio(notes)
 * for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, close)
 */
export async function serveStdio (server: Mountable, options: StdioOptions = {}): Promise<StdioConnection> {
  const definition = resolveDefinition(server)
  const resolved = resolveStdioOptions(options)
  const { output: stream, maxBuffered } = resolved
  if (inUse.has(stream)) throw new MCP_ERR_INVALID_OPTION('output', 'is in use: another server is already served on it')

  inUse.add(stream)
  const output = new Output({ stream, maxBuffered })
  const restoreStdout = stream === process.stdout ? divertStdout() : undefined
  const release = (): void => {
    output.stop()
    restoreStdout?.()
    inUse.delete(stream)
  }
  try {
    return start({ definition, output, release, host: await openHost(definition, resolved.app) }, resolved)
  } catch (error) {
    release()
    throw error
  }
}

/** The parts of a connection. */
interface Parts {
  readonly definition: ServerDefinition
  readonly output: Output
  readonly host: Host
  /** Restores stdout, and frees the output for another server. */
  readonly release: () => void
}

function start (parts: Parts, options: ResolvedStdioOptions): StdioConnection {
  const { definition, output, host: { app, lifespan } } = parts
  const { log } = app
  const identity = { mount: definition.info?.name ?? 'stdio', app }
  output.identify(identity)
  const connection = new Connection(definition, options, { identity, output, log, lifespan, auth: options.auth })
  const endWarnings = definition.onWarning?.((warning) => { log.warn(warning) }) ?? doNothing
  let end: (gracePeriod: number) => void = doNothing
  const ended = new Promise<number>((resolve) => { end = resolve })
  const input = new Input({
    stream: options.input,
    maxLength: options.bodyLimit,
    output,
    onLine: (line) => connection.receive(line),
    onEnd: (err) => {
      if (err !== undefined) log.error({ err }, 'the input failed')
      end(options.closeGracePeriod)
    }
  })
  output.gone.then((err) => {
    log.warn({ err }, 'the client no longer reads')
    connection.abandon(err)
    end(0)
  })
  const closed = ended.then(async (gracePeriod) => {
    endWarnings()
    input.stop()
    await connection.end(gracePeriod)
    await finish(parts)
  })
  input.start()
  return { notify: connection.changes.notify, closed, close: () => { end(options.closeGracePeriod); return closed } }
}

async function finish ({ host, output, release }: Parts): Promise<void> {
  try {
    await host.close()
  } finally {
    await output.flushed(FLUSH_TIMEOUT)
    release()
  }
}
