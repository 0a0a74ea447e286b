// JSON-RPC messages, and the check of their envelope.
import { fitsBytes, MAX_ID_BYTES } from './bounds.ts'
import { refuse, type Refusal } from './refusals.ts'

/** The id of a request: a string of at most 256 bytes or a safe integer. */
export type RequestId = string | number

/** A plain object from the wire. Its keys are own properties only after `Object.hasOwn` says so. */
export type WireObject = { readonly [key: string]: unknown }

/** The parameters of a request or notification. */
export type Params = WireObject & {
  /** Metadata about the message, of the protocol and of others. */
  readonly _meta?: WireObject
}

/** A notification whose envelope has been checked. */
export interface NotificationMessage {
  /** The method, such as `notifications/progress`. */
  readonly method: string
  /** The parameters; an empty object if the message has none. */
  readonly params: Params
}

/** A request whose envelope has been checked. */
export interface RequestMessage extends NotificationMessage {
  /** The id, which the reply repeats. */
  readonly id: RequestId
}

/** A message whose envelope has been checked. */
export type Message =
  | { readonly kind: 'request', readonly request: RequestMessage }
  | { readonly kind: 'notification' } & NotificationMessage
  | { readonly kind: 'response', readonly id: RequestId, readonly result?: unknown, readonly error?: unknown }

const NO_PARAMS: Params = Object.freeze({})

const INVALID_ID =
  `'id' must be a string of up to ${MAX_ID_BYTES} bytes or an integer between -(2^53 - 1) and 2^53 - 1`

/** Parses JSON that may come from any program. Returns undefined if the text is not JSON. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isWireObject (value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isRequestId (value: unknown): value is RequestId {
  return typeof value === 'string' ? fitsBytes(value, MAX_ID_BYTES) : Number.isSafeInteger(value)
}

/** Reads the id of a value that may be a request, so that its refusal can carry it. */
export function readId (message: unknown): RequestId | null {
  return isWireObject(message) && isRequestId(message.id) ? message.id : null
}

/**
 * Checks the envelope of a message (JSON-RPC 2.0 4 and 5; MCP 2026-07-28 basic, Messages). Returns the message, or the
 * refusal of a value that is not a message.
 */
export function parseMessage (value: unknown): Message | Refusal {
  if (!isWireObject(value)) return refuse('invalidRequest', null, 'a message must be a JSON object')

  const { id } = value
  const method = value.method === null && isAnswer(value) ? undefined : value.method
  const params = dropNulls(value.params ?? NO_PARAMS)
  if (value.jsonrpc !== '2.0') return refuse('invalidRequest', readId(value), "'jsonrpc' must be \"2.0\"")
  if (id !== undefined && !isRequestId(id)) return refuse('invalidRequest', null, INVALID_ID)
  if (method === undefined) return parseResponse(value, id)
  if (typeof method !== 'string') return refuse('invalidRequest', readId(value), "'method' must be a string")
  if (isPresent(value.result) || isPresent(value.error)) {
    return refuse('invalidRequest', readId(value), "a message with a 'method' has neither 'result' nor 'error'")
  }
  if (!isParams(params)) {
    const problem = "'params' must be an object, and so must 'params._meta' when it is present"
    return refuse('invalidParams', readId(value), problem)
  }

  return id === undefined
    ? { kind: 'notification', method, params }
    : { kind: 'request', request: { id, method, params } }
}

function parseResponse (value: WireObject, id: RequestId | undefined): Message | Refusal {
  if (id === undefined || !isAnswer(value)) {
    const problem = "a request needs a 'method', a response an 'id' and a 'result' or 'error'"
    return refuse('invalidRequest', id ?? null, problem)
  }
  if (isPresent(value.result) && isPresent(value.error)) {
    return refuse('invalidRequest', id, "a response has either a 'result' or an 'error'")
  }
  return { kind: 'response', id, ...(isPresent(value.error) ? { error: value.error } : { result: value.result }) }
}

function isAnswer ({ result, error }: WireObject): boolean {
  return result !== undefined || isPresent(error)
}

function isPresent (value: unknown): boolean {
  return value !== undefined && value !== null
}

// Some clients write null for a member that they could leave out. In any other member of `params`, null may be a value.
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
