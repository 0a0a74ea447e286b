// Asks the client on behalf of one request. A legacy client is asked in the middle of the request. A modern client gets
// a result that asks, and repeats the request with its answers.
import { randomUUID } from 'node:crypto'
import { ErrorCode } from '../../protocol/error-code.ts'
import { isWireObject, type Params, type WireObject } from '../../protocol/message.ts'
import { findAnswerProblem, findMissingCapability, type Question } from '../../protocol/question.ts'
import { invalidParams, missingCapability, noWayToAsk, RefusedError } from '../../errors.ts'
import {
  InputRequiredError, type InputRequired, type InputRequests, type InputRequiredResult
} from './input-required.ts'
import { askPublishing, publishQuestions } from './question-events.ts'
import { Rounds, type RoundState } from './rounds.ts'
import type { Caller, Channel } from './incoming.ts'
import type { StateBinding, StateSealer } from './request-state.ts'
import type { Validation } from '../schema/validation.ts'

/** How a question is asked. */
export interface AskOptions {
  /**
   * Distinguishes the question from the others of the call. Needed if its words differ each time the handler runs.
   * @default a digest of the question
   */
  readonly key?: string
  /**
   * Milliseconds that a legacy client has for its answer; 0 for no limit. A modern client has `requestState.ttl`.
   * @default the server's `questionTimeout`
   */
  readonly timeout?: number
}

/** What an asker needs of its server. */
export interface AskingServer {
  readonly sealer: StateSealer
  /** Milliseconds; 0 for no limit. */
  readonly questionTimeout: number
}

/** The request on whose behalf the client is asked. */
export interface AskingRequest {
  readonly method: string
  readonly params: Params
  readonly caller: Caller
  readonly channel: Channel
  /** Aborted when the call is over. */
  readonly signal: AbortSignal
}

/** Checks an answer that has the right shape, and turns it into the value that the handler gets. */
export type ReadAnswer<T> = (answer: WireObject) => Validation<T> | Promise<Validation<T>>

// A modern client can stop repeating its request. A legacy client is asked by the server, so the server sets a limit.
const MAX_LEGACY_ROUNDS = 16

/** Asks the client on behalf of one request. It is created when the request first needs it. */
export class Asker {
  readonly #request: AskingRequest
  readonly #server: AskingServer
  readonly #rounds: Rounds
  readonly #pending = new Map<string, Question>()
  #byHand: InputRequired | undefined
  #legacyRounds = 0
  #open = 0
  #openedAt = 0
  #waited = 0
  readonly #listeners: Array<() => void> = []

  /** @throws RpcError -32602 if the state was not made for this call, or the answers are not an object. */
  constructor (request: AskingRequest, server: AskingServer) {
    this.#request = request
    this.#server = server
    this.#rounds = request.caller.era === 'modern' ? this.#openRounds() : new Rounds()
  }

  /** The answers that came with this round, as the client sent them. */
  get responses (): WireObject { return this.#rounds.responses }

  /** The state that the handler kept for this round. */
  get ownState (): unknown { return this.#rounds.own }

  /** Whether the call ends in questions, whatever its handler returns. */
  get isAsking (): boolean { return this.#pending.size > 0 || this.#byHand !== undefined }

  /** Milliseconds that were spent waiting for answers. */
  get waited (): number { return this.#waited }

  /** Whether an answer is being waited for. */
  get isWaiting (): boolean { return this.#open > 0 }

  /** Adds a listener that is called once no answer is being waited for. */
  onAnswered (listener: () => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Resolves to the answer to a question. If neither this round nor an earlier one has it, the client is asked.
   * @throws InputRequiredError when a modern client still has to answer.
   * @throws RpcError when the client cannot be asked, or its answer is unusable.
   */
  async ask<T> (question: Question, options: AskOptions, read: ReadAnswer<T>): Promise<T> {
    this.#refuseUnlessCapable(question)
    const name = this.#rounds.identify(question, options.key)

    for (const answer of this.#rounds.answersTo(name)) {
      const outcome = await readAnswer(question, answer, read)
      if (!outcome.valid) continue
      this.#rounds.take(name, answer)
      return outcome.value
    }
    if (this.#request.caller.era === 'modern') return this.#askLater(name, question)

    const answer = await this.#askNow(question, options.timeout)
    const outcome = await readAnswer(question, answer, read)
    if (!outcome.valid) {
      const problem = `The client's answer to ${question.method} is unusable: ${outcome.problem}`
      throw new RefusedError(ErrorCode.InvalidParams, problem)
    }
    if (isWireObject(answer)) this.#rounds.take(name, answer)
    return outcome.value
  }

  /** Runs a side effect once in all rounds. */
  once (key: string, run: () => unknown): Promise<unknown> {
    return this.#rounds.once(key, run)
  }

  /**
   * Asks what a handler asks by hand. Run the handler again once this has resolved.
   * @throws InputRequiredError for a modern client.
   * @throws RpcError when the client cannot be asked.
   */
  async askByHand (byHand: InputRequired): Promise<void> {
    const questions = Object.entries(byHand.inputRequests ?? {})
    for (const [, question] of questions) this.#refuseUnlessCapable(question)
    if (this.#request.caller.era === 'modern') {
      this.#byHand = byHand
      throw new InputRequiredError()
    }

    if (++this.#legacyRounds > MAX_LEGACY_ROUNDS) {
      throw new Error(`the handler still returned inputRequired() after ${MAX_LEGACY_ROUNDS} rounds`)
    }
    const responses = await Promise.all(questions.map(async ([key, question]) =>
      [key, await this.#askNow(question)] as const))
    // The state goes through JSON, as the state of a modern call does.
    const state: unknown = byHand.state === undefined ? undefined : JSON.parse(JSON.stringify(byHand.state))
    this.#rounds.next(Object.fromEntries(responses), state)
  }

  /** Resolves to the result with the questions of the handler. */
  async toResult (): Promise<InputRequiredResult> {
    if (this.#byHand === undefined) this.#rounds.keepResponses()
    const asked: InputRequests = { ...Object.fromEntries(this.#pending), ...this.#byHand?.inputRequests }
    const inputRequests = publishQuestions(this.#request, asked)
    const state = await this.#rounds.save(this.#byHand?.state, [...this.#pending.keys()])
    return {
      resultType: 'input_required',
      ...(Object.keys(inputRequests).length > 0 && { inputRequests }),
      ...(state !== undefined && { requestState: this.#server.sealer.seal({ ...state }, this.#binding) })
    }
  }

  async #askLater (name: string, question: Question): Promise<never> {
    this.#pending.set(name, question)
    // Other questions that the handler asks at the same time go into the same round.
    await new Promise((resolve) => { setImmediate(resolve) })
    throw new InputRequiredError()
  }

  async #askNow (question: Question, timeout = this.#server.questionTimeout): Promise<unknown> {
    const { channel, signal } = this.#request
    if (channel.ask === undefined) throw noWayToAsk(question.method)

    if (this.#open++ === 0) this.#openedAt = Date.now()
    try {
      const ask = channel.ask.bind(channel)
      return await askPublishing(this.#request, toLegacy(question), (asked) => ask(asked, timeout, signal))
    } finally {
      if (--this.#open === 0) this.#answered()
    }
  }

  #answered (): void {
    this.#waited += Date.now() - this.#openedAt
    for (const listener of this.#listeners.splice(0)) listener()
  }

  #refuseUnlessCapable (question: Question): void {
    const requiredCapabilities = findMissingCapability(question, this.#request.caller.client.capabilities)
    if (requiredCapabilities !== undefined) throw missingCapability(question.method, requiredCapabilities)
  }

  #openRounds (): Rounds {
    const { params: { inputResponses, requestState }, channel } = this.#request
    if (inputResponses !== undefined && !isWireObject(inputResponses)) {
      throw invalidParams("'inputResponses' must be an object")
    }
    if (requestState === undefined) return new Rounds(inputResponses)
    // Only what #toResult sealed can be opened.
    const state = this.#server.sealer.open(requestState, this.#binding, channel.log) as WireObject & RoundState
    return new Rounds(inputResponses, state)
  }

  // The arguments have been checked already, so their defaults are the same in each round.
  get #binding (): StateBinding {
    const { method, params, caller } = this.#request
    const target = String(params.name ?? params.uri)
    return { principal: caller.principal, method, target, args: params.arguments ?? {} }
  }
}

function readAnswer<T> (
  question: Question, answer: unknown, read: ReadAnswer<T>
): Validation<T> | Promise<Validation<T>> {
  const problem = findAnswerProblem(question, answer)
  // The cast holds, because findAnswerProblem refuses everything but objects.
  return problem === undefined ? read(answer as WireObject) : { valid: false, problem: `it ${problem}` }
}

// MCP 2025-11-25 elicitation, URL Mode, requires an id. 2026-07-28 has dropped it.
function toLegacy (question: Question): Question {
  const { method, params } = question
  return params.mode === 'url' && params.elicitationId === undefined
    ? { method, params: { ...params, elicitationId: randomUUID() } }
    : question
}
