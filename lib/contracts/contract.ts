// What an implementation of an interface must do, for whatever test runner.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** One thing that must hold: a sentence, and a check that rejects with an AssertionError where it does not. */
export interface Contract {
  readonly name: string
  run (): Promise<void>
}

/** What is checked; `stop` ends it after each check. */
export interface Subject {
  stop? (): Promise<void> | void
}

/** @internal Each check gets a subject of its own. */
export function createContracts<S extends Subject> (create: () => Promise<S> | S, checks: Readonly<Record<string, (subject: S) => Promise<void>>>): readonly Contract[] {
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
  '{}', ' ', '1 2', 'a\nb\r\nc', 'nul \u0000 nul', 'Grüße, 世界, 🙂, e\u0301, \u2028', '__proto__', '%s {a} * ? [a-z]', JSON.stringify({ text: '"\\' }), 'x'.repeat(1024 * 1024)
])

/** What was told, and by what it is told. */
export interface Recorder<T> {
  readonly heard: T[]
  readonly hear: (what: T) => void
  /** Waits until so much was told. */
  readonly until: (count: number) => Promise<void>
}

/** @internal Takes note of what it is told. */
export function createRecorder<T> (): Recorder<T> {
  const heard: T[] = []
  return {
    heard,
    hear: (what) => { heard.push(what) },
    async until (count) {
      while (heard.length < count) await nextTurn()
    }
  }
}
