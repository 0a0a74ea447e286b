// The severities of log notifications.

/** Severity of a log notification, least severe first (RFC 5424 6.2.1). */
export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency'

const SEVERITIES: ReadonlyMap<unknown, number> = new Map([
  'debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'
].map((level, severity) => [level, severity]))

export function isLogLevel (value: unknown): value is LogLevel {
  return SEVERITIES.has(value)
}

/** Whether a message of a level passes a threshold. Without a threshold, none does. */
export function passesThreshold (level: LogLevel, threshold: LogLevel | undefined): boolean {
  return threshold !== undefined && severityOf(level) >= severityOf(threshold)
}

// An unknown level can get here only through a cast. It counts as the least severe.
function severityOf (level: LogLevel): number {
  return SEVERITIES.get(level) ?? 0
}
