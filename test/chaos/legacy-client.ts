// A client of revision 2025-11-25 that sees to all by itself: it comes back for what it missed, and knows what that
// was.
import { untilAnswered, type Outcome } from './call.ts'
import { Ear } from './ear.ts'
import type { Ledger } from './ledger.ts'
import { Progress } from './progress.ts'
import { ATTEMPT_KEY } from './server.ts'
import { isStream, pause, post, readEvents, type Incoming, type StreamEvent } from './wire.ts'

const REVISION = '2025-11-25'
const COME_BACK_DELAY = 100

/** The messages on the stream of one call. */
interface Listening {
  readonly id: string
  readonly token: string
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** A legacy client. */
export class LegacyClient {
  readonly name: string
  readonly #url: string
  readonly #ledger: Ledger
  readonly #ear: Ear
  readonly #end = new AbortController()
  #headers: Readonly<Record<string, string>> = {}
  #listening: Promise<void> | undefined

  constructor (name: string, url: string, ledger: Ledger) {
    this.name = name
    this.#url = url
    this.#ledger = ledger
    this.#ear = new Ear(name, ledger)
  }

  /** Opens a session, and listens. */
  async open (): Promise<void> {
    await untilAnswered(`${this.name}/initialize`, this.#ledger, async (id, signal) => {
      const params = {
        protocolVersion: REVISION,
        capabilities: { elicitation: {} },
        clientInfo: { name: this.name, version: '1.0.0' }
      }
      const response = await post(this.#url, { id, method: 'initialize', params }, {}, signal)
      this.#headers = {
        'mcp-protocol-version': REVISION,
        'mcp-session-id': response.headers.get('mcp-session-id') ?? ''
      }
      return await this.#readAnswer(response)
    })
    await this.#tell({ method: 'notifications/initialized' })
    await new Promise<void>((resolve) => { this.#listening = this.#listen(resolve) })
    for (const uri of this.#ear.uris) await this.#request('resources/subscribe', { uri })
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
    await this.#ear.touch(async (uri) => await this.#callTool('touch', { uri }))
  }

  /** Ends the session. */
  async close (): Promise<void> {
    this.#end.abort()
    await this.#listening
    await fetch(this.#url, { method: 'DELETE', headers: this.#headers }).catch(() => {})
  }

  async #callTool (tool: string, args: object = {}, events = 0): Promise<string | undefined> {
    const answered = await this.#request('tools/call', { name: tool, arguments: args }, events)
    return answered?.attempt
  }

  // The token is that of the request, so that an answer to another one shows, be it of the same client.
  async #request (
    method: string, params: { readonly arguments?: object, readonly [name: string]: unknown }, events = 0
  ) {
    return await untilAnswered(`${this.name}/${String(params['name'] ?? method)}`, this.#ledger, async (id, signal) => {
      const listening: Listening = { id, token: id, progress: new Progress(this.#ledger, id), signal }
      const args = params.arguments && { arguments: { ...params.arguments, token: id } }
      const request = { id, method, params: { ...params, ...args, _meta: { [ATTEMPT_KEY]: id, progressToken: id } } }
      const response = await post(this.#url, request, this.#headers, signal)
      const outcome = isStream(response)
        ? await this.#readStream(response, listening)
        : await this.#readAnswer(response)
      if ('answer' in outcome) this.#check(outcome.answer, listening, args === undefined ? undefined : id, events)
      return outcome
    })
  }

  #check ({ id, result }: Incoming, listening: Listening, token: string | undefined, events: number): void {
    if (id !== listening.id) this.#ledger.breach('answers', `${listening.id} got the answer to ${String(id)}`)
    if (result === undefined || token === undefined) return
    if (textOf(result) !== token) this.#ledger.breach('answers', `${token} got ${textOf(result)}`)
    listening.progress.end(events)
  }

  async #readAnswer (response: Response): Promise<Outcome> {
    const retry = this.#refusalOf(response)
    return retry === undefined ? { answer: await response.json() as Incoming } : { retry }
  }

  #refusalOf ({ status }: Response): string | undefined {
    if (status === 404) this.#ledger.breach('sessions', `${this.name} was told that its session is gone`)
    return status < 300 ? undefined : `status ${status}`
  }

  async #readStream (response: Response, listening: Listening): Promise<Outcome> {
    let lastEventId: string | undefined
    let broken = 'a stream ended before its first event'
    for (
      let current: Response | undefined = response;
      current !== undefined;
      current = await this.#comeBack(lastEventId, listening.signal)
    ) {
      try {
        for await (const event of readEvents(current)) {
          lastEventId = event.id ?? lastEventId
          const answer = this.#hear(event, listening)
          if (answer !== undefined) return { answer }
        }
      } catch {
        broken = 'a stream broke before its first event'
        if (listening.signal.aborted) return { retry: `nothing came behind event ${String(lastEventId)}` }
      }
    }
    return { retry: lastEventId === undefined ? broken : `a stream could not be resumed behind event ${lastEventId}` }
  }

  // Answers once there is a response to a question, whatever it takes.
  #hear ({ message }: StreamEvent, { id, token, progress, signal }: Listening): Incoming | undefined {
    if (message?.method === 'notifications/progress') progress.hear(message.params ?? {})
    else if (message?.method === 'elicitation/create') this.#answer(message, token, signal)
    else if (message !== undefined && message.method === undefined) return message
    else if (message !== undefined) this.#ledger.breach('answers', `${id} heard ${JSON.stringify(message)}`)
    return undefined
  }

  async #answer ({ id, params }: Incoming, token: string, signal: AbortSignal): Promise<void> {
    if (params?.['message'] !== token) {
      this.#ledger.breach('answers', `${token} was asked ${String(params?.['message'])}`)
    }
    await this.#tell({ id, result: { action: 'accept', content: { token: params?.['message'] } } }, signal)
    this.#ledger.count('questions answered')
  }

  // Sends a message without a reply until it is acknowledged.
  async #tell (message: object, signal: AbortSignal = this.#end.signal): Promise<void> {
    while (!signal.aborted) {
      const response = await post(this.#url, message, this.#headers, signal).catch(() => undefined)
      await response?.body?.cancel()
      if (response !== undefined && this.#refusalOf(response) === undefined) return
      await pause(COME_BACK_DELAY)
    }
  }

  async #comeBack (lastEventId: string | undefined, signal: AbortSignal): Promise<Response | undefined> {
    if (lastEventId === undefined) return undefined
    this.#ledger.count('resumed')
    return await this.#get({ 'last-event-id': lastEventId }, signal)
  }

  // Undefined when there is no coming back.
  async #get (headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response | undefined> {
    while (!signal.aborted) {
      const response = await fetch(this.#url, {
        headers: { ...this.#headers, ...headers, accept: 'text/event-stream' },
        signal
      }).catch(() => undefined)
      if (response?.status === 200) return response
      await response?.body?.cancel()
      if (response?.status === 400) {
        this.#ledger.breach('order', `${this.name} could not resume behind ${String(headers['last-event-id'])}`)
        return undefined
      }
      if (response !== undefined) this.#refusalOf(response)
      await pause(COME_BACK_DELAY)
    }
    return undefined
  }

  // Until the end: the stream that is not of a call.
  async #listen (onOpen: () => void): Promise<void> {
    const { signal } = this.#end
    let lastEventId: string | undefined
    while (!signal.aborted) {
      const response = await this.#get(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }, signal)
      if (response === undefined) lastEventId = undefined
      else {
        try {
          for await (const event of readEvents(response)) {
            lastEventId = event.id ?? lastEventId
            if (event.id !== undefined) onOpen()
            this.#hearChange(event)
          }
        } catch {
          // It comes back for the rest.
        }
      }
    }
    onOpen()
  }

  #hearChange ({ message }: StreamEvent): void {
    if (message?.method === 'notifications/resources/updated') this.#ear.hear(String(message.params?.['uri']))
    else if (message !== undefined && message.method?.endsWith('/list_changed') !== true) {
      this.#ledger.breach('answers', `${this.name} heard ${JSON.stringify(message)}`)
    }
  }
}

/** The text of a tool's result. */
export function textOf (result: Incoming['result']): string {
  const [block] = Array.isArray(result?.['content'])
    ? (result['content'] as ReadonlyArray<{ readonly text?: string }>)
    : []
  return block?.text ?? JSON.stringify(result)
}
