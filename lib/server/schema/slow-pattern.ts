// Finds out whether a pattern can be slow, by trying it on texts built to attack it. Of the libraries for this,
// safe-regex2 and redos-detector call zod's own patterns slow, scslre calls `(a|a)*$` fast, and recheck takes seconds
// for some patterns, and 50 MB.
import { createAlphabet } from './pattern-alphabet.ts'
import { listAttacks, type Attack } from './pattern-attacks.ts'
import { createStepCounter, type CountSteps } from './pattern-matcher.ts'
import { parsePattern } from './pattern-tree.ts'
import { withoutWildcard } from './pattern.ts'

/** Longer patterns are not judged. */
const MAX_PATTERN_LENGTH = 2000
/** The steps that a pattern may take for one text, which last some 100 ms. */
const MAX_STEPS = 50_000_000
/** The longest text that a client can send, by the default `bodyLimit`. */
const MAX_LENGTH = 4 * 1024 * 1024

// The numbers of pumps in the texts that are tried, each twice the one before.
const REPETITIONS = [4, 8, 16, 32, 64, 128, 256, 512]
// A pattern shows how it grows by this number of pumps. If the growth is linear, longer texts are not tried. If not,
// the pattern may have a bound, such as {1,255}, that only longer texts reach.
const FEW_REPETITIONS = 32
const LINEAR_GROWTH = 2.1
// A pattern takes exponential time if it exceeds the limit with this few pumps, or grows like this.
const EXPONENTIAL_AT = 16
const EXPONENTIAL_GROWTH = 33
// If the longest text has at most this many pumps, its steps are counted and not extrapolated.
const MAX_REPETITIONS_COUNTED = 64
// The limits of steps for texts with few pumps, for texts with more, for the longest text, and for all texts together.
const MAX_STEPS_TRIED = 50_000
const MAX_MORE_STEPS_TRIED = 200_000
const MAX_STEPS_OF_LONGEST = 1_000_000
const MAX_STEPS_OF_ALL = 2_000_000

/**
 * Returns whether a pattern that compiles with the flag 'u' may take longer than some 100 ms for a text of at most
 * `maxLength` characters. Judging most patterns takes a few milliseconds.
 */
export function isSlowPattern (pattern: string, maxLength: number): boolean {
  if (pattern.length > MAX_PATTERN_LENGTH) return false
  const searched = withoutWildcard(pattern)
  const root = parsePattern(searched)
  const alphabet = createAlphabet(searched, root)
  const countSteps = createStepCounter(root, alphabet)
  let left = MAX_STEPS_OF_ALL
  const countBounded: CountSteps = (text, limit) => {
    const steps = countSteps(text, Math.min(limit, left))
    left -= steps
    return steps
  }

  const longest = Math.min(maxLength, MAX_LENGTH)
  return listAttacks(root, alphabet).some((attack) => estimateSteps(attack, longest, countBounded) > MAX_STEPS)
}

// Estimates the steps for the longest text of an attack.
function estimateSteps (attack: Attack, maxLength: number, countSteps: CountSteps): number {
  const most = Math.floor((maxLength - attack.prefix.length - attack.suffix.length) / attack.pump.length)
  const counts: number[] = []
  let repetitions = 0
  for (const next of REPETITIONS) {
    if (next > most || (next > FEW_REPETITIONS && growthOf(counts) <= LINEAR_GROWTH)) break
    const limit = next > FEW_REPETITIONS ? MAX_MORE_STEPS_TRIED : MAX_STEPS_TRIED
    const steps = countSteps(textOf(attack, next), limit)
    if (steps >= limit) {
      if (most <= MAX_REPETITIONS_COUNTED) return countStepsOfLongest(attack, most, countSteps)
      if (next <= EXPONENTIAL_AT || growthOf(counts) > EXPONENTIAL_GROWTH) return Infinity
      break
    }
    counts.push(steps)
    repetitions = next
  }

  const growth = growthOf(counts)
  return growth <= LINEAR_GROWTH ? 0 : Number(counts.at(-1)) * (most / repetitions) ** Math.log2(growth)
}

function countStepsOfLongest (attack: Attack, most: number, countSteps: CountSteps): number {
  const steps = countSteps(textOf(attack, most), MAX_STEPS_OF_LONGEST)
  return steps < MAX_STEPS_OF_LONGEST ? steps : Infinity
}

// The factor by which the added steps grow when the pumps are doubled: 2 for linear time, 4 for quadratic time.
function growthOf (counts: readonly number[]): number {
  const [first = 0, second = 0, third = 0] = counts.slice(-3)
  return (third - second) / Math.max(1, second - first)
}

function textOf ({ prefix, pump, suffix }: Attack, repetitions: number): string {
  return prefix + pump.repeat(repetitions) + suffix
}
