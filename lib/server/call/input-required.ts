// Results that ask the client before the call can complete (MCP 2026-07-28 mrtr).
import { isWireObject } from '../../protocol/message.ts'
import { isQuestion, type Question } from '../../protocol/question.ts'

/** Questions by the keys under which their answers come back. */
export interface InputRequests { readonly [key: string]: Question }

/** A result that asks the client. The client repeats the call with its answers. */
export interface InputRequiredResult {
  /** What tells it from a complete result. */
  readonly resultType: 'input_required'
  /** The questions; absent if the client only has to repeat the call. */
  readonly inputRequests?: InputRequests
  /** What the client sends back unread with its answers. */
  readonly requestState?: string
}

/**
 * Thrown by `ctx.elicit` and its siblings when a modern client still has to answer. The call ends here, and the handler
 * runs again when the client repeats the call with the answer. Do not catch it: the call ends in the question anyway.
 */
export class InputRequiredError extends Error {
  override readonly name = 'InputRequiredError'
  /** @internal Keeps Fastify from logging a failure where a route that is a tool asks. */
  readonly statusCode = 409

  constructor () {
    super('The client has to answer first; the call ends here and the handler runs again with the answer')
  }
}

/** What a handler asks by hand. */
export interface InputRequiredFields {
  /** The questions by keys of your choice. @default none: the handler runs again at once */
  readonly inputRequests?: InputRequests
  /**
   * What to keep until the handler runs again: anything that JSON can carry. It is sealed, so that no client can read
   * or change it.
   * @default nothing
   */
  readonly state?: unknown
}

/** What a handler returns to ask by hand. {@link inputRequired} makes it. */
export class InputRequired {
  // Private fields make the type nominal: TypeScript accepts no other object as one.
  readonly #inputRequests: InputRequests | undefined
  readonly #state: unknown

  /** @internal */
  constructor (inputRequests: InputRequests | undefined, state: unknown) {
    this.#inputRequests = inputRequests
    this.#state = state
  }

  /** The questions. */
  get inputRequests (): InputRequests | undefined { return this.#inputRequests }
  /** The state that is kept until the handler runs again. */
  get state (): unknown { return this.#state }
}

/**
 * Asks the client by hand, in place of a result. The handler then runs again, with the answers in `ctx.inputResponses`
 * and its state in `ctx.inputState`. The answers are as the client sent them, so check them; `ctx.elicit` and its
 * siblings check theirs.
 *
 * @param fields The questions, what to keep, or both.
 * @example return inputRequired({ inputRequests: { roots: { method: 'roots/list', params: {} } }, state: { step: 1 } })
 * @throws TypeError if there is neither a question nor a state, or if the protocol has no such question.
 */
export function inputRequired ({ inputRequests, state }: InputRequiredFields): InputRequired {
  const questions = isWireObject(inputRequests) ? Object.entries(inputRequests) : []
  const wrong = questions.find(([, question]) => !isQuestion(question))
  if (wrong !== undefined) {
    throw new TypeError(`inputRequired: '${wrong[0]}' must be { method, params }, ` +
      'its method elicitation/create, sampling/createMessage or roots/list')
  }
  if (questions.length === 0 && state === undefined) {
    throw new TypeError("inputRequired needs 'inputRequests', 'state' or both")
  }
  return new InputRequired(questions.length === 0 ? undefined : inputRequests, state)
}
