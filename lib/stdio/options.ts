// The options of `serveStdio`.
import type { Readable, Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { findAuthInfoProblem, type AuthInfo } from '../auth/auth-info.ts'
import { duration, flag, kind, kindOf, whole } from '../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../options/table.ts'
import { writesToStdout } from './stdout.ts'

/** The options of {@link serveStdio}. Times are milliseconds, sizes bytes. */
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
  /** Whether the legacy era is served besides the modern one. @default true */
  readonly legacy?: boolean
  /** The most bytes of a line; a longer one is refused. @default 4194304 (4 MiB) */
  readonly bodyLimit?: number
  /** The deepest nesting of a message; a deeper one is refused. @default 1000 */
  readonly maxDepth?: number
  /** The most keys and values of a message together; one with more is refused before it is parsed. @default 50000 */
  readonly maxValues?: number
  /** The most messages of a batch (revision 2025-03-26 only); a longer one is refused. @default 100 */
  readonly maxBatch?: number
  /** The most streams of `subscriptions/listen` that may be open; a further one is refused. @default 1024 */
  readonly maxStreams?: number
  /**
   * How many bytes may be buffered for a client that does not read; beyond that, the connection ends. Long before, the
   * messages of the client are no longer read. @default 16777216 (16 MiB)
   */
  readonly maxBuffered?: number
  /**
   * How long running requests may continue after the input has ended; then they are cut off. Clients that wait for the
   * process to end kill it after two seconds. @default 1000
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
 * Checks and completes the options. The given object is not changed.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function resolveStdioOptions (given: StdioOptions): ResolvedStdioOptions {
  const options = resolve(STDIO, given)
  // Reading process.stdin opens it, so it is not read if there is another input.
  return Object.freeze({ ...options, input: options.input ?? process.stdin, output: options.output ?? process.stdout })
}
