// One line from a client: the message in it, or why there is none.
import { isUtf8 } from 'node:buffer'
import { parseBody, type BodyLimits, type RefusalError } from '../protocol/body.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isWireObject, type Refusal } from '../protocol/message.ts'
import { PROTOCOL_VERSION_KEY } from '../protocol/request-meta.ts'

/** How long a line may be, and what it may hold. */
export interface LineLimits extends BodyLimits { readonly bodyLimit: number }

/** A line whose JSON has been parsed. */
export interface ParsedLine { readonly kind: 'parsed', readonly value: unknown }

/** Parses a line; undefined for one that is blank. @param line Undefined for one that was too long. */
export function readLine (line: Buffer | undefined, limits: LineLimits): ParsedLine | Refusal | undefined {
  if (line === undefined) return refuse(ErrorCode.InvalidRequest, `Invalid Request: the line is longer than ${limits.bodyLimit} bytes, which is 'bodyLimit'`)
  if (!isUtf8(line)) return refuse(ErrorCode.ParseError, 'Parse error: the line is not valid UTF-8')
  const text = line.toString()
  if (text.trim() === '') return undefined
  try {
    return { kind: 'parsed', value: parseBody(text, limits, 'the line') }
  } catch (error) {
    // What parses throws nothing else.
    return (error as RefusalError).refusal
  }
}

/** The revision that a message names. There are no headers to repeat it. */
export function readRevision (value: unknown): string | undefined {
  const params = isWireObject(value) ? value.params : undefined
  const meta = isWireObject(params) ? params._meta : undefined
  const revision = isWireObject(meta) ? meta[PROTOCOL_VERSION_KEY] : undefined
  return typeof revision === 'string' ? revision : undefined
}

function refuse (code: number, message: string): Refusal {
  return { kind: 'refusal', status: 400, code, message, id: null }
}
