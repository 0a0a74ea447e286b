// The questions to the client of a legacy session that have no answer yet.
import { MAX_TEXT_LENGTH, shorten, weigh } from '../protocol/bounds.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { ServerRequest } from '../protocol/question.ts'
import { encodeNotification, encodeJson } from '../protocol/encode.ts'
import { RpcError } from '../errors.ts'

/** An answer as the client posted it: `result` or `error`. */
export interface Answer { readonly result?: unknown, readonly error?: unknown }

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
  /** Clears the timer and removes the listener of the signal. */
  readonly settle: () => void
}

const CALL_ENDED = 'the call has ended'

// The most bytes in memory that the `data` of an error from a client may take.
const MAX_ERROR_DATA = 8192

/** How long the answer to a question is waited for. */
export interface AskOptions {
  /** Milliseconds; 0 waits without limit. */
  readonly timeout: number
  /** Aborted when the answer is no longer needed. */
  readonly signal: AbortSignal
}

/** The stream to which a question is written. */
export interface QuestionSink {
  /** Rejects when the question cannot reach the client. */
  send (json: string): void | Promise<void>
}

/** The open questions to the client of one session. Their ids are unique in the session. */
export class Questions {
  readonly #waiting = new Map<string, Waiting>()
  readonly #prefix: string
  #asked = 0

  /** @param prefix The part of every id before the number. */
  constructor (prefix = '') {
    this.#prefix = prefix
  }

  get size (): number { return this.#waiting.size }

  /**
   * Sends a question; resolves to the client's result.
   * @throws RpcError if the client answers with an error, does not answer in time, or disconnects.
   */
  ask (sink: QuestionSink, question: ServerRequest, { timeout, signal }: AskOptions): Promise<unknown> {
    const id = `ask-${this.#prefix}${++this.#asked}`
    const json = encodeJson({ jsonrpc: '2.0', id, ...question })
    if (signal.aborted) return Promise.reject(notAnswered(question, CALL_ENDED))

    return new Promise((resolve, reject) => {
      const giveUp = (reason: string): void => {
        this.#take(id)
        sendOr(sink, encodeNotification('notifications/cancelled', { requestId: id, reason }), () => {})
        reject(notAnswered(question, reason))
      }
      const onAbort = (): void => giveUp(CALL_ENDED)
      const timer = timeout === 0 ? undefined : setTimeout(giveUp, timeout, `no answer within ${timeout} ms`).unref()
      const settle = (): void => { clearTimeout(timer); signal.removeEventListener('abort', onAbort) }
      this.#waiting.set(id, { resolve, reject, settle })
      signal.addEventListener('abort', onAbort)
      sendOr(sink, json, ({ message }) => {
        this.#take(id)
        reject(notAnswered(question, message))
      })
    })
  }

  /** Settles a question with the posted answer. Returns false if no question with that id is open. */
  answer (id: unknown, { result, error }: Answer): boolean {
    const waiting = typeof id === 'string' ? this.#take(id) : undefined
    if (waiting === undefined) return false
    if (error === undefined) waiting.resolve(result)
    else waiting.reject(readError(error))
    return true
  }

  /** Rejects all open questions. @param reason Why no answer will come. */
  abandon (reason = 'The session has ended'): void {
    for (const [id, { reject }] of this.#waiting) {
      this.#take(id)
      reject(new RpcError(ErrorCode.InternalError, reason))
    }
  }

  #take (id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    waiting?.settle()
    this.#waiting.delete(id)
    return waiting
  }
}

function sendOr (sink: QuestionSink, json: string, onFailure: (error: Error) => void): void {
  sink.send(json)?.catch(onFailure)
}

function notAnswered ({ method }: ServerRequest, reason: string): RpcError {
  return new RpcError(ErrorCode.InternalError, `${method} was not answered: ${reason}`)
}

function readError (error: unknown): RpcError {
  // The client may have sent any value as its error.
  const { code, message, data } = Object(error) as { readonly [name in 'code' | 'message' | 'data']?: unknown }
  return new RpcError(
    Number.isInteger(code) ? Number(code) : ErrorCode.InternalError,
    typeof message === 'string' ? shorten(message, MAX_TEXT_LENGTH) : 'The client answered with an error',
    // A handler that does not catch the error sends it back to the client.
    weigh(data, MAX_ERROR_DATA) > MAX_ERROR_DATA ? undefined : data
  )
}
