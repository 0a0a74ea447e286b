// Summarises the figures of several rounds.
import type { Ratio, Target } from './scenario.ts'

/** Returns the median; of an even number, the mean of the two in the middle. NaN if there are no figures. */
export function median (figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}

/** The median of the ratios of two figures of the same round: noise lasts longer than a round. */
export function medianRatio (figures: readonly number[], others: readonly number[]): number {
  return median(figures.map((figure, round) => figure / (others[round] ?? NaN)))
}

/** The share of figures at or below which a figure lies. NaN where there are none. @param share From 0 to 1. */
export function percentile (figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Whether a target is met. */
export interface Verdict { readonly to: string, readonly target: Target, readonly holds: boolean }

// How far the other ratios may be from a target that one of them meets: machines are noisy.
const TOLERANCE = 0.05

/**
 * Judges the targets of a contender: one holds when any of its ratios meets it and the others come within 0.05 of it.
 */
export function judge (ratios: readonly Ratio[]): readonly Verdict[] {
  const groups = new Map<string, { to: string, target: Target, values: number[] }>()
  for (const { to, value, target } of ratios) {
    if (target === undefined) continue
    const key = JSON.stringify([to, target])
    const group = groups.get(key) ?? { to, target, values: [] }
    group.values.push(value)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ to, target, values }) => ({
    to,
    target,
    holds: values.some((value) => meets(value, target, 0)) && values.every((value) => meets(value, target, TOLERANCE))
  }))
}

function meets (value: number, target: Target, tolerance: number): boolean {
  return 'atLeast' in target ? value >= target.atLeast - tolerance : value <= target.atMost + tolerance
}
