// The scenarios of a benchmark and their results.

/** How much is measured. */
export interface RunSettings {
  /** Sends only a few requests, to check that the benchmark works. */
  readonly quick: boolean
  readonly rounds: number
  /** Seconds of one round of load. */
  readonly duration: number
}

/** The limit that a ratio must meet. */
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

/** One measurement. */
export interface Scenario {
  readonly name: string
  run (settings: RunSettings): Promise<readonly Row[]>
}
