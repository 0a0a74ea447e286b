// A client whose every request a test can change.
import { createHash } from 'node:crypto'
import { NOTES, PUBLIC_URL, REDIRECT_URL, type Stage } from './stage.ts'

type Params = Readonly<Record<string, string | undefined>>

export const VERIFIER = 'a-code-verifier-of-at-least-forty-three-characters'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

/** The answer of an endpoint. */
export interface Answered {
  readonly status: number
  readonly body: Record<string, unknown>
}

function toSearch (params: Params): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined) search.set(name, value)
  return search
}

async function read (response: Response): Promise<Answered> {
  const text = await response.text()
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : { text } }
}

/** Registers a client. */
export async function register ({ fetch }: Stage, metadata: object = {}): Promise<Answered> {
  return await read(await fetch(`${PUBLIC_URL}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Manual client', redirect_uris: [REDIRECT_URL], ...metadata })
  }))
}

/** Registers a client that is accepted, and returns its id. */
export async function registerId (stage: Stage, metadata: object = {}): Promise<string> {
  return String((await register(stage, metadata)).body['client_id'])
}

/** The URL of an authorization request; `undefined` leaves a parameter out. */
export function authorizationUrl (clientId: string, params: Params = {}): string {
  return `${PUBLIC_URL}/oauth/authorize?${toSearch({
    client_id: clientId,
    redirect_uri: REDIRECT_URL,
    response_type: 'code',
    state: 'the state of the client',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    resource: NOTES,
    ...params
  })}`
}

/** Asks for a token. */
export async function askToken ({ fetch }: Stage, params: Params): Promise<Answered> {
  return await read(await fetch(`${PUBLIC_URL}/oauth/token`, { method: 'POST', body: toSearch(params) }))
}

/** Redeems a code. */
export async function redeem (
  stage: Stage, clientId: string, code: string | null, params: Params = {}
): Promise<Answered> {
  return await askToken(stage, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: String(code),
    redirect_uri: REDIRECT_URL,
    code_verifier: VERIFIER,
    resource: NOTES,
    ...params
  })
}

/** Uses a refresh token. */
export async function refresh (stage: Stage, clientId: string, token: unknown): Promise<Answered> {
  return await askToken(stage, { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(token) })
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'manual', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {}
}

/** A request to a mount, without a token. */
export const LIST_TOOLS = {
  headers: {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/list'
  },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } })
}

/** The status with which a mount answers a call with a token. */
export async function callMount ({ fetch }: Stage, endpoint: string, token: unknown): Promise<number> {
  const { headers, body } = LIST_TOOLS
  const authorization = `Bearer ${String(token)}`
  const response = await fetch(endpoint, { method: 'POST', headers: { ...headers, authorization }, body })
  await response.text()
  return response.status
}

/** What a mount answers to a call of a tool. */
export interface ToolAnswer {
  readonly status: number
  readonly challenge: string | null
  readonly content?: unknown
  readonly isError?: boolean
  readonly error?: { readonly code: number, readonly message: string }
}

/** Calls a tool with a token. @param meta What `_meta` has besides. */
export async function callTool (
  { fetch }: Stage, token: unknown, name: string, meta: object = {}
): Promise<ToolAnswer> {
  const response = await fetch(NOTES, {
    method: 'POST',
    headers: {
      ...LIST_TOOLS.headers, authorization: `Bearer ${String(token)}`, 'mcp-method': 'tools/call', 'mcp-name': name
    },
    body: JSON.stringify({
      jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {}, _meta: { ...META, ...meta } }
    })
  })
  const text = await response.text()
  // A stream has its answer in its last event.
  const { result, error } = JSON.parse(text.startsWith('{') ? text : String(text.trim().split('data: ').at(-1)))
  return {
    status: response.status, challenge: response.headers.get('www-authenticate'), ...result, ...(error && { error })
  }
}
