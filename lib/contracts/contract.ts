// Checks of what an implementation of an interface must do, for any test runner.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** One check of a contract. */
export interface Contract {
  /** The requirement, as a sentence. */
  readonly name: string
  /** Checks a new subject. Rejects with an AssertionError if the requirement is not met. */
  run (): Promise<void>
}

/** The implementation under test. Each check creates its own. */
export interface Subject {
  /** Stops the subject. Called after each check. */
  stop? (): Promise<void> | void
}

/** The options of a contract. */
export interface ContractOptions {
  /** Milliseconds that a check waits for a message or an event before it fails. @default 10000 */
  readonly patience?: number
}

/** The options of a contract for stores whose data expires. */
export interface TimedContractOptions extends ContractOptions {
  /**
   * Milliseconds until data expires in the checks. With a clock of your own the default costs nothing; without one, a
   * lower number makes the checks faster.
   * @default 10000
   */
  readonly unit?: number
}

/** @internal Creates the contracts. Each check gets a new subject. */
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

/** @internal Texts that an implementation may damage: with separators, special characters, or great length. */
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

/** @internal Waits for a condition. @param what The condition in words, for the error. */
export type Wait = (isMet: () => boolean, what: string) => Promise<void>

/** @internal */
export function createWait ({ patience = 10_000 }: ContractOptions): Wait {
  return async (isMet, what) => {
    const end = performance.now() + patience
    while (!isMet()) {
      assert.ok(performance.now() < end, `within ${patience} ms: ${what}`)
      await nextTurn()
    }
  }
}

/** @internal A listener that records its calls. */
export interface Recorder<T> {
  readonly received: T[]
  readonly receive: (what: T) => void
  /** Waits until the listener has been called a number of times. */
  readonly until: (count: number) => Promise<void>
}

/** @internal Creates a listener that records its calls. */
export function createRecorder<T> (wait: Wait): Recorder<T> {
  const received: T[] = []
  return {
    received,
    receive: (what) => { received.push(what) },
    until: (count) => wait(() => received.length >= count, `a listener receives ${count} messages`)
  }
}
