// Applies the CORS rules of browsers to the requests of a web page, and to the replies. See the Fetch Standard.
import { readRefusal, type RefusedError } from './refused-error.ts'

type Send = (request: Request) => Promise<Response>

/** A request of a page. */
interface PageRequest {
  readonly method: string
  readonly origin: string
  /** The names of the headers that need a preflight. */
  readonly unsafe: readonly string[]
}

// https://fetch.spec.whatwg.org/#cors-safelisted-method, #cors-safelisted-request-header and
// #cors-safelisted-response-header-name
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])
const SAFE_HEADERS: ReadonlySet<string> = new Set(['accept', 'accept-language', 'content-language'])
const SAFE_TYPES = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i
const READABLE_HEADERS: readonly string[] = [
  'cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'last-modified', 'pragma'
]

const CORS_ADVICE = "set the mount's 'cors' option, and add the origin to its 'allowedOrigins'"

/**
 * Sends a request as a page of an origin would: without cookies, and after a preflight if one is needed. Preflights are
 * not cached.
 *
 * @returns The reply, with the headers that the page may read.
 * @throws RefusedError if the page would get a network error only.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export async function sendAsPage (request: Request, origin: string, send: Send): Promise<Response> {
  const { method, url, headers } = request
  const pageRequest: PageRequest = { method, origin, unsafe: listUnsafe(headers) }
  const isForeign = new URL(url).origin !== origin
  // https://fetch.spec.whatwg.org/#append-a-request-origin-header
  if (isForeign || (method !== 'GET' && method !== 'HEAD')) headers.set('origin', origin)
  if (!isForeign) return await send(request)

  if (pageRequest.unsafe.length > 0 || !SAFE_METHODS.has(method)) await sendPreflight(url, pageRequest, send)
  const response = await send(request)
  if (!isAllowed(response, origin)) {
    const problem = `cannot read the reply to its ${method}, ${lacksOrigin(response, origin)}; ${CORS_ADVICE}`
    throw await refuse(response, origin, problem)
  }
  const { body, status, statusText } = response
  return new Response(body, { status, statusText, headers: readableOf(response.headers) })
}

// https://fetch.spec.whatwg.org/#cors-preflight-fetch
async function sendPreflight (url: string, pageRequest: PageRequest, send: Send): Promise<void> {
  const { method, origin, unsafe } = pageRequest
  const response = await send(new Request(url, {
    method: 'OPTIONS',
    headers: {
      accept: '*/*',
      origin,
      'access-control-request-method': method,
      ...(unsafe.length > 0 && { 'access-control-request-headers': unsafe.join(',') })
    }
  }))

  const problem = findPreflightProblem(response, pageRequest)
  if (problem !== undefined) {
    throw await refuse(response, origin, `may not send its ${method}: the preflight was answered ${problem}`)
  }
  await response.body?.cancel()
}

function findPreflightProblem (response: Response, { method, origin, unsafe }: PageRequest): string | undefined {
  if (!isAllowed(response, origin)) return `${lacksOrigin(response, origin)}; ${CORS_ADVICE}`
  if (!response.ok) return `${response.status}, which is not a success`
  const methods = listNames(response.headers.get('access-control-allow-methods'))
  if (!SAFE_METHODS.has(method) && !methods.includes(method) && !methods.includes('*')) {
    return `${response.status} without ${method} in 'Access-Control-Allow-Methods'`
  }
  const allowed = listNames(response.headers.get('access-control-allow-headers')).map((name) => name.toLowerCase())
  // A wildcard does not include 'authorization'.
  const missing = unsafe.filter((name) => {
    return !allowed.includes(name) && (name === 'authorization' || !allowed.includes('*'))
  })
  if (missing.length > 0) {
    return `${response.status} without ${missing.join(', ')} in 'Access-Control-Allow-Headers'; ` +
      "add it to 'allowedHeaders' of the mount's 'cors' option"
  }
}

function listUnsafe (headers: Headers): string[] {
  return [...headers].filter((header) => !isSafe(header)).map(([name]) => name)
}

function isSafe ([name, value]: readonly [name: string, value: string]): boolean {
  return name === 'content-type' ? SAFE_TYPES.test(value) : SAFE_HEADERS.has(name)
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
