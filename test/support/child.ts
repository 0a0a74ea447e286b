// Runs programs that serve as a user runs them: in a process of their own.
import { spawn } from 'node:child_process'
import { dirname, isAbsolute } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { blankAll } from '../blank.js'
import { isFresh } from '../bundle.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The arguments with which Node.js runs TypeScript that may import the package by its name. */
export const LOADER: readonly string[] = [
  '--import', new URL(isFresh() ? '../loader.js?bundle' : '../loader.js', import.meta.url).href
]

/** How a process ended. */
export interface Ending { readonly code: number | null, readonly signal: NodeJS.Signals | null }

/** How a program is run. */
export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  /** @default the project's root */
  readonly cwd?: string
  /** Waits until so many lines of its output match. */
  readonly until: { readonly line: RegExp, readonly times: number }
}

/** A program that has printed the awaited text. */
export interface Running {
  /** The lines that it has printed so far. */
  readonly lines: readonly string[]
  /** Settles when it has ended, for whatever reason. */
  readonly ended: Promise<Ending>
  /** Asks it to end, and waits until it has. */
  stop (signal?: NodeJS.Signals): Promise<Ending>
}

/**
 * Runs a TypeScript file, which may import the package by its name, and resolves once it has printed certain lines. The
 * program ends with the test at the latest.
 *
 * @throws Error with all output when the program ends before.
 */
export async function run (t: Test, file: string, { env, cwd = root, until }: RunOptions): Promise<Running> {
  if (isAbsolute(file)) await blankAll(dirname(file))
  const child = spawn(process.execPath, [...LOADER, file], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ended = new Promise<Ending>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> => {
    child.kill(signal)
    return ended
  }
  const lines: string[] = []
  let isThere = false
  t.teardown(() => {
    if (!isThere) t.comment(`${file} has printed so far:\n${lines.join('\n')}`)
    return stop('SIGKILL')
  })
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  await new Promise<void>((resolve, reject) => {
    let missing = until.times
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (until.line.test(line) && --missing === 0) resolve()
    })
    ended.then(() => reject(new Error(`${file} ended too soon:\n${lines.join('\n')}`)))
  })
  isThere = true
  return { lines, ended, stop }
}

/** Runs a command line in a shell, and resolves to what it prints. */
export function runInShell (command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'ignore'] })
    let output = ''
    child.stdout.on('data', (chunk) => { output += chunk })
    child.once('error', reject)
    child.once('close', (code) => code === 0 ? resolve(output) : reject(new Error(`exit code ${code}: ${command}`)))
  })
}
