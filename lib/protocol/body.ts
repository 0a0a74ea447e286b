// Parses the JSON text of a message, and refuses text that is harmful or costs too much to parse.
import { parse } from 'secure-json-parse'
import { readId } from './message.ts'
import { refuse, type Refusal } from './refusals.ts'

/** A refusal that is thrown, because it cannot be returned. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError'
  readonly refusal: Refusal

  constructor (refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** Limits on the text of a message. */
export interface BodyLimits {
  /** The most levels of nesting. */
  readonly maxDepth: number
  /** The most keys and values, counted together. */
  readonly maxValues: number
}

/**
 * Parses the text of a message. It refuses keys that would reach a prototype, and nesting deeper than `maxDepth`, on
 * which the recursion of validators and serialisers would overflow the stack. Both limits are checked before parsing.
 *
 * @param what The name of the text in a refusal.
 * @throws RefusalError 400 with -32700 for text that is not JSON, with -32600 for JSON that is not allowed.
 */
export function parseBody (text: string, limits: BodyLimits, what = 'the body'): unknown {
  const excess = findExcess(text, limits, what)
  if (excess !== undefined) throw refuseJson(excess, text, what)

  const value = parseWith(parseSafely, text, what)
  // secure-json-parse returns null in place of a value with such keys.
  if (value === null && text.trim() !== 'null') {
    throw refuseJson("the keys '__proto__' and 'constructor.prototype' are not allowed", text, what)
  }
  return value
}

function parseSafely (text: string): unknown {
  return parse(text, null, { safe: true })
}

function parseWith (parseText: (text: string) => unknown, text: string, what: string): unknown {
  try {
    return parseText(text)
  } catch {
    const problem = `${what} is ${text === '' ? 'empty' : 'not valid JSON'}`
    throw new RefusalError(refuse('parseError', null, problem))
  }
}

const LONGEST_PARSED_FOR_ID = 262_144

// A refused text is parsed only for its id. For a longer text that is not worth the time.
function refuseJson (problem: string, text: string, what: string): RefusalError {
  const id = text.length > LONGEST_PARSED_FOR_ID ? null : readId(parseWith(JSON.parse, text, what))
  return new RefusalError(refuse('invalidRequest', id, problem))
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPENING_BRACKET = 91
const BACKSLASH = 92
const CLOSING_BRACKET = 93
const OPENING_BRACE = 123
const CLOSING_BRACE = 125

// Counts structural characters (RFC 8259 2) and skips strings. Parsing would take up to a hundred times as long.
function findExcess (text: string, { maxDepth, maxValues }: BodyLimits, what: string): string | undefined {
  // In valid JSON each level takes two characters, and each value one.
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

// Returns the index of the closing quote, or the length of the text if there is none.
function findEndOfString (text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}
