// The engine that runs the patterns of schemas: JavaScript's regular expressions, or the choice of the author.
import { shorten } from '../../protocol/bounds.ts'
import { withoutWildcard } from './pattern.ts'
import { messageOf } from './problem.ts'
import type { JsonSchema } from './validation.ts'
import { listPatterns } from './schema-patterns.ts'

/** Compiles a pattern of a schema. @param flags Flags of JavaScript: 'u'. */
export type CreateRegExp = (pattern: string, flags: string) => {
  /** Returns whether some part of a text matches the pattern. */
  test (text: string): boolean
}

const SHOWN_CHARACTERS = 80

/** Compiles a pattern to a regular expression of JavaScript. */
export function createNativeRegExp (pattern: string, flags: string): RegExp {
  return new RegExp(withoutWildcard(pattern), flags)
}

/** Compiles all patterns of a schema with an engine. @throws Error whose message continues "the schema …" */
export function tryPatterns (json: JsonSchema, createRegExp: CreateRegExp): void {
  for (const { pattern, pointer } of listPatterns(json)) {
    const problem = findProblem(pattern, createRegExp)
    if (problem === undefined) continue
    const place = `has the pattern ${showPattern(pattern)} at '${pointer}'`
    throw new TypeError(`${place}, which the server's 'regExp' refuses: ${problem}; rewrite it without features that ` +
      "this engine lacks, such as '(?=…)' and '\\1' in RE2, or let 'regExp' return a RegExp for this pattern")
  }
}

/** Returns a pattern as messages show it. */
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
