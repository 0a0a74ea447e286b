// Serving one client on stdin and stdout, from the server's lifespan to the end of the process.
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

/** A server on stdio. */
export interface StdioConnection {
  /** Tells the client that something has changed; what is registered, updated or removed tells itself. */
  readonly notify: Notifier
  /**
   * Resolves when the connection is over: the client closed the input or stopped reading, or {@link close} was called,
   * all requests have ended, and the lifespan is left. Rejects with the error of leaving the lifespan.
   */
  readonly closed: Promise<void>
  /** Ends the connection as the end of the input does. Settles as {@link closed} does. */
  close (): Promise<void>
}

// Milliseconds in which a client that reads gets what it is told at the end.
const LAST_WORDS = 1000

// Two servers on one pipe would answer for each other.
const inUse = new WeakSet<Writable>()

/**
 * Serves a server definition to the one client that has started this process, in both eras. Messages arrive on stdin
 * and leave on stdout, one per line. Meanwhile, anything else that is written to `process.stdout` goes to stderr. When
 * the input ends, the lifespan is left, and the process ends by itself as soon as nothing else keeps it running.
 *
 * @param server As the `server` of a mount; one may be both.
 * @returns Resolves when the lifespan is entered and before the first message is read. Rejects with the error that the
 * lifespan threw.
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
  if (inUse.has(stream)) throw new MCP_ERR_INVALID_OPTION('output', 'is in use: one server is served on it already')

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

/** What a connection is made of. */
interface Parts {
  readonly definition: ServerDefinition
  readonly output: Output
  readonly host: Host
  /** Gives the output back. */
  readonly release: () => void
}

function start (parts: Parts, options: ResolvedStdioOptions): StdioConnection {
  const { definition, output, host: { app: { log }, lifespan } } = parts
  const connection = new Connection(definition, options, { output, log, lifespan, auth: options.auth })
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
    log.warn({ err }, 'the client does not read any more')
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
    await output.flushed(LAST_WORDS)
    release()
  }
}
