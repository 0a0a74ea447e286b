// Whether a pattern may take long for a text, found out by trying it on texts made for it. safe-regex2 and
// redos-detector take zod's own patterns for slow, scslre takes `(a|a)*$` for quick, and recheck needs seconds for
// some, and 50 MB.
import { createAlphabet } from './pattern-alphabet.ts'
import { listAttacks, type Attack } from './pattern-attacks.ts'
import { createStepCounter, type CountSteps } from './pattern-matcher.ts'
import { parsePattern } from './pattern-tree.ts'
import { withoutWildcard } from './pattern.ts'

/** A longer pattern is not judged. */
const MAX_PATTERN_LENGTH = 2000
/** What a pattern may cost for one text: some 100 ms. */
const MAX_STEPS = 50_000_000
/** The longest text that a client can send, by the default `bodyLimit`. */
const MAX_LENGTH = 4 * 1024 * 1024

// How often something is repeated in the texts that are tried, each number twice the one before.
const REPETITIONS = [4, 8, 16, 32, 64, 128, 256, 512]
// Up to here a pattern shows how it grows. What has grown as with linear time is not tried further; what has not may
// have a bound, such as {1,255}, that longer texts meet.
const FEW_REPETITIONS = 32
const LINEAR_GROWTH = 2.1
// What takes too many steps for so few repetitions takes exponential time, and so does what grows like this.
const EXPONENTIAL_AT = 16
const EXPONENTIAL_GROWTH = 33
// Where no text has more repetitions, the steps for the longest one are counted instead.
const MAX_REPETITIONS_COUNTED = 64
// How many steps are tried for few repetitions, for more of them, and for the longest text.
const MAX_STEPS_TRIED = 50_000
const MAX_MORE_STEPS_TRIED = 200_000
const MAX_STEPS_OF_LONGEST = 1_000_000
const MAX_STEPS_OF_ALL = 2_000_000

/**
 * Tells whether a pattern that compiles with the flag 'u' may take longer than some 100 ms for a text of at most
 * `maxLength` characters. Most patterns are judged in a few milliseconds.
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

// How many steps the longest text of a kind takes.
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

// By what the added steps grow when the repetitions are doubled: 2 for linear time, 4 for quadratic time.
function growthOf (counts: readonly number[]): number {
  const [first = 0, second = 0, third = 0] = counts.slice(-3)
  return (third - second) / Math.max(1, second - first)
}

function textOf ({ prefix, pump, suffix }: Attack, repetitions: number): string {
  return prefix + pump.repeat(repetitions) + suffix
}
