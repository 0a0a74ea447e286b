// What is wrong with a value, as one sentence that a model can act on.
import type { Validation } from './validation.ts'

const MAX_ISSUES = 10
// Issues repeat what the caller sent, such as the names of unknown properties.
const MAX_LENGTH = 2_000

/** The answer for a value on which a recursive validator runs out of stack. */
export const NESTED_TOO_DEEPLY = Object.freeze({ valid: false, problem: 'is nested too deeply to be checked' }) satisfies Validation

/** Whether a validator ran out of stack; a RangeError alone may be the schema's own, as of an invalid Date. */
export function isStackOverflow (error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack size exceeded')
}

/** Describes the first issues, one after the other. */
export function toProblem<Issue> (issues: readonly Issue[], describe: (issue: Issue) => string): string {
  const problem = issues.slice(0, MAX_ISSUES).map(describe).join('; ')

  return problem.length > MAX_LENGTH ? `${problem.slice(0, MAX_LENGTH)}…` : problem
}

/** The first line of what was thrown. */
export function messageOf (error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1).join()
}
