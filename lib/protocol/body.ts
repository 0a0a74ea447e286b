// The text of a message: JSON made into a value, with nothing in it that could do harm.
import { parse } from 'secure-json-parse'
import { ErrorCode } from './error-code.ts'
import { readId, type Refusal, type RequestId } from './message.ts'

/** A text or request that is refused; thrown to whoever answers with it. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError'
  readonly refusal: Refusal

  constructor (refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** What a text may hold. */
export interface BodyLimits {
  /** Levels of nesting. */
  readonly maxDepth: number
  /** Keys and values, all together. */
  readonly maxValues: number
}

/**
 * Parses the text of a message. Keys that would reach a prototype are refused, and so is nesting deeper than `maxDepth`,
 * which the recursion of validators and serialisers would not survive. What costs too much to parse is refused unparsed.
 *
 * @param what What the text is called in a refusal.
 * @throws RefusalError 400 with -32700 for text that is no JSON, with -32600 for JSON that is refused.
 */
export function parseBody (text: string, limits: BodyLimits, what = 'the body'): unknown {
  const excess = findExcess(text, limits, what)
  if (excess !== undefined) throw refuseJson(excess, text, what)

  const value = parseWith(parseSafely, text, what)
  // In place of a value that has such keys there is null.
  if (value === null && text.trim() !== 'null') throw refuseJson("the keys '__proto__' and 'constructor.prototype' are not allowed", text, what)
  return value
}

function parseSafely (text: string): unknown {
  return parse(text, null, { safe: true })
}

function parseWith (parseText: (text: string) => unknown, text: string, what: string): unknown {
  try {
    return parseText(text)
  } catch {
    throw refuse(ErrorCode.ParseError, `Parse error: ${what} is ${text === '' ? 'empty' : 'not valid JSON'}`, null)
  }
}

const LONGEST_READ_AGAIN = 262_144

// A longer text is not worth the time to find its id, or whether it is JSON at all.
function refuseJson (problem: string, text: string, what: string): RefusalError {
  const id = text.length > LONGEST_READ_AGAIN ? null : readId(parseWith(JSON.parse, text, what))
  return refuse(ErrorCode.InvalidRequest, `Invalid Request: ${problem}`, id)
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPENING_BRACKET = 91
const BACKSLASH = 92
const CLOSING_BRACKET = 93
const OPENING_BRACE = 123
const CLOSING_BRACE = 125

// One pass over the structural characters (RFC 8259 2), strings passed over. Parsing takes up to a hundred times as long.
function findExcess (text: string, { maxDepth, maxValues }: BodyLimits, what: string): string | undefined {
  // Each level of what can be parsed takes two characters, each value one.
  if (text.length <= 2 * maxDepth && text.length <= maxValues) return undefined
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: at = findEndOfString(text, at); break
      case OPENING_BRACKET:
      case OPENING_BRACE:
        depth++
        values++
        break
      case CLOSING_BRACKET:
      case CLOSING_BRACE: depth--; break
      case COMMA:
      case COLON: values++; break
      default: continue
    }
    if (depth > maxDepth) return `nested deeper than ${maxDepth} levels`
    if (values > maxValues) return `${what} holds more than ${maxValues} keys and values, which is 'maxValues'`
  }
  return undefined
}

// The closing quote; the end of the text where there is none.
function findEndOfString (text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}

function refuse (code: number, message: string, id: RequestId | null): RefusalError {
  return new RefusalError({ kind: 'refusal', status: 400, code, message, id })
}
