// The `cors` option of a mount.
import { flag, kindOf, nested, switchable, WHICH } from '../../options/checks.ts'
import type { ResolvedOf, TableOf } from '../../options/table.ts'

/**
 * Options of `@fastify/cors` for one mount. The headers listed here are allowed in addition to those that the protocol
 * needs. Origins come from the mount's `allowedOrigins`, and the methods are fixed.
 * @see https://github.com/fastify/fastify-cors#options
 */
export interface CorsOptions {
  /**
   * Additional request headers that pages may send, as an array or separated by commas.
   * @default the headers of the protocol, `Authorization` and `Content-Type`
   */
  readonly allowedHeaders?: string | readonly string[]
  /**
   * Additional reply headers that pages may read, as an array or separated by commas.
   * @default `Mcp-Session-Id` and `WWW-Authenticate`
   */
  readonly exposedHeaders?: string | readonly string[]
  /** Lets pages send cookies and read the replies. It cannot be used with `allowedOrigins: '*'`. @default false */
  readonly credentials?: boolean
  /** How many seconds a browser may cache the answer to a preflight. @default the browser decides; most choose 5 */
  readonly maxAge?: number
  /** The `Cache-Control` header of the answer to a preflight, or the seconds of its `max-age`. @default none */
  readonly cacheControl?: number | string
  /** The status of the answer to a preflight: 200 or 204. @default 204 */
  readonly optionsSuccessStatus?: number
}

const names = kindOf<string | readonly string[]>('must name headers as an array or separated by commas',
  (value) => typeof value === 'string' || (Array.isArray(value) && value.every((name) => typeof name === 'string')))
const seconds = kindOf<number>('must be a whole number of seconds', isSeconds)
const cacheControl = kindOf<number | string>('must be a string or a whole number of seconds',
  (value) => typeof value === 'string' || isSeconds(value))
const successStatus = kindOf<number>('must be 200 or 204', (value) => value === 200 || value === 204)

const CORS = {
  allowedHeaders: names(),
  exposedHeaders: names(),
  credentials: flag(false),
  maxAge: seconds(),
  cacheControl: cacheControl(),
  optionsSuccessStatus: successStatus(204)
} satisfies TableOf<CorsOptions>

/** Options that have been checked and completed. */
export type ResolvedCors = ResolvedOf<typeof CORS>

/** The `cors` option. */
export const corsOption = switchable(nested(
  CORS,
  "must be true, false or an object, such as { maxAge: 600 }; the origins are those of 'allowedOrigins'",
  { ...WHICH, judgeUnknown }
))

function isSeconds (value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

// Explains why an option of `@fastify/cors` cannot be set here.
function judgeUnknown (name: string, known: readonly string[]): string {
  switch (name) {
    case 'origin':
    case 'delegator':
      return "is set elsewhere: the guard and CORS have one list of origins; write them in the mount's 'allowedOrigins'"
    case 'methods': return 'are fixed: GET, POST and DELETE; leave it out'
    case 'hook':
    case 'preflight':
    case 'preflightContinue':
    case 'strictPreflight': return 'cannot be changed: a preflight is always answered before all else; leave it out'
    default: return WHICH.judgeUnknown(name, known)
  }
}
