// What a call that asks its client keeps from round to round: answers, side effects, and the handler's own state.
import { createHash } from 'node:crypto'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import type { Question } from '../../protocol/question.ts'

/** The state with which a later round of the same call begins. It goes through JSON. */
export interface RoundState {
  readonly answers: WireObject
  /** The values of {@link Rounds.once}. An empty object stands for undefined, which JSON cannot carry. */
  readonly onces: { readonly [key: string]: { readonly value?: unknown } }
  readonly own?: unknown
  /** The names of the questions that the client is about to answer. */
  readonly asked?: readonly string[]
}

const EMPTY: WireObject = Object.freeze({})

/** The rounds of one call, as one of them sees them. */
export class Rounds {
  #responses: WireObject
  #own: unknown
  readonly #answers: Map<string, unknown>
  readonly #onces = new Map<string, Promise<unknown>>()
  readonly #effects: Map<string, { readonly value?: unknown }>
  readonly #asked = new Map<string, number>()
  // The questions of the previous round.
  readonly #expected: readonly string[]

  /**
   * @param responses The answers that came with this round.
   * @param state What {@link save} returned for the last one.
   */
  constructor (responses: WireObject = EMPTY, state?: RoundState) {
    this.#responses = responses
    this.#own = state?.own
    this.#expected = state?.asked ?? []
    this.#answers = new Map(Object.entries(state?.answers ?? EMPTY))
    this.#effects = new Map(Object.entries(state?.onces ?? {}))
  }

  /** The answers that came with this round, as the client sent them. */
  get responses (): WireObject { return this.#responses }

  /** The state that the handler kept for this round. */
  get own (): unknown { return this.#own }

  /** Begins another round of the same call in the same process. */
  next (responses: WireObject, own: unknown): void {
    this.#responses = responses
    this.#own = own
    this.#asked.clear()
  }

  /**
   * Returns the name of a question, which stays the same when the handler runs again: a digest of its words, with a
   * number if the words repeat. So a handler may ask several questions at the same time, in any order.
   *
   * @param key The name, if the handler gives one.
   * @throws TypeError if the handler uses a name twice: it would get the answer to the other question.
   */
  identify (question: Question, key: string | undefined): string {
    const name = key ?? digest(question)
    const times = (this.#asked.get(name) ?? 0) + 1
    this.#asked.set(name, times)
    if (times === 1) return name
    if (key === undefined) return `${name}-${times}`
    throw new TypeError(`the key '${key}' has been used for another question of this call; give each question its own`)
  }

  /** Returns the possible answers to a question: the one that was accepted before, then the one of this round. */
  answersTo (name: string): readonly WireObject[] {
    const response = Object.hasOwn(this.#responses, name) ? this.#responses[name] : undefined
    return [this.#answers.get(name), response].filter(isWireObject)
  }

  /** Accepts an answer to a question. */
  take (name: string, answer: WireObject): void {
    this.#answers.set(name, answer)
  }

  /**
   * Runs a side effect in the first round that reaches it, and resolves to its value in later ones. An effect that
   * fails runs again.
   */
  once (key: string, run: () => unknown): Promise<unknown> {
    const effect = this.#effects.get(key)
    if (effect !== undefined) return Promise.resolve(effect.value)

    const known = this.#onces.get(key)
    if (known !== undefined) return known

    const running = (async () => run())()
    this.#onces.set(key, running)
    running.then((value) => { this.#effects.set(key, { value }) }, () => { this.#onces.delete(key) })
    return running
  }

  /**
   * Resolves to the state of the next round. Waits for running side effects, because they would run again otherwise.
   */
  async save (own: unknown, asked: readonly string[] = []): Promise<RoundState | undefined> {
    await Promise.allSettled(this.#onces.values())
    // A single question needs no state: the next round uses its answer, or asks again.
    if (own === undefined && this.#answers.size === 0 && this.#effects.size === 0 && asked.length < 2) return undefined
    return { answers: Object.fromEntries(this.#answers), onces: Object.fromEntries(this.#effects), own, asked }
  }

  /**
   * Keeps the answers to questions of this call that the handler has not used yet. Any others would only take space.
   */
  keepResponses (): void {
    for (const name of this.#expected) {
      if (this.#answers.has(name) || !Object.hasOwn(this.#responses, name)) continue
      this.#answers.set(name, this.#responses[name])
    }
  }
}

function digest ({ method, params }: Question): string {
  return createHash('sha256').update(JSON.stringify([method, params])).digest('base64url').slice(0, 12)
}
