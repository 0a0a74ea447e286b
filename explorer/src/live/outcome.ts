// How the outcomes of calls are shown.
import type { Tone } from '../parts/badge.tsx'

/** The outcomes, as `RequestOutcome` has them, with their words and tones. */
export const OUTCOMES: Readonly<Record<string, { readonly word: string, readonly tone: Tone }>> = {
  ok: { word: 'ok', tone: 'good' },
  input_required: { word: 'asks', tone: 'accent' },
  tool_error: { word: 'tool error', tone: 'warn' },
  invalid_arguments: { word: 'invalid', tone: 'warn' },
  refused: { word: 'refused', tone: 'warn' },
  cancelled: { word: 'cancelled', tone: 'plain' },
  timeout: { word: 'timeout', tone: 'bad' },
  crash: { word: 'crash', tone: 'bad' }
}

const FINE: ReadonlySet<string> = new Set(['ok', 'input_required', 'cancelled'])

/** Whether a call has failed. */
export function hasFailed (outcome: string): boolean {
  return !FINE.has(outcome)
}
