// The middle of what several rounds have shown.

/** The median of figures; NaN where there are none. */
export function median (figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** The median of the ratios of two figures of the same round: noise lasts longer than a round. */
export function medianRatio (figures: readonly number[], others: readonly number[]): number {
  return median(figures.map((figure, round) => figure / (others[round] ?? NaN)))
}
