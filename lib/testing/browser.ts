// What a browser lets a page send to another origin, and read of the reply. By the Fetch Standard.
import { readRefusal, type RefusedError } from './refused-error.ts'

type Send = (request: Request) => Promise<Response>

/** What a page asks for. */
interface Asked {
  readonly method: string
  readonly origin: string
  /** The headers that it may not set by itself. */
  readonly unsafe: readonly string[]
}

// https://fetch.spec.whatwg.org/#cors-safelisted-method, #cors-safelisted-request-header, #cors-safelisted-response-header-name
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])
const SAFE_HEADERS: ReadonlySet<string> = new Set(['accept', 'accept-language', 'content-language'])
const SAFE_TYPES = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i
const READABLE_HEADERS: readonly string[] = ['cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'last-modified', 'pragma']

const CORS_ADVICE = "set the mount's 'cors' option, and add the origin to its 'allowedOrigins'"

/**
 * Sends a request as a page of some origin: its preflight first, where there has to be one, and without cookies. Nothing is
 * kept of a preflight from one request to the next.
 *
 * @returns The reply with the headers that the page may read.
 * @throws RefusedError where the page would be told of nothing but a network error.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export async function sendAsPage (request: Request, origin: string, send: Send): Promise<Response> {
  const { method, url, headers } = request
  const asked: Asked = { method, origin, unsafe: listUnsafe(headers) }
  const isForeign = new URL(url).origin !== origin
  // https://fetch.spec.whatwg.org/#append-a-request-origin-header
  if (isForeign || (method !== 'GET' && method !== 'HEAD')) headers.set('origin', origin)
  if (!isForeign) return await send(request)

  if (asked.unsafe.length > 0 || !SAFE_METHODS.has(method)) await sendPreflight(url, asked, send)
  const response = await send(request)
  if (!isAllowed(response, origin)) {
    throw await refuse(response, origin, `cannot read the reply to its ${method}, ${lacksOrigin(response, origin)}; ${CORS_ADVICE}`)
  }
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers: readableOf(response.headers) })
}

// https://fetch.spec.whatwg.org/#cors-preflight-fetch
async function sendPreflight (url: string, asked: Asked, send: Send): Promise<void> {
  const { method, origin, unsafe } = asked
  const response = await send(new Request(url, {
    method: 'OPTIONS',
    headers: {
      accept: '*/*',
      origin,
      'access-control-request-method': method,
      ...(unsafe.length > 0 && { 'access-control-request-headers': unsafe.join(',') })
    }
  }))

  const problem = findPreflightProblem(response, asked)
  if (problem !== undefined) throw await refuse(response, origin, `may not send its ${method}: the preflight was answered ${problem}`)
  await response.body?.cancel()
}

function findPreflightProblem (response: Response, { method, origin, unsafe }: Asked): string | undefined {
  if (!isAllowed(response, origin)) return `${lacksOrigin(response, origin)}; ${CORS_ADVICE}`
  if (!response.ok) return `${response.status}, which is no success`
  const methods = listNames(response.headers.get('access-control-allow-methods'))
  if (!SAFE_METHODS.has(method) && !methods.includes(method) && !methods.includes('*')) {
    return `${response.status} without ${method} in 'Access-Control-Allow-Methods'`
  }
  const allowed = listNames(response.headers.get('access-control-allow-headers')).map((name) => name.toLowerCase())
  // A wildcard does not mean this one.
  const missing = unsafe.filter((name) => !allowed.includes(name) && (name === 'authorization' || !allowed.includes('*')))
  if (missing.length > 0) {
    return `${response.status} without ${missing.join(', ')} in 'Access-Control-Allow-Headers'; add it to 'allowedHeaders' of the mount's 'cors' option`
  }
}

function listUnsafe (headers: Headers): string[] {
  return [...headers].filter(([name, value]) => name === 'content-type' ? !SAFE_TYPES.test(value) : !SAFE_HEADERS.has(name)).map(([name]) => name)
}

function isAllowed ({ headers }: Response, origin: string): boolean {
  const allowed = headers.get('access-control-allow-origin')
  return allowed === origin || allowed === '*'
}

function lacksOrigin ({ status }: Response, origin: string): string {
  return `${status} without 'Access-Control-Allow-Origin: ${origin}'`
}

function readableOf (headers: Headers): Headers {
  const exposed = listNames(headers.get('access-control-expose-headers')).map((name) => name.toLowerCase())
  const readable = exposed.includes('*') ? undefined : new Set([...READABLE_HEADERS, ...exposed])
  return new Headers([...headers].filter(([name]) => readable?.has(name) ?? true))
}

function listNames (header: string | null): readonly string[] {
  return (header ?? '').split(',').map((name) => name.trim())
}

async function refuse (response: Response, origin: string, problem: string): Promise<RefusedError> {
  return await readRefusal(response, () => `a page of ${origin} ${problem}`)
}
