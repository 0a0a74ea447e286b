// The kinds of options that several middlewares have.
import { isText, kind, kindOf, LONGEST_DURATION } from '../options/checks.ts'
import type { RequestContext } from '../server/call/request-context.ts'

/** A span of time: a number of milliseconds, or a text such as `'30 seconds'`, `'1 minute'` or `'2 hours'`. */
export type Span = number | `${number} ${'second' | 'minute' | 'hour' | 'day'}${'' | 's'}`

const UNITS: Readonly<Record<string, number>> = Object.freeze({
  second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000
})

/** Returns the milliseconds of a span; undefined if it is none. */
function readSpan (value: unknown): number | undefined {
  const [, amount, unit = ''] = typeof value === 'string' ? /^(\d+) (second|minute|hour|day)s?$/.exec(value) ?? [] : []
  const span = typeof value === 'string' ? Number(amount) * (UNITS[unit] ?? NaN) : value
  return Number.isInteger(span) && Number(span) > 0 && Number(span) <= LONGEST_DURATION ? Number(span) : undefined
}

const SPAN = "must be a time above 0, such as '1 minute', '30 seconds' or a whole number of milliseconds"

/** An option that is a span of time. */
export const span = kind<Span>((value) => readSpan(value) === undefined ? SPAN : undefined)

/** Returns the milliseconds of a span that has been checked. */
export function toMilliseconds (checked: Span): number {
  return readSpan(checked) as number
}

/** An option that names tools. */
export const toolNames = kindOf<readonly string[]>("must be an array of names of tools, such as ['find_note']",
  (value) => Array.isArray(value) && value.length > 0 && value.every(isText))

/** Returns a function that says whether a tool is among the names; every tool is if there are none. */
export function createMatcher (names: readonly string[] | undefined): (name: string) => boolean {
  if (names === undefined) return () => true
  const listed = new Set(names)
  return (name) => listed.has(name)
}

/** A function that names the caller of a request; undefined for a caller to whom the middleware does not apply. */
export type NameCaller<Lifespan = unknown> = (ctx: RequestContext<Lifespan>) => string | undefined
