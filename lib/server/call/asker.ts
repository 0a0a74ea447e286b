// Asks the client on behalf of one request: a legacy one in the middle of it, a modern one by a result that it answers
// with another request.
import { randomUUID } from 'node:crypto'
import { ErrorCode } from '../../protocol/error-code.ts'
import { isWireObject, type Params, type WireObject } from '../../protocol/message.ts'
import { findAnswerProblem, findMissingCapability, type Question } from '../../protocol/question.ts'
import { invalidParams, missingCapability, noWayToAsk, RefusedError } from '../../errors.ts'
import { InputRequiredError, type InputRequired, type InputRequests, type InputRequiredResult } from './input-required.ts'
import { Rounds, type RoundState } from './rounds.ts'
import type { Caller, Channel } from './incoming.ts'
import type { StateBinding, StateSealer } from './request-state.ts'
import type { Validation } from '../schema/validation.ts'

/** How a question is asked. */
export interface AskOptions {
  /**
   * Tells the question from the others of the call. Needed where its words differ each time the handler runs.
   * @default a digest of the question
   */
  readonly key?: string
  /**
   * Milliseconds that a legacy client has for its answer; 0 for ever. A modern client comes back when it has one, within
   * `requestState.ttl`. @default the server's `questionTimeout`
   */
  readonly timeout?: number
}

/** What a server gives to ask with. */
export interface AskingServer {
  readonly sealer: StateSealer
  /** Milliseconds; 0 for ever. */
  readonly questionTimeout: number
}

/** The request that asks. */
export interface AskingRequest {
  readonly method: string
  readonly params: Params
  readonly caller: Caller
  readonly channel: Channel
  /** Aborted when the call is over. */
  readonly signal: AbortSignal
}

/** Makes of an answer of the right shape what the handler gets. */
export type ReadAnswer<T> = (answer: WireObject) => Validation<T> | Promise<Validation<T>>

// A legacy client is asked by the server itself, so a handler that goes on asking has to be stopped by it.
const MAX_LEGACY_ROUNDS = 16

/** Asks on behalf of one request. Made when the request first has to do with questions. */
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

  /** @throws RpcError -32602 when the state was not made for this call, or the answers are no object. */
  constructor (request: AskingRequest, server: AskingServer) {
    this.#request = request
    this.#server = server
    this.#rounds = request.caller.era === 'modern' ? this.#openRounds() : new Rounds()
  }

  /** The answers that came with this round, as they came. */
  get responses (): WireObject { return this.#rounds.responses }

  /** What the handler kept for this round. */
  get ownState (): unknown { return this.#rounds.own }

  /** Whether the call ends in questions, whatever its handler comes to. */
  get isAsking (): boolean { return this.#pending.size > 0 || this.#byHand !== undefined }

  /** Milliseconds in which answers were waited for. */
  get waited (): number { return this.#waited }

  /** Whether an answer is being waited for. */
  get isWaiting (): boolean { return this.#open > 0 }

  /** Calls the listener once no answer is being waited for any more. */
  onAnswered (listener: () => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Asks, or answers with what the client said in this round or an earlier one.
   * @throws InputRequiredError when a modern client still has to answer.
   * @throws RpcError when the client cannot be asked, or answers with what is none.
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
    if (!outcome.valid) throw new RefusedError(ErrorCode.InvalidParams, `The client's answer to ${question.method} is unusable: ${outcome.problem}`)
    if (isWireObject(answer)) this.#rounds.take(name, answer)
    return outcome.value
  }

  /** Runs a side effect once over all rounds. */
  once (key: string, run: () => unknown): Promise<unknown> {
    return this.#rounds.once(key, run)
  }

  /**
   * Asks what a handler asks by hand. When it comes to an end, the handler is to be run again.
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

    if (++this.#legacyRounds > MAX_LEGACY_ROUNDS) throw new Error(`the handler still returned inputRequired() after ${MAX_LEGACY_ROUNDS} rounds`)
    const responses = await Promise.all(questions.map(async ([key, question]) => [key, await this.#askNow(question)] as const))
    // Through JSON, as the state of a modern call goes.
    const state: unknown = byHand.state === undefined ? undefined : JSON.parse(JSON.stringify(byHand.state))
    this.#rounds.next(Object.fromEntries(responses), state)
  }

  /** The result that asks for what the handler has asked. */
  async toResult (): Promise<InputRequiredResult> {
    if (this.#byHand === undefined) this.#rounds.keepResponses()
    const inputRequests: InputRequests = { ...Object.fromEntries(this.#pending), ...this.#byHand?.inputRequests }
    const state = await this.#rounds.save(this.#byHand?.state, [...this.#pending.keys()])
    return {
      resultType: 'input_required',
      ...(Object.keys(inputRequests).length > 0 && { inputRequests }),
      ...(state !== undefined && { requestState: this.#server.sealer.seal({ ...state }, this.#binding) })
    }
  }

  async #askLater (name: string, question: Question): Promise<never> {
    this.#pending.set(name, question)
    // What the handler asks at the same time goes into the same round.
    await new Promise((resolve) => { setImmediate(resolve) })
    throw new InputRequiredError()
  }

  async #askNow (question: Question, timeout = this.#server.questionTimeout): Promise<unknown> {
    const { channel, signal } = this.#request
    if (channel.ask === undefined) throw noWayToAsk(question.method)

    if (this.#open++ === 0) this.#openedAt = Date.now()
    try {
      return await channel.ask(toLegacy(question), timeout, signal)
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
    return new Rounds(inputResponses, this.#server.sealer.open(requestState, this.#binding, channel.log) as WireObject & RoundState)
  }

  // As the arguments are once they have been checked: defaults are in them in each round.
  get #binding (): StateBinding {
    const { method, params, caller } = this.#request
    return { principal: caller.principal, method, target: String(params.name ?? params.uri), args: params.arguments ?? {} }
  }
}

function readAnswer<T> (question: Question, answer: unknown, read: ReadAnswer<T>): Validation<T> | Promise<Validation<T>> {
  const problem = findAnswerProblem(question, answer)
  // findAnswerProblem finds fault with all that is no object.
  return problem === undefined ? read(answer as WireObject) : { valid: false, problem: `it ${problem}` }
}

// MCP 2025-11-25 elicitation, URL Mode: an id that 2026-07-28 has no more.
function toLegacy (question: Question): Question {
  const { method, params } = question
  return params.mode === 'url' && params.elicitationId === undefined
    ? { method, params: { ...params, elicitationId: randomUUID() } }
    : question
}
