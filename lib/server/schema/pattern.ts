// Regular expressions of JSON Schema. Clients compile them with the flag 'u', which many authors never tried.
import { messageOf } from './problem.ts'

// Syntax of other languages. What JavaScript makes of some of it without the flag 'u' is not what its author meant.
const FOREIGN: ReadonlyArray<readonly [seen: RegExp, advice: string]> = [
  [/\\[AZz]/, "JavaScript has '^' and '$' instead of '\\A', '\\Z' and '\\z'"],
  [/\(\?[a-z]+[:)]/, "JavaScript has no '(?i)'; write both cases, such as '[Aa]'"],
  [/\(\?P[<=]/, "JavaScript has '(?<name>…)' instead of '(?P<name>…)', and '\\k<name>' instead of '(?P=name)'"],
  [/[*+?}]\+|\(\?>/, "JavaScript has neither possessive quantifiers ('a++') nor atomic groups ('(?>a)')"],
  [/\[\[:\w+:\]/, "JavaScript has '\\d', '\\w' and ranges such as 'a-z' instead of classes such as '[:digit:]'"],
  [/\{,\d+\}/, "JavaScript has '{0,5}' instead of '{,5}'"]
]

const SET_ESCAPE = /^\\[dDwWsSpP]/
const NEEDED_ESCAPE = /[\w^$\\.*+?()[\]{}|/]/
// Escapes, quantifiers, and what is left: single characters.
const ATOMS = /\\[^]|\{\d+(?:,\d*)?\}|[^]/g

/**
 * Returns a pattern that matches the same and compiles with the flag 'u'. Escapes that this flag forbids (`\@`) are
 * dropped, and `-`, `{`, `}` and `]` are escaped where it demands that.
 *
 * @throws Error whose message says what to write instead
 */
export function toUnicodePattern (pattern: string): string {
  const problem = findProblem(pattern, 'u')
  if (problem === undefined) return pattern
  const advice = FOREIGN.find(([seen]) => seen.test(pattern))?.[1]
  if (advice !== undefined) throw new TypeError(advice)

  const repaired = findProblem(pattern, '') === undefined ? repair(pattern) : pattern
  if (findProblem(repaired, 'u') === undefined) return repaired
  throw new TypeError(`${problem}; write one that new RegExp(pattern, 'u') accepts`)
}

/**
 * Returns a pattern that finds something in the same texts. A `.*` at its beginning adds nothing to a search but
 * quadratic time, because it is tried at each place of the text. zod writes it for `endsWith`.
 */
export function withoutWildcard (pattern: string): string {
  return pattern.replace(/^(?:\.\*\??)+/, '')
}

function findProblem (pattern: string, flags: string): string | undefined {
  try {
    return new RegExp(pattern, flags) && undefined
  } catch (error) {
    return messageOf(error)
  }
}

function repair (pattern: string): string {
  const atoms = Array.from(pattern.matchAll(ATOMS), ([atom]) => atom)
  let isInClass = false

  return atoms.map((atom, index) => {
    const wasInClass = isInClass
    if (atom === '[') isInClass = true
    if (atom === ']') isInClass = false
    if (/^\\[^]/.test(atom)) return isNeeded(atom, isInClass) ? atom : atom.slice(1)
    if (!wasInClass) return /^[\]{}]$/.test(atom) ? `\\${atom}` : atom
    const isBesideSet = [atoms[index - 1], atoms[index + 1]].some((beside) => beside !== undefined && SET_ESCAPE.test(beside))
    return atom === '-' && isBesideSet ? '\\-' : atom
  }).join('')
}

function isNeeded (escape: string, isInClass: boolean): boolean {
  return NEEDED_ESCAPE.test(escape.slice(1)) || (isInClass && escape === '\\-')
}
