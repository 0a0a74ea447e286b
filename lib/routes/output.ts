// The output of a route tool: the schema of its structured content, and the result that a reply becomes.
import { STATUS_CODES } from 'node:http'
import { isUtf8 } from 'node:buffer'
import type { FastifySchema } from 'fastify'
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { ToolError } from '../errors.ts'
import { isWireObject, type WireObject } from '../protocol/message.ts'
import { textBlock } from '../server/call/content.ts'
import { TextResult } from '../server/call/result.ts'
import { createJsonValidator } from '../server/schema/json-validator.ts'
import { toListedOutput } from '../server/schema/listed-schema.ts'
import type { JsonSchema, Validation } from '../server/schema/validation.ts'
import type { InnerReply } from './inner-request.ts'
import type { KnownSchemas } from './route-schema.ts'

/** What the structured content of a tool must be. */
export interface RouteOutput {
  readonly schema: JsonSchema
  /** Returns what is wrong with a value; undefined where it fits. */
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

/** What is done with a reply that does not fit the output of its tool. */
type OnMisfit = (problem: string) => void

/**
 * Makes the result of a successful reply.
 * @param uri The URI of what was requested, for content that is neither text nor a picture nor sound.
 * @throws ToolError for 3xx and 4xx, or Error for 5xx, which must not be shown to clients.
 */
export function toToolResult (
  reply: InnerReply, uri: string, output: RouteOutput | undefined, onMisfit: OnMisfit
): CallToolResult | TextResult {
  const { status, body, headers } = reply
  if (status >= 500) throw new Error(`the route replied with status ${describe(reply)}`)
  if (status >= 400) throw new ToolError(describe(reply))
  if (status >= 300) {
    const location = String(headers.location ?? 'nowhere')
    throw new ToolError(`${nameStatus(status)}: the reply leads to ${location}, which was not requested`)
  }
  if (body.length === 0) return fit(new TextResult(`Done (${nameStatus(status)})`), output, onMisfit)

  const type = typeOf(reply)
  if (JSON_TYPE.test(type)) return toJsonResult(body.toString(), output, onMisfit)
  return fit({ content: [toBlock(body, type, uri)] }, output, onMisfit)
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

function toBlock (body: Buffer, type: string, uri: string): ContentBlock {
  const mimeType = type.replace(/;.*$/, '').trim().toLowerCase()
  if (mimeType === '' ? isUtf8(body) : TEXT_TYPE.test(mimeType)) return textBlock(body.toString())
  const data = body.toString('base64')
  if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType }
  if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType }
  return { type: 'resource', resource: { uri, mimeType: mimeType || 'application/octet-stream', blob: data } }
}

// A message that says all is enough. An object that has more to say is shown whole.
function describe (reply: InnerReply): string {
  const status = nameStatus(reply.status)
  const type = typeOf(reply)
  if (reply.body.length === 0 || (type !== '' && !TEXT_TYPE.test(type))) return status
  const text = reply.body.toString()
  const value = JSON_TYPE.test(type) ? parseJson(text) : undefined
  const hasMore = !isWireObject(value) || Object.keys(value).some((key) => !USUAL_FIELDS.has(key))
  return `${status}: ${hasMore || typeof value.message !== 'string' ? text : value.message}`
}

const USUAL_FIELDS: ReadonlySet<string> = new Set(['statusCode', 'error', 'message', 'code'])

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function nameStatus (status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
}

function typeOf ({ headers }: InnerReply): string {
  return String(headers['content-type'] ?? '')
}
