// What an implementation of an interface must do, for whatever test runner.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** One thing that must hold: a sentence, and a check that rejects with an AssertionError where it does not. */
export interface Contract {
  /** What must hold, as a sentence. */
  readonly name: string
  /** Checks it on a subject of its own. */
  run (): Promise<void>
}

/** What is checked. */
export interface Subject {
  /** Ends it, after each check. */
  stop? (): Promise<void> | void
}

/** How contracts are checked. */
export interface ContractOptions {
  /** Milliseconds that is waited for what must be heard; then the check fails. @default 10000 */
  readonly patience?: number
}

/** How contracts are checked of what expires. */
export interface TimedContractOptions extends ContractOptions {
  /** Milliseconds that things live: many where a clock is passed in, few where time is waited for. @default 10000 */
  readonly unit?: number
}

/** @internal Each check gets a subject of its own. */
export function createContracts<S extends Subject> (
  create: () => Promise<S> | S, checks: Readonly<Record<string, (subject: S) => Promise<void>>>
): readonly Contract[] {
  return Object.entries(checks).map(([name, check]) => Object.freeze({
    name,
    async run () {
      const subject = await create()
      try {
        await check(subject)
      } finally {
        await subject.stop?.()
      }
    }
  }))
}

/** @internal Texts that are easily spoiled: by length, by what separates, by encodings. */
export const TEXTS: readonly string[] = Object.freeze([
  '{}',
  ' ',
  '1 2',
  'a\nb\r\nc',
  'nul \u0000 nul',
  'Grüße, 世界, 🙂, e\u0301, \u2028',
  '__proto__',
  '%s {a} * ? [a-z]',
  JSON.stringify({ text: '"\\' }),
  'x'.repeat(1024 * 1024)
])

/** @internal Waits until something is so. */
export type Wait = (isSo: () => boolean, what: string) => Promise<void>

/** @internal */
export function createWait ({ patience = 10_000 }: ContractOptions): Wait {
  return async (isSo, what) => {
    const end = performance.now() + patience
    while (!isSo()) {
      assert.ok(performance.now() < end, `within ${patience} ms: ${what}`)
      await nextTurn()
    }
  }
}

/** @internal What was told, and by what it is told. */
export interface Recorder<T> {
  readonly heard: T[]
  readonly hear: (what: T) => void
  /** Waits until so much was told. */
  readonly until: (count: number) => Promise<void>
}

/** @internal Takes note of what it is told. */
export function createRecorder<T> (wait: Wait): Recorder<T> {
  const heard: T[] = []
  return {
    heard,
    hear: (what) => { heard.push(what) },
    until: (count) => wait(() => heard.length >= count, `${count} are heard`)
  }
}
