// How long a validator may take, counted in steps of work rather than in time, so that it decides the same each time.

/** What the check of one value may cost: one step is about one schema applied to one value, some 10 ns. */
export const MAX_STEPS = 5_000_000

/** Thrown out of a validator. It is made once, because a stack trace would say nothing. */
const TOO_MUCH_WORK = new RangeError('the value takes too many steps to be checked')

/** The steps that are left for the value being checked. A validator sets `left` anew for each value. */
export class WorkBudget {
  left = MAX_STEPS
  readonly error = TOO_MUCH_WORK

  /** Takes steps. @throws RangeError, for {@link isTooMuchWork}, when there are none left. */
  spend (steps: number): void {
    this.left -= steps
    if (this.left < 0) throw this.error
  }
}

/** The answer for a value that takes too many steps. */
export const TOO_LARGE = Object.freeze({ valid: false, problem: 'is too large to be checked; send less at a time' } as const)

/** Whether a validator ran out of steps. */
export function isTooMuchWork (error: unknown): boolean {
  return error === TOO_MUCH_WORK
}
