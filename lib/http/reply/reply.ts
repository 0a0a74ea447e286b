// Sends JSON, refusals and errors as replies.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isModernHeader } from '../../protocol/classify.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Refusal, RefusalReason } from '../../protocol/refusals.ts'
import { RefusalError } from '../../protocol/body.ts'
import { encodeError } from '../../protocol/encode.ts'
import { messages, refusals } from '../../telemetry/channels.ts'
import type { RefusedRequest } from '../guard/refuse.ts'
import { publishHttpMessage, publishHttpRefusal } from './http-events.ts'
import { findPage } from '../beside/endpoint-page.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** The seconds after which a client may try again if a limit has been reached. */
export const RETRY_AFTER = 30

/** Sends a message, or the answer to a batch. */
export function sendMessage (reply: FastifyReply, json: string): void {
  if (messages.hasSubscribers) publishHttpMessage(reply.request, 'out', json)
  sendJson(reply, json)
}

/** Sends text that is already JSON. */
export function sendJson (reply: FastifyReply, json: string): void {
  sendText(reply, JSON_TYPE, json)
}

const LONGEST_JOINED = 2 ** 24

/** Sends a text unchanged: a serializer that a hook of the app has set does not encode it again. */
export function sendText (reply: FastifyReply, type: string, text: string): void {
  // Node.js joins a text with the headers, which would exceed the maximum length of a string.
  reply.serializer(keepText).type(type).send(text.length > LONGEST_JOINED ? Buffer.from(text) : text)
}

function keepText (text: string): string {
  return text
}

/** Whether a reply has been sent, or its client has left. */
export function isClosed ({ raw }: FastifyReply): boolean {
  // Of an HTTP/2 response, only the stream is marked as destroyed.
  const response: { readonly destroyed: boolean, readonly stream?: { readonly destroyed: boolean } } = raw
  return (response.stream ?? response).destroyed
}

/** Sends a refusal, or a page to a person who has opened the endpoint in a browser. */
export function sendRefusal (reply: FastifyReply, refusal: Refusal): void {
  if (refusals.hasSubscribers) publishHttpRefusal(reply.request, refusal)
  const sendPage = findPage(reply.request, refusal.status)
  if (sendPage !== undefined) return sendPage(reply, refusal.status)
  sendMessage(reply.code(refusal.status), encodeError(refusal.id, refusal))
}

/** Sends a refusal due to a limit, with the time after which the client may try again. */
export function sendBusy (reply: FastifyReply, refusal: Refusal): void {
  reply.header('retry-after', RETRY_AFTER)
  sendRefusal(reply, refusal)
}

/** Creates the refusal of an HTTP request whose message has not been read, so that its id is unknown. */
export function refuseUnread (request: FastifyRequest, status: number, problem: string): Refusal {
  const code = status < 500 ? codeOfRefusal(request) : ErrorCode.InternalError
  return { kind: 'refusal', reason: REASONS[status] ?? 'http', status, code, message: problem, id: null }
}

const REASONS: { readonly [status: number]: RefusalReason } = Object.freeze({
  429: 'limit', 500: 'failure', 502: 'failure', 503: 'unavailable', 504: 'failure'
})

// Legacy clients expect the code of the official SDK. MCP 2026-07-28 basic, Error Codes: new implementations should not
// use it.
function codeOfRefusal ({ headers }: FastifyRequest): number {
  const isModern = isModernHeader(headers['mcp-protocol-version']?.toString())
  return isModern ? ErrorCode.InvalidRequest : ErrorCode.HttpRequestRefused
}

/** Refuses a request to an endpoint, with a JSON-RPC error. */
export function refuseAsRpc (reply: FastifyReply, refused: RefusedRequest): void {
  const refusal = toRefusal(reply.request, refused)
  if (refusal.status === 503) sendBusy(reply, refusal)
  else sendRefusal(reply, refusal)
}

/** Refuses a request to a route of the user, with an ordinary error that reaches the app's error handler. */
export function refuseAsError (reply: FastifyReply, refused: RefusedRequest): void {
  const { status: statusCode, message } = refused
  if (refusals.hasSubscribers) publishHttpRefusal(reply.request, toRefusal(reply.request, refused))
  if (statusCode === 503) reply.header('retry-after', RETRY_AFTER)
  reply.send(Object.assign(new Error(message), { statusCode }))
}

function toRefusal (request: FastifyRequest, { status, message, ...others }: RefusedRequest): Refusal {
  return { ...refuseUnread(request, status, message), ...others }
}

// A client learns nothing about a failure but the status, so the message explains the status (RFC 9110 15.6).
const SERVER_FAULTS: { readonly [status: number]: string } = Object.freeze({
  502: 'A service that this server depends on gave an invalid response; try again later',
  503: 'The server is temporarily unavailable; try again later',
  504: 'A service that this server depends on did not respond in time; try again later'
})

/** The error handler of a mount. The client gets a JSON-RPC error that reveals nothing about the inside of the app. */
export function handleError (error: FastifyError | RefusalError, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof RefusalError) return sendRefusal(reply, error.refusal)

  const status = readStatus(error, reply)
  if (status < 500) return sendRefusal(reply, refuseUnread(request, status, describe(error)))
  request.log.error({ err: error }, error.message)
  // @fastify/under-pressure, for one, has set a time of its own.
  if (status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER)
  sendRefusal(reply, refuseUnread(request, status, SERVER_FAULTS[status] ?? 'Internal error'))
}

// As in Fastify, a status that a hook has set takes precedence over that of its error, if it is an error status.
function readStatus (error: FastifyError, reply: FastifyReply): number {
  return [reply.statusCode, error.statusCode].find(isErrorStatus) ?? 500
}

function isErrorStatus (status: number | undefined): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599
}

/** Describes that a body is too long. @param whose Whose limit it exceeds. */
export function describeTooLong (whose: 'mount' | 'tool'): string {
  return `Request body too large; the ${whose}'s 'bodyLimit' says how long it may be`
}

function describe (error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': return describeTooLong('mount')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return 'Unsupported content type: send application/json'
    default: return error.message
  }
}
