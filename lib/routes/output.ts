// The output of a route tool: the schema of its structured content, and the result that a reply becomes.
import { STATUS_CODES } from 'node:http'
import { isUtf8 } from 'node:buffer'
import type { FastifySchema } from 'fastify'
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { RpcError, ToolError } from '../errors.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isWireObject, parseJson, type WireObject } from '../protocol/message.ts'
import { textBlock } from '../server/call/content.ts'
import { TextResult } from '../server/call/result.ts'
import type { ResourceContents } from '../server/features/resource.ts'
import { createJsonValidator } from '../server/schema/json-validator.ts'
import { toListedOutput } from '../server/schema/listed-schema.ts'
import type { JsonSchema, Validation } from '../server/schema/validation.ts'
import type { KnownSchemas } from './route-schema.ts'
import type { RouteReply } from './send-route.ts'

/** The schema and the check of a tool's structured content. */
export interface RouteOutput {
  readonly schema: JsonSchema
  /** Returns what is wrong with a value; undefined if it fits. */
  readonly findProblem: (value: unknown) => string | undefined
}

/**
 * Makes an output of the one object that all successful replies of a route are; undefined where they may be anything
 * else: the official clients refuse a result without structured content.
 * @throws Error whose message continues "the schema …"
 */
export function createOutput ({ response }: FastifySchema, known: KnownSchemas): RouteOutput | undefined {
  const replies = Object.entries(Object(response) as WireObject)
    .filter(([status]) => /^2(?:\d\d|xx)$/i.test(status))
    .map(([, reply]) => findReplySchema(reply))
  const [first, ...others] = replies
  if (first === undefined || others.length > 0) return undefined
  const schema = toListedOutput(known.toPlain(first, 'output'))
  if (schema.type !== 'object') return undefined
  let validate: ((value: unknown) => Validation) | undefined
  return {
    schema,
    findProblem (value) {
      // Compiled by the first reply: an app with hundreds of routes does not wait for that to start.
      validate ??= createJsonValidator(schema, 'output')
      const validation = validate(value)
      return validation.valid ? undefined : validation.problem
    }
  }
}

function findReplySchema (reply: unknown): unknown {
  const content = isWireObject(reply) ? reply.content : undefined
  if (!isWireObject(content)) return reply
  const json = Object.entries(content).find(([type]) => JSON_TYPE.test(type))
  return json === undefined ? {} : Object(json[1]).schema
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i
const TEXT_TYPE = /^text\/|^application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|javascript|x-ndjson|ndjson|jsonl|x-www-form-urlencoded|graphql)\b/i

/** Handles a reply that does not fit the output of its tool. */
type OnMisfit = (problem: string) => void

/**
 * Makes the result of a reply.
 * @throws ToolError for 3xx and 4xx, or Error for 5xx, which must not be shown to clients.
 */
export function toToolResult (
  reply: RouteReply, output: RouteOutput | undefined, onMisfit: OnMisfit
): CallToolResult | TextResult {
  const { status, body, headers, uri } = reply
  if (status >= 500) throw toFailure(reply)
  if (status >= 400) throw new ToolError(describe(reply))
  if (status >= 300) {
    const location = String(headers.location ?? 'nowhere')
    throw new ToolError(`${nameStatus(status)}: the reply leads to ${location}, which was not requested`)
  }
  if (body.length === 0) return fit(new TextResult(`Done (${nameStatus(status)})`), output, onMisfit)

  const mimeType = mimeTypeOf(reply)
  if (JSON_TYPE.test(mimeType)) return toJsonResult(body.toString(), output, onMisfit)
  return fit({ content: [toBlock(body, mimeType, uri)] }, output, onMisfit)
}

/**
 * Returns the contents of a resource from a reply; null if there is no such resource.
 * @throws RpcError for 3xx and 4xx, or Error for 5xx, which must not be shown to clients.
 */
export function toResourceContents (reply: RouteReply): ResourceContents | null {
  const { status, body } = reply
  if (status >= 500) throw toFailure(reply)
  if (status === 404 || status === 410) return null
  if (status >= 300) throw new RpcError(ErrorCode.InvalidParams, describe(reply))
  const mimeType = mimeTypeOf(reply)
  const type = mimeType === '' ? {} : { mimeType }
  return isText(body, mimeType) ? { text: body.toString(), ...type } : { blob: body.toString('base64'), ...type }
}

// The message is for the log.
function toFailure (reply: RouteReply): Error {
  return new Error(`the route replied with status ${describe(reply)}`)
}

function toJsonResult (text: string, output: RouteOutput | undefined, onMisfit: OnMisfit): TextResult {
  if (output === undefined) return new TextResult(text)
  const value = parseJson(text)
  const problem = output.findProblem(value)
  if (problem !== undefined) {
    onMisfit(problem)
    return new TextResult(text)
  }
  // The text is sent as a part of a line of JSON, which must have no line breaks of its own.
  return new TextResult(/[\n\r]/.test(text) ? JSON.stringify(value) : text, { content: value })
}

function fit<Result> (result: Result, output: RouteOutput | undefined, onMisfit: OnMisfit): Result {
  if (output !== undefined) onMisfit('the reply is no JSON')
  return result
}

function toBlock (body: Buffer, mimeType: string, uri: string): ContentBlock {
  if (isText(body, mimeType)) return textBlock(body.toString())
  const data = body.toString('base64')
  if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType }
  if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType }
  return { type: 'resource', resource: { uri, mimeType: mimeType || 'application/octet-stream', blob: data } }
}

function isText (body: Buffer, mimeType: string): boolean {
  return mimeType === '' ? isUtf8(body) : TEXT_TYPE.test(mimeType)
}

// A message that says all is enough. An object that has more to say is shown whole.
function describe (reply: RouteReply): string {
  const status = nameStatus(reply.status)
  const mimeType = mimeTypeOf(reply)
  if (reply.body.length === 0 || !isText(reply.body, mimeType)) return status
  const text = reply.body.toString()
  const value = JSON_TYPE.test(mimeType) ? parseJson(text) : undefined
  const hasMore = !isWireObject(value) || Object.keys(value).some((key) => !USUAL_FIELDS.has(key))
  return `${status}: ${hasMore || typeof value.message !== 'string' ? text : value.message}`
}

const USUAL_FIELDS: ReadonlySet<string> = new Set(['statusCode', 'error', 'message', 'code'])

function nameStatus (status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
}

function mimeTypeOf ({ headers }: RouteReply): string {
  return String(headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase()
}
