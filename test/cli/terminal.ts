// A terminal for tests that keeps its output, and the settings of programs that run in it.
import { EventEmitter } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import type { RunSettings } from '../../lib/cli/run-settings.ts'
import { createTerminal, type Terminal } from '../../lib/cli/terminal.ts'
import { LOADER } from '../support/child.ts'

// Commands pass the arguments of Node.js on to the processes that they start. Those of tap would make each of these
// load all sources one by one, and record coverage.
process.execArgv = [...LOADER]

/** The settings of `run` that are left to their defaults, but for the port. */
export const RUN_SETTINGS: Omit<RunSettings, 'name' | 'file'> = Object.freeze({
  transport: 'http',
  host: '127.0.0.1',
  port: 0,
  logLevel: 'info',
  isLogLevelGiven: false,
  workers: 1,
  drain: 0,
  stateless: false,
  args: []
})

/** The properties of a test's terminal. */
export interface TestTerminalOptions {
  readonly env?: { readonly [name: string]: string }
  readonly cwd?: string
  readonly isTTY?: boolean
  readonly columns?: number
}

/** A terminal, and its output. */
export interface TestTerminal {
  readonly terminal: Terminal
  readonly stdin: PassThrough
  readonly out: string
  readonly err: string
  /** Resolves when the output matches. */
  waitFor (pattern: RegExp): Promise<void>
  /** Sends the program a signal. */
  signal (name: NodeJS.Signals): void
}

class Kept extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns: number

  constructor ({ isTTY = false, columns = 80 }: TestTerminalOptions) {
    super()
    this.isTTY = isTTY
    this.columns = columns
  }

  override _write (chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk
    this.emit('written')
    callback()
  }
}

export function createTestTerminal (options: TestTerminalOptions = {}): TestTerminal {
  const { env = {}, cwd = process.cwd() } = options
  const signals = new EventEmitter()
  const stdin = Object.assign(new PassThrough(), { isTTY: options.isTTY ?? false })
  const [stdout, stderr] = [new Kept(options), new Kept(options)]
  const terminal = createTerminal({
    stdin,
    stdout,
    stderr,
    env,
    cwd: () => cwd,
    on: (name, listener) => signals.on(name, listener),
    off: (name, listener) => signals.off(name, listener)
  })
  return {
    terminal,
    stdin,
    get out () { return stdout.text },
    get err () { return stderr.text },
    waitFor: (pattern) => new Promise((resolve) => {
      const look = (): void => {
        if (!pattern.test(stdout.text + stderr.text)) return
        for (const stream of [stdout, stderr]) stream.off('written', look)
        resolve()
      }
      for (const stream of [stdout, stderr]) stream.on('written', look)
      look()
    }),
    signal: (name) => { signals.emit(name) }
  }
}
