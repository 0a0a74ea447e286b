// Describes what is wrong with a value, in one sentence that a model can act on.
import type { Validation } from './validation.ts'

const MAX_ISSUES = 10
// Issues repeat text that the caller sent, such as the names of unknown properties.
const MAX_LENGTH = 2_000

/** The validation of a value on which a recursive validator overflows the stack. */
export const NESTED_TOO_DEEPLY = Object.freeze({
  valid: false, problem: 'is nested too deeply to be checked'
}) satisfies Validation

/** Returns whether an error is a stack overflow. Other RangeErrors may come from the schema, as for an invalid Date. */
export function isStackOverflow (error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack size exceeded')
}

/** Joins the descriptions of the first issues. */
export function toProblem<Issue> (issues: readonly Issue[], describe: (issue: Issue) => string): string {
  const problem = issues.slice(0, MAX_ISSUES).map(describe).join('; ')

  return problem.length > MAX_LENGTH ? `${problem.slice(0, MAX_LENGTH)}…` : problem
}

/** Returns the first line of the message of a thrown value. */
export function messageOf (error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1).join()
}
