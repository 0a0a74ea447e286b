// The questions that handlers ask, and their answers.
import type {
  CreateMessageRequest, CreateMessageResult, CreateMessageResultWithTools, Root
} from '@modelcontextprotocol/sdk/types.js'
import type { WireObject } from '../../protocol/message.ts'
import { Method } from '../../protocol/methods.ts'
import type { Asker, AskOptions } from './asker.ts'
import type { Form } from '../schema/form.ts'
import type { Validation } from '../schema/validation.ts'

/** The answer to a form: the checked content that the user filled in, or the user's refusal. */
export type Elicited<T> = { readonly action: 'accept', readonly content: T } | { readonly action: 'decline' | 'cancel' }

/** The answer of a user who was asked to open a page. */
export interface ElicitedUrl {
  /** Whether the user agreed, declined, or dismissed the question. */
  readonly action: 'accept' | 'decline' | 'cancel'
}

/** The parameters of a question to the client's model. */
export type SampleParams = Omit<CreateMessageRequest['params'], '_meta' | 'task'>

/** The answer of the client's model. It can call tools only if the question offers some. */
export type SampledBy<Asked extends SampleParams> =
  Asked extends { tools: unknown } ? CreateMessageResultWithTools : CreateMessageResult

/** Asks the user to fill in a form. */
export function elicitForm<T> (
  asker: Asker, { message, form }: { readonly message: string, readonly form: Form }, options: AskOptions
): Promise<Elicited<T>> {
  const { requestedSchema, validate } = form

  const question = { method: Method.ElicitationCreate, params: { message, requestedSchema } }

  return asker.ask(question, options, async (answer): Promise<Validation<Elicited<T>>> => {
    const { action } = answer
    const content = answer.content ?? {}
    if (action !== 'accept') return valid({ action: readRefusal(action) })
    const outcome = await validate(content)
    // The cast holds, because the schema has checked the content.
    if (outcome.valid) return valid({ action, content: outcome.value as T })
    return { valid: false, problem: `its content does not fit the form: ${outcome.problem}` }
  })
}

/** Asks the user to open a page. @throws TypeError if the URL is invalid. */
export async function elicitUrl (
  asker: Asker, { message, url }: { readonly message: string, readonly url: string | URL }, options: AskOptions
): Promise<ElicitedUrl> {
  const { href } = new URL(url)
  const question = { method: Method.ElicitationCreate, params: { mode: 'url', message, url: href } }
  return asker.ask(question, options, ({ action }) =>
    valid<ElicitedUrl>({ action: action === 'accept' ? action : readRefusal(action) }))
}

/** Asks the client's model to write a message. */
export function sample<Result extends CreateMessageResult | CreateMessageResultWithTools> (
  asker: Asker, params: object, options: AskOptions
): Promise<Result> {
  // The shape of the answer has been checked. Its content may be anything that the model wrote.
  return asker.ask({ method: Method.SamplingCreateMessage, params: { ...params } }, options, (answer) =>
    valid(answer as WireObject & Result))
}

/** Asks the client for its roots. */
export function listRoots (asker: Asker, options: AskOptions): Promise<Root[]> {
  // The cast holds, because each root has been checked to have a URI.
  return asker.ask({ method: Method.RootsList, params: {} }, options, ({ roots }) => valid(roots as Root[]))
}

function valid<T> (value: T): Validation<T> {
  return { valid: true, value }
}

// findAnswerProblem refuses anything but the three actions.
function readRefusal (action: unknown): 'decline' | 'cancel' {
  return action === 'decline' ? action : 'cancel'
}
