// Parses a line from a client.
import { isUtf8 } from 'node:buffer'
import { parseBody, type BodyLimits, type RefusalError } from '../protocol/body.ts'
import { isWireObject } from '../protocol/message.ts'
import { refuse, type Refusal } from '../protocol/refusals.ts'
import { PROTOCOL_VERSION_KEY } from '../protocol/request-meta.ts'

/** How long a line may be, and how much it may contain. */
export interface LineLimits extends BodyLimits { readonly bodyLimit: number }

/** A line whose JSON has been parsed. */
export interface ParsedLine { readonly kind: 'parsed', readonly value: unknown }

/** Parses a line. Returns undefined for a blank line. @param line Undefined if the line was too long. */
export function readLine (line: Buffer | undefined, limits: LineLimits): ParsedLine | Refusal | undefined {
  if (line === undefined) {
    const problem = `the line is longer than ${limits.bodyLimit} bytes, which is 'bodyLimit'`
    return refuse('invalidRequest', null, problem)
  }
  if (!isUtf8(line)) return refuse('parseError', null, 'the line is not valid UTF-8')
  const text = line.toString()
  if (text.trim() === '') return undefined
  try {
    return { kind: 'parsed', value: parseBody(text, limits, 'the line') }
  } catch (error) {
    // The cast holds, because parseBody throws no other errors.
    return (error as RefusalError).refusal
  }
}

/** Returns the revision that a message names. On stdio there is no header that could name it. */
export function readRevision (value: unknown): string | undefined {
  const params = isWireObject(value) ? value.params : undefined
  const meta = isWireObject(params) ? params._meta : undefined
  const revision = isWireObject(meta) ? meta[PROTOCOL_VERSION_KEY] : undefined
  return typeof revision === 'string' ? revision : undefined
}
