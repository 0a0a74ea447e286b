// What patterns of schemas are run by: JavaScript's regular expressions, or an engine that the server's author chose.
import { shorten } from '../../protocol/bounds.ts'
import { withoutWildcard } from './pattern.ts'
import { messageOf } from './problem.ts'
import type { JsonSchema } from './validation.ts'
import { listPatterns } from './schema-patterns.ts'

/** Makes what a pattern of a schema is run by. @param flags Those of JavaScript: 'u'. */
export type CreateRegExp = (pattern: string, flags: string) => {
  /** Tells whether a text matches the pattern somewhere. */
  test (text: string): boolean
}

const SHOWN_CHARACTERS = 80

/** Makes a regular expression of JavaScript. */
export function createNativeRegExp (pattern: string, flags: string): RegExp {
  return new RegExp(withoutWildcard(pattern), flags)
}

/** Tries whether an engine takes all patterns of a schema. @throws Error whose message continues "the schema …" */
export function tryPatterns (json: JsonSchema, createRegExp: CreateRegExp): void {
  for (const { pattern, pointer } of listPatterns(json)) {
    const problem = findProblem(pattern, createRegExp)
    if (problem === undefined) continue
    const place = `has the pattern ${showPattern(pattern)} at '${pointer}'`
    throw new TypeError(`${place}, which the server's 'regExp' refuses: ${problem}; rewrite it without what that engine ` +
      "lacks, such as '(?=…)' and '\\1' in RE2, or let 'regExp' return a RegExp for this pattern")
  }
}

/** A pattern as a message shows it. */
export function showPattern (pattern: string): string {
  return JSON.stringify(shorten(pattern, SHOWN_CHARACTERS))
}

function findProblem (pattern: string, createRegExp: CreateRegExp): string | undefined {
  try {
    const regExp: unknown = createRegExp(pattern, 'u')
    return typeof Object(regExp).test === 'function' ? undefined : "what it returned has no method 'test'"
  } catch (error) {
    return messageOf(error)
  }
}
