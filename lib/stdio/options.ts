// The options of `serveStdio`.
import type { Readable, Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { findAuthInfoProblem, type AuthInfo } from '../auth/auth-info.ts'
import { duration, flag, kind, kindOf, whole } from '../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../options/table.ts'
import { writesToStdout } from './stdout.ts'

/** The options of {@link serveStdio}. Durations are milliseconds and sizes are bytes. */
export interface StdioOptions {
  /**
   * The app that the server's lifespan receives, and whose logger is used. `serveStdio` makes it ready. It need not
   * listen, and you close it. Its log must go to stderr.
   * @default a bare Fastify app that logs to stderr and is closed at the end
   */
  readonly app?: FastifyInstance
  /**
   * The user of the server, for `ctx.auth` and `scopes`, as known from the environment of the process.
   * @default no user
   */
  readonly auth?: AuthInfo
  /** The stream from which messages are read. @default process.stdin */
  readonly input?: Readable
  /**
   * The stream to which messages are written. While it is `process.stdout`, all other output goes to stderr.
   * @default process.stdout
   */
  readonly output?: Writable
  /** Serves revisions before `2026-07-28` as well. With `false`, their requests are refused. @default true */
  readonly legacy?: boolean
  /** How many bytes a line may have. A longer one is refused. @default 4194304 (4 MiB) */
  readonly bodyLimit?: number
  /** How many levels deep a message may be nested. A deeper one is refused. @default 1000 */
  readonly maxDepth?: number
  /** How many keys and values a message may have in total. One with more is refused unparsed. @default 50000 */
  readonly maxValues?: number
  /** How many messages a batch may have. A longer one is refused. Only revision 2025-03-26 has batches. @default 100 */
  readonly maxBatch?: number
  /** How many `subscriptions/listen` may be open at once. A further one is refused. @default 1024 */
  readonly maxStreams?: number
  /**
   * How many bytes may be buffered for a client that does not read. Beyond that, the connection ends. The client's own
   * messages are not read either while its output is full, which is much earlier.
   * @default 16777216 (16 MiB)
   */
  readonly maxBuffered?: number
  /**
   * How many milliseconds running requests may continue after the input has ended. Then they are cut: `ctx.signal` is
   * aborted. Clients that wait for the process to end kill it after two seconds.
   * @default 1000
   */
  readonly closeGracePeriod?: number
}

const STDOUT_PROBLEM =
  'logs to stdout, which carries messages; create it with Fastify({ logger: { stream: process.stderr } })'

const app = kind<FastifyInstance>((value) => {
  const { ready, log } = Object(value)
  if (typeof ready !== 'function' || typeof log !== 'object') return 'must be a Fastify app'
  return writesToStdout(log) ? STDOUT_PROBLEM : undefined
})
const authInfo = kind<AuthInfo>((value) => {
  const problem = findAuthInfoProblem(value)
  return problem && `is not an AuthInfo: it ${problem}`
})
const readable = kindOf<Readable>('must be a readable stream, such as process.stdin', (value) => {
  return typeof Object(value).pause === 'function'
})
const writable = kindOf<Writable>('must be a writable stream, such as process.stdout', (value) => {
  return typeof Object(value).write === 'function'
})

const STDIO = {
  app: app(),
  auth: authInfo(),
  input: readable(),
  output: writable(),
  legacy: flag(true),
  bodyLimit: whole(4 * 1024 * 1024),
  maxDepth: whole(1000),
  maxValues: whole(50_000),
  maxBatch: whole(100),
  maxStreams: whole(1024),
  maxBuffered: whole(16 * 1024 * 1024),
  closeGracePeriod: duration(1000)
} satisfies TableOf<StdioOptions>

/** Options that have been checked and completed. */
export type ResolvedStdioOptions = ResolvedOf<typeof STDIO> & { readonly input: Readable, readonly output: Writable }

/**
 * Checks and completes the options. The given object is not modified.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function resolveStdioOptions (given: StdioOptions): ResolvedStdioOptions {
  const options = resolve(STDIO, given)
  // Reading process.stdin opens it, so it is not read if there is another input.
  return Object.freeze({ ...options, input: options.input ?? process.stdin, output: options.output ?? process.stdout })
}
