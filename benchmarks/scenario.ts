// What a benchmark measures, and what comes of it.

/** How much is measured. */
export interface RunSettings { readonly quick: boolean, readonly rounds: number }

/** A figure that is compared. */
export interface Ratio { readonly to: string, readonly of: string, readonly value: number, readonly target?: { readonly atLeast: number } | { readonly atMost: number } }

/** One contender's figures in one scenario; the unit is in each figure's name: 'requests/s', 'CPU µs/request', 'heap bytes/session'. */
export interface Row { readonly contender: string, readonly figures: Readonly<Record<string, number>>, readonly ratios: readonly Ratio[] }

/** One thing that is measured. */
export interface Scenario { readonly name: string, run (settings: RunSettings): Promise<readonly Row[]> }
