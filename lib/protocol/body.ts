// The text of a message: JSON made into a value, with nothing in it that could do harm.
import { parse } from 'secure-json-parse'
import { ErrorCode } from './error-code.ts'
import { readId, type Refusal } from './message.ts'

/** A text or request that is refused; thrown to whoever answers with it. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError'
  readonly refusal: Refusal

  constructor (refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/**
 * Parses the text of a message. Keys that would reach a prototype are refused, and so is nesting deeper than `maxDepth`,
 * which the recursion of validators and serialisers would not survive.
 *
 * @param what What the text is called in a refusal.
 * @throws RefusalError 400 with -32700 for text that is no JSON, with -32600 for JSON that is refused.
 */
export function parseBody (text: string, maxDepth: number, what = 'the body'): unknown {
  const value = parseSafely(text, what)
  if (isDeeperThan(text, maxDepth)) throw refuse(ErrorCode.InvalidRequest, `Invalid Request: nested deeper than ${maxDepth} levels`, value)
  return value
}

function parseSafely (text: string, what: string): unknown {
  try {
    return parse(text)
  } catch {
    throw refuseText(text, what)
  }
}

// Text that parses after all was refused for one of its keys.
function refuseText (text: string, what: string): RefusalError {
  try {
    return refuse(ErrorCode.InvalidRequest, "Invalid Request: the keys '__proto__' and 'constructor.prototype' are not allowed", JSON.parse(text))
  } catch {
    return refuse(ErrorCode.ParseError, `Parse error: ${what} is ${text === '' ? 'empty' : 'not valid JSON'}`, null)
  }
}

const QUOTE = 34
const BACKSLASH = 92
const OPENING = new Set([91, 123])
const CLOSING = new Set([93, 125])

// Each level takes two characters, so a short text needs no count.
function isDeeperThan (text: string, maxDepth: number): boolean {
  if (text.length <= 2 * maxDepth) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (OPENING.has(code) && ++depth > maxDepth) return true
    else if (CLOSING.has(code)) depth--
  }
  return false
}

function endOfString (text: string, start: number): number {
  let at = start + 1
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

function refuse (code: number, message: string, value: unknown): RefusalError {
  return new RefusalError({ kind: 'refusal', status: 400, code, message, id: readId(value) })
}
