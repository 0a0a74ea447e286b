// Waits for a process that serves the user's file, and passes signals on to it.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Terminal } from './terminal.ts'

// npm forwards a Ctrl-C that the terminal has sent already, so one keypress may arrive twice. The third signal kills.
const MAX_INTERRUPTS = 3

/** How a process has ended. */
export interface Ended {
  /** The exit code; null if a signal has ended the process. */
  readonly code: number | null
  /** Whether this process has received a signal meanwhile. */
  readonly wasEnded: boolean
}

/**
 * Passes signals on to a process until it has ended.
 * @param repeatAfter Milliseconds after which the first signal is passed on once more; undefined for never.
 */
export async function waitFor (
  child: ChildProcess, { process }: Pick<Terminal, 'process'>, repeatAfter?: number
): Promise<Ended> {
  let interrupts = 0
  let repeating: NodeJS.Timeout | undefined
  const interrupt = (signal: NodeJS.Signals) => (): void => {
    child.kill(++interrupts < MAX_INTERRUPTS ? signal : 'SIGKILL')
    if (repeatAfter !== undefined) repeating ??= setTimeout(() => { child.kill(signal) }, repeatAfter)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const listeners = signals.map((signal) => ({ signal, listener: interrupt(signal) }))
  for (const { signal, listener } of listeners) process.on(signal, listener)
  try {
    const [code] = await once(child, 'close') as [code: number | null]
    return { code, wasEnded: interrupts > 0 }
  } finally {
    clearTimeout(repeating)
    for (const { signal, listener } of listeners) process.off(signal, listener)
  }
}
