// What a benchmark measures, and what comes of it.

/** How much is measured. */
export interface RunSettings {
  /** A few requests each, to see that it works. */
  readonly quick: boolean
  readonly rounds: number
  /** Seconds of one round of load. */
  readonly duration: number
}

/** What a ratio must come to. */
export type Target = { readonly atLeast: number } | { readonly atMost: number }

/** A figure that is compared with that of another contender; larger is better, unless the target says otherwise. */
export interface Ratio {
  /** The contender that is compared with. */
  readonly to: string
  /** The name of the figure. */
  readonly of: string
  readonly value: number
  readonly target?: Target
}

/**
 * One contender's figures in one scenario; the unit is in each figure's name: 'requests/s', 'CPU µs/request', 'heap
 * bytes/session'.
 */
export interface Row {
  readonly contender: string
  readonly figures: Readonly<Record<string, number>>
  readonly ratios: readonly Ratio[]
  /** Why there are no figures. */
  readonly failure?: string
}

/** One thing that is measured. */
export interface Scenario {
  readonly name: string
  run (settings: RunSettings): Promise<readonly Row[]>
}
