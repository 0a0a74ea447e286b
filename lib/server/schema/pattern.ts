// Regular expressions of JSON Schema. Clients compile them with the flag 'u', with which many authors never test them.
import { messageOf } from './problem.ts'

// Syntax of other languages. Without the flag 'u', JavaScript accepts some of it with another meaning.
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
// Escapes, quantifiers, and all other characters one by one.
const ATOMS = /\\[^]|\{\d+(?:,\d*)?\}|[^]/g

/**
 * Returns a pattern that matches the same texts and compiles with the flag 'u': escapes that the flag forbids (`\@`)
 * are removed, and `-`, `{`, `}` and `]` are escaped where the flag requires it.
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
 * Removes `.*` from the beginning of a pattern. The same texts match, but in linear time: with `.*`, a search starts
 * again at each place of the text. zod renders `endsWith` with it.
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
    const isBesideSet = [atoms[index - 1] ?? '', atoms[index + 1] ?? ''].some((beside) => SET_ESCAPE.test(beside))
    return atom === '-' && isBesideSet ? '\\-' : atom
  }).join('')
}

function isNeeded (escape: string, isInClass: boolean): boolean {
  return NEEDED_ESCAPE.test(escape.slice(1)) || (isInClass && escape === '\\-')
}
