// What has happened, and what must not.

/** What must hold whatever happens. */
export const INVARIANTS = {
  answers: 'no answer, question or event to the wrong client',
  executions: 'no duplicate execution without a retry by the client',
  order: 'no event of a call missing or out of order',
  notifications: 'no acknowledged notification lost',
  sessions: 'no session lost',
  expiry: 'no key without expiry',
  silence: 'no call that ends in silence'
} as const

export type Invariant = keyof typeof INVARIANTS

const FIGURES = [
  'calls made',
  'answered',
  'retried',
  'lost',
  'resumed',
  'questions answered',
  'events sent',
  'events received',
  'events duplicated'
] as const

export type Figure = typeof FIGURES[number]

const DETAILS_SHOWN = 5

/** The books of one run. */
export class Ledger {
  readonly #figures = new Map<string, number>(FIGURES.map((name) => [name, 0]))
  readonly #reasons = new Map<string, number>()
  readonly #breaches = new Map<Invariant, string[]>()
  readonly #executions = new Map<string, { readonly at: number, times: number }>()
  readonly #began = performance.now()
  readonly #disturbances: string[] = []
  #attempts = 0

  count (figure: Figure, times = 1): void {
    this.#figures.set(figure, (this.#figures.get(figure) ?? 0) + times)
  }

  /** Takes note of why a call had to be made again. */
  reason (why: string): void {
    this.#reasons.set(why, (this.#reasons.get(why) ?? 0) + 1)
  }

  /** Something goes wrong. */
  disturbed (what: string): void {
    this.#disturbances.push(`${this.#moment()} ${what}`)
  }

  breach (invariant: Invariant, detail: string): void {
    const details = this.#breaches.get(invariant) ?? []
    details.push(`${this.#moment()} ${detail}`)
    this.#breaches.set(invariant, details)
  }

  /** A name that no other request has. */
  nameAttempt (caller: string): string {
    return `${caller}/${++this.#attempts}`
  }

  /** A handler runs. */
  executed (attempt: string): void {
    const execution = this.#executions.get(attempt)
    if (execution === undefined) {
      this.#executions.set(attempt, { at: performance.now(), times: 1 })
    } else {
      execution.times++
      this.breach('executions', `${attempt} ran ${execution.times} times`)
    }
  }

  /** When the handler of a request began to run. */
  executedAt (attempt: string): number {
    return this.#executions.get(attempt)?.at ?? Infinity
  }

  /** Whether all held. */
  get isClean (): boolean { return this.#breaches.size === 0 }

  #moment (): string {
    return `${((performance.now() - this.#began) / 1000).toFixed(2)} s`
  }

  report (): string {
    const figures = [...this.#figures, ['handlers run', this.#executions.size] as const]
    const reasons = [...this.#reasons].sort(([, one], [, other]) => other - one)
    return [
      ...this.#disturbances,
      ...figures.map(([name, count]) => `${name.padEnd(20)} ${String(count).padStart(8)}`),
      'retried because of',
      ...reasons.map(([why, count]) => `  ${String(count).padStart(6)}  ${why}`),
      ...Object.entries(INVARIANTS).flatMap(([name, text]) => {
        const details = this.#breaches.get(name as Invariant) ?? []
        const shown = details.slice(0, DETAILS_SHOWN).map((detail) => `          ${detail}`)
        return [
          `${details.length === 0 ? 'held  ' : 'BROKEN'}  ${text}${details.length === 0 ? '' : `: ${details.length} times`}`,
          ...shown
        ]
      })
    ].join('\n')
  }
}
