// How replies that are no results leave: refusals, and what goes wrong before a request is read.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isModernHeader } from '../../protocol/classify.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import { RefusalError } from '../../protocol/body.ts'
import { encodeError } from '../../protocol/encode.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** How a request is refused. */
export type Refuse = (reply: FastifyReply, status: number, message: string) => void

/** Seconds after which a client that found no place may try again. */
export const RETRY_AFTER = 30

/** Sends JSON that is already text. */
export function sendJson (reply: FastifyReply, json: string): void {
  sendText(reply, JSON_TYPE, json)
}

const LONGEST_JOINED = 2 ** 24

/** Sends a text as it is: a serializer that a hook of the app has set would encode it once more. */
export function sendText (reply: FastifyReply, type: string, text: string): void {
  // Node.js joins a text with the headers, which the longest there can be does not survive.
  reply.serializer(keepText).type(type).send(text.length > LONGEST_JOINED ? Buffer.from(text) : text)
}

function keepText (text: string): string {
  return text
}

/** Whether a reply has been sent, or its client has gone. */
export function isClosed ({ raw }: FastifyReply): boolean {
  // Only the stream of an HTTP/2 response knows.
  const response: { readonly destroyed: boolean, readonly stream?: { readonly destroyed: boolean } } = raw
  return (response.stream ?? response).destroyed
}

/** Sends a refusal. */
export function sendRefusal (reply: FastifyReply, refusal: Refusal): void {
  sendJson(reply.code(refusal.status), encodeError(refusal.id, refusal))
}

/** Sends the refusal of a client that found no place, and when it may try again. */
export function sendBusy (reply: FastifyReply, refusal: Refusal): void {
  reply.header('retry-after', RETRY_AFTER)
  sendRefusal(reply, refusal)
}

/** Makes a refusal of an HTTP request, whatever its message is. The id is not known. */
export function refuseUnread (request: FastifyRequest, status: number, problem: string): Refusal {
  const code = status < 500 ? codeOfRefusal(request) : ErrorCode.InternalError
  return { kind: 'refusal', status, code, message: problem, id: null }
}

// Legacy clients know the code of the official SDK. MCP 2026-07-28 basic, Error Codes: new implementations should not
// use it.
function codeOfRefusal ({ headers }: FastifyRequest): number {
  const isModern = isModernHeader(headers['mcp-protocol-version']?.toString())
  return isModern ? ErrorCode.InvalidRequest : ErrorCode.HttpRequestRefused
}

/** Refuses a request to an endpoint. */
export function refuseAsRpc (reply: FastifyReply, status: number, message: string): void {
  const refusal = refuseUnread(reply.request, status, message)
  if (status === 503) sendBusy(reply, refusal)
  else sendRefusal(reply, refusal)
}

/** Refuses a request to a route of the user's by an error like any other of the app, for its error handler. */
export function refuseAsError (reply: FastifyReply, statusCode: number, message: string): void {
  if (statusCode === 503) reply.header('retry-after', RETRY_AFTER)
  reply.send(Object.assign(new Error(message), { statusCode }))
}

// The status is all that a client may learn of a failure, so the message says what it means (RFC 9110 15.6).
const SERVER_FAULTS: { readonly [status: number]: string } = Object.freeze({
  502: 'A service that this server depends on gave an invalid response; try again later',
  503: 'The server is temporarily unavailable; try again later',
  504: 'A service that this server depends on did not respond in time; try again later'
})

/** The error handler of a mount: whatever happens, the client gets a JSON-RPC error and no inside of the app. */
export function handleError (error: FastifyError | RefusalError, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof RefusalError) return sendRefusal(reply, error.refusal)

  const status = readStatus(error, reply)
  if (status < 500) return sendRefusal(reply, refuseUnread(request, status, describe(error)))
  request.log.error({ err: error }, error.message)
  sendRefusal(reply, refuseUnread(request, status, SERVER_FAULTS[status] ?? 'Internal error'))
}

// As Fastify does it: what a hook has set goes before what its error says, and neither may be anything but an error.
function readStatus (error: FastifyError, reply: FastifyReply): number {
  return [reply.statusCode, error.statusCode].find(isErrorStatus) ?? 500
}

function isErrorStatus (status: number | undefined): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599
}

function describe (error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': return "Request body too large; the mount's 'bodyLimit' says how long it may be"
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return 'Unsupported content type: send application/json'
    default: return error.message
  }
}
