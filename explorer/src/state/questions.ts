// The questions that servers ask during a call: elicitation, sampling and roots. The user answers them by hand.
import { signal } from '@preact/signals'
import type {
  CreateMessageRequest, CreateMessageResult, ElicitRequest, ElicitResult, Root
} from '@modelcontextprotocol/client'

/** A question that waits for its answer. */
export type Question =
  | {
    readonly id: number
    readonly kind: 'elicitation'
    readonly params: ElicitRequest['params']
    answer (result: ElicitResult): void
  }
  | {
    readonly id: number
    readonly kind: 'sampling'
    readonly params: CreateMessageRequest['params']
    answer (result: CreateMessageResult): void
    refuse (): void
  }

/** The open questions, the oldest first. */
export const questions = signal<readonly Question[]>([])

/** The roots that servers may list. */
export const roots = signal<readonly Root[]>([])

/** A text that answers every sampling request without asking; undefined to ask. */
export const cannedAnswer = signal<string | undefined>(undefined)

let lastId = 0

function add (question: Question, signal: AbortSignal | undefined): void {
  questions.value = [...questions.value, question]
  signal?.addEventListener('abort', () => remove(question.id))
}

function remove (id: number): void {
  questions.value = questions.value.filter((question) => question.id !== id)
}

/** Asks the user what the server elicits. */
export function askUser (params: ElicitRequest['params'], signal?: AbortSignal): Promise<ElicitResult> {
  const { promise, resolve } = Promise.withResolvers<ElicitResult>()
  const id = ++lastId
  add({ id, kind: 'elicitation', params, answer: (result) => { remove(id); resolve(result) } }, signal)
  return promise
}

/** Asks the user to answer in place of a model. */
export function askForSample (
  params: CreateMessageRequest['params'], signal?: AbortSignal
): Promise<CreateMessageResult> {
  if (cannedAnswer.value !== undefined) return Promise.resolve(textMessage(cannedAnswer.value))
  const { promise, resolve, reject } = Promise.withResolvers<CreateMessageResult>()
  const id = ++lastId
  const answer = (result: CreateMessageResult): void => { remove(id); resolve(result) }
  const refuse = (): void => { remove(id); reject(new Error('The user has refused the request')) }
  add({ id, kind: 'sampling', params, answer, refuse }, signal)
  return promise
}

/** The message of a model that answers with a text. */
export function textMessage (text: string): CreateMessageResult {
  const content = { type: 'text', text } as const
  return { role: 'assistant', content, model: 'a person at the explorer', stopReason: 'endTurn' }
}
