// How the outcomes of calls, and their times, are shown.

/** The tone of a badge. */
export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent'

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

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** Writes a time of day. */
export function formatTime (time: number): string {
  return CLOCK.format(time)
}

/** Writes the milliseconds of a time of day. */
export function formatFraction (time: number): string {
  return `.${String(Math.floor(time) % 1000).padStart(3, '0')}`
}

/** Writes milliseconds, which are often fewer than one. */
export function formatMs (ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  if (ms < 0.05) return '< 0.1 ms'
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
