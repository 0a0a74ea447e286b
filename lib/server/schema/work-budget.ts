// Limits the work of a validator, counted in steps and not in time, so that a value always gets the same answer.

/** The steps that checking one value may take. One step applies one schema to one value, which takes some 10 ns. */
export const MAX_STEPS = 5_000_000

// Thrown inside a validator. Created once: a stack trace costs time and would say nothing.
const TOO_MUCH_WORK = new RangeError('the value takes too many steps to be checked')

/** The steps that remain for the value being checked. A validator resets `remaining` for each value. */
export class WorkBudget {
  remaining = MAX_STEPS
  readonly error = TOO_MUCH_WORK

  /** Spends steps. @throws RangeError, for {@link isTooMuchWork}, if too few remain. */
  spend (steps: number): void {
    this.remaining -= steps
    if (this.remaining < 0) throw this.error
  }
}

/** The validation of a value that takes too many steps. */
export const TOO_LARGE = Object.freeze({
  valid: false, problem: 'is too large to be checked; send less at a time'
} as const)

/** Returns whether a validator ran out of steps. */
export function isTooMuchWork (error: unknown): boolean {
  return error === TOO_MUCH_WORK
}
