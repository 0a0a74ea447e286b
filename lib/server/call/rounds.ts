// What is known from round to round of a call that asks its client: answers, side effects, and what a handler kept.
import { createHash } from 'node:crypto'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import type { Question } from '../../protocol/question.ts'

/** What a later round of the same call goes on from; goes through JSON. */
export interface RoundState {
  readonly answers: WireObject
  /** What {@link Rounds.once} came to: `{}` for undefined, which JSON cannot carry. */
  readonly onces: { readonly [key: string]: { readonly value?: unknown } }
  readonly own?: unknown
  /** The names of the questions to which the client is about to answer. */
  readonly asked?: readonly string[]
}

const EMPTY: WireObject = Object.freeze({})

/** The rounds of one call, seen from one of them. */
export class Rounds {
  #responses: WireObject
  #own: unknown
  readonly #answers: Map<string, unknown>
  readonly #onces = new Map<string, Promise<unknown>>()
  readonly #effects: Map<string, { readonly value?: unknown }>
  readonly #asked = new Map<string, number>()
  // The questions of the round before.
  readonly #expected: readonly string[]

  /** @param responses The answers that came with this round. @param state What {@link save} made of the one before. */
  constructor (responses: WireObject = EMPTY, state?: RoundState) {
    this.#responses = responses
    this.#own = state?.own
    this.#expected = state?.asked ?? []
    this.#answers = new Map(Object.entries(state?.answers ?? EMPTY))
    this.#effects = new Map(Object.entries(state?.onces ?? {}))
  }

  /** The answers that came with this round, as they came. */
  get responses (): WireObject { return this.#responses }

  /** What the handler kept for this round. */
  get own (): unknown { return this.#own }

  /** Begins another round of the same call in the same process. */
  next (responses: WireObject, own: unknown): void {
    this.#responses = responses
    this.#own = own
    this.#asked.clear()
  }

  /**
   * Names a question so that it has the same name when the handler runs again: by a digest of its words, and a number
   * where the same words are said again. So handlers may ask at the same time, in whatever order they come to it.
   *
   * @param key The name, where the handler gives one.
   * @throws TypeError when the handler gives a name for the second time: it would get the answer to the other question.
   */
  identify (question: Question, key: string | undefined): string {
    const name = key ?? digest(question)
    const times = (this.#asked.get(name) ?? 0) + 1
    this.#asked.set(name, times)
    if (times === 1) return name
    if (key === undefined) return `${name}-${times}`
    throw new TypeError(`the key '${key}' has been used for another question of this call; give each question its own`)
  }

  /** What may be the answer to a question: what was taken for it before, then what came with this round. */
  answersTo (name: string): readonly WireObject[] {
    const response = Object.hasOwn(this.#responses, name) ? this.#responses[name] : undefined
    return [this.#answers.get(name), response].filter(isWireObject)
  }

  /** Takes an answer for that to a question. */
  take (name: string, answer: WireObject): void {
    this.#answers.set(name, answer)
  }

  /** Runs a side effect in the first round that comes to it, and has its value in all later ones. One that fails runs again. */
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

  /** What the next round goes on from. Waits for side effects that still run, for they would run again otherwise. */
  async save (own: unknown, asked: readonly string[] = []): Promise<RoundState | undefined> {
    await Promise.allSettled(this.#onces.values())
    // The answer to a single question is either used by the next round or asked for again.
    if (own === undefined && this.#answers.size === 0 && this.#effects.size === 0 && asked.length < 2) return undefined
    return { answers: Object.fromEntries(this.#answers), onces: Object.fromEntries(this.#effects), own, asked }
  }

  /** Keeps the answers of this round that the handler has not used yet. What was not asked for is dropped: the state would grow by it. */
  keepResponses (): void {
    for (const name of this.#expected) {
      if (!this.#answers.has(name) && Object.hasOwn(this.#responses, name)) this.#answers.set(name, this.#responses[name])
    }
  }
}

function digest ({ method, params }: Question): string {
  return createHash('sha256').update(JSON.stringify([method, params])).digest('base64url').slice(0, 12)
}
