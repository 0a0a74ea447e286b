// The questions that handlers ask, and what they get for an answer.
import type { CreateMessageRequest, CreateMessageResult, CreateMessageResultWithTools, Root } from '@modelcontextprotocol/sdk/types.js'
import type { WireObject } from '../../protocol/message.ts'
import type { Asker, AskOptions } from './asker.ts'
import type { Form } from '../schema/form.ts'
import type { Validation } from '../schema/validation.ts'

/** What became of a form: filled in and checked, or not. */
export type Elicited<T> = { readonly action: 'accept', readonly content: T } | { readonly action: 'decline' | 'cancel' }

/** What became of a page that the user was asked to open. */
export interface ElicitedUrl {
  /** What the user did: agreed, said no, or dismissed the question. */
  readonly action: 'accept' | 'decline' | 'cancel'
}

/** What a client's model is asked. */
export type SampleParams = Omit<CreateMessageRequest['params'], '_meta' | 'task'>

/** Asks the user to fill in a form. */
export function elicitForm<T> (
  asker: Asker, { message, form }: { readonly message: string, readonly form: Form }, options: AskOptions
): Promise<Elicited<T>> {
  const { requestedSchema, validate } = form

  return asker.ask({ method: 'elicitation/create', params: { message, requestedSchema } }, options, async (answer): Promise<Validation<Elicited<T>>> => {
    const { action } = answer
    const content = answer.content ?? {}
    if (action !== 'accept') return valid({ action: readRefusal(action) })
    const outcome = await validate(content)
    // The schema made the content what the handler's type says.
    return outcome.valid ? valid({ action, content: outcome.value as T }) : { valid: false, problem: `its content does not fit the form: ${outcome.problem}` }
  })
}

/** Asks the user to open a page. @throws TypeError when the URL is none. */
export async function elicitUrl (asker: Asker, { message, url }: { readonly message: string, readonly url: string | URL }, options: AskOptions): Promise<ElicitedUrl> {
  const { href } = new URL(url)
  return asker.ask({ method: 'elicitation/create', params: { mode: 'url', message, url: href } }, options, ({ action }) =>
    valid<ElicitedUrl>({ action: action === 'accept' ? action : readRefusal(action) }))
}

/** Has the client's model write a message. */
export function sample<Result extends CreateMessageResult | CreateMessageResultWithTools> (asker: Asker, params: object, options: AskOptions): Promise<Result> {
  // The answer's shape has been checked; what is inside its content is the model's word.
  return asker.ask({ method: 'sampling/createMessage', params: { ...params } }, options, (answer) => valid(answer as WireObject & Result))
}

/** Asks for the roots. */
export function listRoots (asker: Asker, options: AskOptions): Promise<Root[]> {
  // Each root has been checked to have a URI.
  return asker.ask({ method: 'roots/list', params: {} }, options, ({ roots }) => valid(roots as Root[]))
}

function valid<T> (value: T): Validation<T> {
  return { valid: true, value }
}

// There are three actions, and findAnswerProblem lets no other pass.
function readRefusal (action: unknown): 'decline' | 'cancel' {
  return action === 'decline' ? action : 'cancel'
}
