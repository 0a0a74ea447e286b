// Numbers, sizes and times as texts.
const NUMBER = new Intl.NumberFormat('en')
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const UNITS = ['B', 'KiB', 'MiB', 'GiB']

/** Writes a number, such as `1,234`. */
export function formatNumber (number: number): string {
  return NUMBER.format(number)
}

/** Writes how many there are of something, such as `1 tool` and `2 tools`. */
export function formatCount (count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Writes a number of bytes. */
export function formatBytes (bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1)
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** Writes a duration in milliseconds. */
export function formatDuration (ms: number): string {
  if (ms < 0.05) return '< 0.1 ms'
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

/** Writes a time of day. */
export function formatTime (time: number): string {
  return CLOCK.format(time)
}

/** Writes the milliseconds of a time of day. */
export function formatFraction (time: number): string {
  return `.${String(Math.floor(time) % 1000).padStart(3, '0')}`
}
