// The options of serving on stdio.
import type { Readable, Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { findAuthInfoProblem, type AuthInfo } from '../auth/auth-info.ts'
import { duration, flag, kind, kindOf, whole } from '../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../options/table.ts'
import { writesToStdout } from './stdout.ts'

/** The options of {@link serveStdio}. Times are milliseconds, sizes bytes. */
export interface StdioOptions {
  /**
   * The app that the server's lifespan is entered with and that logs; it is made ready, need not listen, and is yours to
   * close. Its log must go to stderr. @default a bare Fastify app that logs to stderr and is closed at the end
   */
  readonly app?: FastifyInstance
  /** Who uses the server, for `ctx.auth` and `scopes`: the environment that the process was started in says so. @default nobody in particular */
  readonly auth?: AuthInfo
  /** Where messages come from. @default process.stdin */
  readonly input?: Readable
  /** Where messages go. @default process.stdout, where whatever else is written goes to stderr meanwhile */
  readonly output?: Writable
  /** Serves the legacy era besides the modern one. @default true */
  readonly legacy?: boolean
  /** The longest line; a longer one is refused and passed over. @default 4194304 (4 MiB) */
  readonly bodyLimit?: number
  /** The deepest nesting of a message; a deeper one is refused. @default 1000 */
  readonly maxDepth?: number
  /** The most keys and values of a message, all together; one with more is refused, before it is parsed. @default 50000 */
  readonly maxValues?: number
  /** The most messages of a batch (revision 2025-03-26 only); a longer one is refused. @default 100 */
  readonly maxBatch?: number
  /** Streams of `subscriptions/listen` open at once; past it one is refused. @default 1024 */
  readonly maxStreams?: number
  /**
   * Bytes that may wait for a client that does not read; past it the connection ends. Long before that, its messages are
   * not read either. @default 16777216 (16 MiB)
   */
  readonly maxBuffered?: number
  /**
   * How long requests being served may go on when the input has ended; then they are cut. Clients that wait for the process
   * to end kill it after two seconds. @default 1000
   */
  readonly closeGracePeriod?: number
}

const app = kind<FastifyInstance>((value) => {
  const { ready, log } = Object(value)
  if (typeof ready !== 'function' || typeof log !== 'object') return 'must be a Fastify app'
  return writesToStdout(log) ? 'logs to stdout, which carries messages; create it with Fastify({ logger: { stream: process.stderr } })' : undefined
})
const authInfo = kind<AuthInfo>((value) => {
  const problem = findAuthInfoProblem(value)
  return problem && `is no AuthInfo: it ${problem}`
})
const readable = kindOf<Readable>('must be a readable stream, such as process.stdin', (value) => typeof Object(value).pause === 'function')
const writable = kindOf<Writable>('must be a writable stream, such as process.stdout', (value) => typeof Object(value).write === 'function')

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

/** Options that were checked and completed. */
export type ResolvedStdioOptions = ResolvedOf<typeof STDIO> & { readonly input: Readable, readonly output: Writable }

/**
 * Checks and completes the options. The object given is not written to.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function resolveStdioOptions (given: StdioOptions): ResolvedStdioOptions {
  const options = resolve(STDIO, given)
  // Reading process.stdin opens it, so that nothing does where there is another input.
  return Object.freeze({ ...options, input: options.input ?? process.stdin, output: options.output ?? process.stdout })
}
