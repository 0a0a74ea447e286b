// A client of revision 2026-07-28: each of its requests stands for itself.
import { reasonOf, untilAnswered, type Outcome } from './call.ts'
import { Ear } from './ear.ts'
import { textOf } from './legacy-client.ts'
import type { Ledger } from './ledger.ts'
import { Progress } from './progress.ts'
import { ATTEMPT_KEY } from './server.ts'
import { isStream, pause, post, readEvents, type Incoming } from './wire.ts'

const REVISION = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } }
}
const COME_BACK_DELAY = 100

/** A modern client. */
export class ModernClient {
  readonly name: string
  readonly #url: string
  readonly #ledger: Ledger
  readonly #ear: Ear
  readonly #end = new AbortController()
  #listening: Promise<void> | undefined

  constructor (name: string, url: string, ledger: Ledger) {
    this.name = name
    this.#url = url
    this.#ledger = ledger
    this.#ear = new Ear(name, ledger)
  }

  /** Listens. */
  async open (): Promise<void> {
    await new Promise<void>((resolve) => { this.#listening = this.#listen(resolve) })
  }

  async echo (): Promise<void> {
    await this.#callTool('echo')
  }

  async ask (): Promise<void> {
    await this.#callTool('ask')
  }

  async count (to: number): Promise<void> {
    await this.#callTool('count', { to }, to)
  }

  async touch (): Promise<void> {
    await this.#ear.touch((uri) => this.#callTool('touch', { uri }))
  }

  async close (): Promise<void> {
    this.#end.abort()
    await this.#listening
  }

  async #callTool (tool: string, args: object = {}, events = 0): Promise<string | undefined> {
    const answered = await untilAnswered(`${this.name}/${tool}`, this.#ledger, async (attempt, signal) => {
      const progress = new Progress(this.#ledger, attempt)
      const params = { name: tool, arguments: { ...args, token: attempt } }
      let outcome = await this.#post('tools/call', attempt, params, progress, signal)
      for (let round = 2; 'answer' in outcome && outcome.answer.result?.['resultType'] === 'input_required'; round++) {
        outcome = await this.#post(
          'tools/call',
          `${attempt}+${round}`,
          { ...params, ...this.#answer(outcome.answer, attempt) },
          progress,
          signal
        )
      }
      if ('answer' in outcome && outcome.answer.result !== undefined) {
        const text = textOf(outcome.answer.result)
        if (text !== attempt) this.#ledger.breach('answers', `${attempt} got ${text}`)
        progress.end(events)
      }
      return outcome
    })
    return answered?.attempt
  }

  #answer ({ result }: Incoming, token: string): object {
    const asked = Object.entries(result?.['inputRequests'] as Readonly<Record<string, Incoming>>)
    for (const [, { params }] of asked) {
      if (params?.['message'] !== token) {
        this.#ledger.breach('answers', `${token} was asked ${String(params?.['message'])}`)
      }
      this.#ledger.count('questions answered')
    }
    const answers = asked.map(([key, { params }]) => [
      key,
      { action: 'accept', content: { token: params?.['message'] } }
    ])
    return { requestState: result?.['requestState'], inputResponses: Object.fromEntries(answers) }
  }

  async #post (
    method: string,
    id: string,
    params: { readonly name?: string },
    progress: Progress,
    signal: AbortSignal
  ): Promise<Outcome> {
    const response = await this.#send(method, id, params, signal)
    if (!isStream(response)) {
      if (response.status >= 500) return { retry: `status ${response.status}` }
      return { answer: this.#own(id, await response.json() as Incoming) }
    }
    try {
      for await (const { message } of readEvents(response)) {
        if (message?.method === 'notifications/progress') progress.hear(message.params ?? {})
        else if (message !== undefined) return { answer: this.#own(id, message) }
      }
    } catch (error) {
      return { retry: `a stream broke: ${reasonOf(error)}` }
    }
    return { retry: 'a stream ended before its answer' }
  }

  #own (id: string, message: Incoming): Incoming {
    if (message.id !== id) this.#ledger.breach('answers', `${id} got ${JSON.stringify(message)}`)
    return message
  }

  #send (
    method: string,
    id: string,
    params: { readonly name?: string; readonly notifications?: object },
    signal: AbortSignal
  ): Promise<Response> {
    const headers = {
      'mcp-protocol-version': REVISION,
      'mcp-method': method,
      ...(params.name !== undefined && { 'mcp-name': params.name })
    }
    return post(
      this.#url,
      { id, method, params: { ...params, _meta: { ...META, [ATTEMPT_KEY]: id, progressToken: id } } },
      headers,
      signal
    )
  }

  // Until the end. What it missed while it did not listen, it has to read again.
  async #listen (onOpen: () => void): Promise<void> {
    const { signal } = this.#end
    const filter = { notifications: { resourceSubscriptions: this.#ear.uris } }
    while (!signal.aborted) {
      try {
        const response = await this.#send('subscriptions/listen', this.#ledger.nameAttempt(this.name), filter, signal)
        for await (const { message } of readEvents(response)) {
          if (message?.method === 'notifications/subscriptions/acknowledged') {
            this.#ear.reopened()
            onOpen()
          } else if (message?.method === 'notifications/resources/updated') {
            this.#ear.hear(String(message.params?.['uri']))
          } else if (message?.method !== undefined) {
            this.#ledger.breach('answers', `${this.name} heard ${JSON.stringify(message)}`)
          }
        }
      } catch {
        // It listens again.
      }
      await pause(COME_BACK_DELAY)
    }
    onOpen()
  }
}
