// JSON-RPC messages as they arrive: which kind one is, and what is wrong with one that is none.
import { fitsBytes, MAX_ID_BYTES } from './bounds.ts'
import { ErrorCode } from './error-code.ts'

/** The id of a request: a string of at most 256 bytes or a safe integer. */
export type RequestId = string | number

/** A plain object from the wire. Its keys are own properties only after `Object.hasOwn` says so. */
export type WireObject = { readonly [key: string]: unknown }

/** The parameters of a request or notification. */
export type Params = WireObject & {
  /** What the protocol and others say of the message. */
  readonly _meta?: WireObject
}

/** A request whose envelope has been checked. */
export interface RequestMessage { readonly id: RequestId, readonly method: string, readonly params: Params }

/** A message whose envelope has been checked. */
export type Message =
  | { readonly kind: 'request', readonly request: RequestMessage }
  | { readonly kind: 'notification', readonly method: string, readonly params: Params }
  | { readonly kind: 'response', readonly id: RequestId, readonly result?: unknown, readonly error?: unknown }

/** Why a message or request is not served. `id` is the request's, where it could be read. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly status: number
  readonly code: number
  readonly message: string
  readonly data?: unknown
  readonly id: RequestId | null
}

const NO_PARAMS: Params = Object.freeze({})

export function isWireObject (value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isRequestId (value: unknown): value is RequestId {
  return typeof value === 'string' ? fitsBytes(value, MAX_ID_BYTES) : Number.isSafeInteger(value)
}

/** Reads the id of anything that may be a request, to answer it with. */
export function readId (message: unknown): RequestId | null {
  return isWireObject(message) && isRequestId(message.id) ? message.id : null
}

/** Checks the envelope of one message (JSON-RPC 2.0 4 and 5; MCP 2026-07-28 basic, Messages). */
export function parseMessage (value: unknown): Message | Refusal {
  if (!isWireObject(value)) return invalidRequest(null, 'a message must be a JSON object')

  const { id } = value
  const method = value.method === null && isAnswer(value) ? undefined : value.method
  const params = dropNulls(value.params ?? NO_PARAMS)
  if (value.jsonrpc !== '2.0') return invalidRequest(readId(value), "'jsonrpc' must be \"2.0\"")
  if (id !== undefined && !isRequestId(id)) {
    return invalidRequest(null, `'id' must be a string of up to ${MAX_ID_BYTES} bytes or an integer between -(2^53 - 1) and 2^53 - 1`)
  }
  if (method === undefined) return parseResponse(value, id)
  if (typeof method !== 'string') return invalidRequest(readId(value), "'method' must be a string")
  if (isPresent(value.result) || isPresent(value.error)) return invalidRequest(readId(value), "a message with a 'method' has neither 'result' nor 'error'")
  if (!isParams(params)) {
    return {
      kind: 'refusal',
      status: 400,
      code: ErrorCode.InvalidParams,
      message: "Invalid params: 'params' must be an object, and so must 'params._meta' when it is present",
      id: readId(value)
    }
  }

  return id === undefined ? { kind: 'notification', method, params } : { kind: 'request', request: { id, method, params } }
}

function parseResponse (value: WireObject, id: RequestId | undefined): Message | Refusal {
  if (id === undefined || !isAnswer(value)) return invalidRequest(id ?? null, "a request needs a 'method', a response an 'id' and a 'result' or 'error'")
  if (isPresent(value.result) && isPresent(value.error)) return invalidRequest(id, "a response has either a 'result' or an 'error'")
  return { kind: 'response', id, ...(isPresent(value.error) ? { error: value.error } : { result: value.result }) }
}

function isAnswer ({ result, error }: WireObject): boolean {
  return result !== undefined || isPresent(error)
}

function isPresent (value: unknown): boolean {
  return value !== undefined && value !== null
}

// Some clients write null for what they leave out. Of other parameters null may be the value.
const OPTIONAL_PARAMS = ['_meta', 'arguments', 'cursor', 'context'] as const

function dropNulls (params: unknown): unknown {
  if (!isWireObject(params) || !OPTIONAL_PARAMS.some((name) => params[name] === null)) return params
  const { ...rest }: Record<string, unknown> = params
  for (const name of OPTIONAL_PARAMS) {
    if (rest[name] === null) delete rest[name]
  }
  return rest
}

function isParams (params: unknown): params is Params {
  return isWireObject(params) && (params._meta === undefined || isWireObject(params._meta))
}

/** The refusal of what is no message, or none that may be sent here. */
export function invalidRequest (id: RequestId | null, problem: string): Refusal {
  return { kind: 'refusal', status: 400, code: ErrorCode.InvalidRequest, message: `Invalid Request: ${problem}`, id }
}
