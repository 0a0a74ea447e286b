// One call of a client, sent again until it is answered.
import type { Ledger } from './ledger.ts'
import { pause, type Incoming } from './wire.ts'

/** What comes of sending a call once: an answer, or why it has to be sent again. */
export type Outcome = { readonly answer: Incoming } | { readonly retry: string }

/** Milliseconds in which a call has to end, one way or the other. */
export const BOUND = 60_000

const RETRY_DELAY = 200
const LOST = /has died; whether it took effect is not known/

/** The message to send; {@link untilAnswered} decides how often. @param attempt The name of this request. */
export type Attempt = (attempt: string, signal: AbortSignal) => Promise<Outcome>

/**
 * Sends a call until it has a result, and resolves to the result and the request that got it; to undefined when there
 * was none in time.
 * @param caller The client and what it asks for, with which the names of its requests begin.
 */
export async function untilAnswered (
  caller: string, ledger: Ledger, send: Attempt
): Promise<{ readonly result: Incoming['result'], readonly attempt: string } | undefined> {
  const signal = AbortSignal.timeout(BOUND)
  for (let isFirst = true; ; isFirst = false) {
    const attempt = ledger.nameAttempt(caller)
    ledger.count(isFirst ? 'calls made' : 'retried')
    const outcome = await settle(send, attempt, signal)
    if ('answer' in outcome && outcome.answer.error === undefined) {
      ledger.count('answered')
      return { result: outcome.answer.result, attempt }
    }
    const why = 'answer' in outcome ? String(outcome.answer.error?.message) : outcome.retry
    if (signal.aborted) {
      ledger.breach('silence', `${attempt}: ${why}`)
      return undefined
    }
    if (LOST.test(why)) ledger.count('lost')
    ledger.reason(why)
    await pause(RETRY_DELAY)
  }
}

// What a client has to send a call again for is no error of its own.
async function settle (send: Attempt, attempt: string, signal: AbortSignal): Promise<Outcome> {
  try {
    return await send(attempt, signal)
  } catch (error) {
    return { retry: reasonOf(error) }
  }
}

/** What the failure of a request has to say, without what differs from one to the next. */
export function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  const text = cause instanceof Error ? `${message}: ${cause.message}` : message
  return text.replace(/"id":\d+,/, '')
}
