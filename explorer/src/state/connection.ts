// The connection to one mount: the official client, and what the server offers.
import { signal } from '@preact/signals'
import type {
  Client, Implementation, LoggingMessageNotificationParams, Prompt, ProtocolEra, Resource, ResourceTemplateType,
  ServerCapabilities, StreamableHTTPClientTransport, Tool
} from '@modelcontextprotocol/client'
import { createRecordingFetch, dropStreams } from '../wire/recording-fetch.ts'
import { headersFor } from './credentials.ts'
import { askForTools, MODERN, PAGE } from './first-look.ts'
import { loadClient, official, type OfficialClient } from './load-client.ts'
import type { DescribedMount } from './mounts.ts'
import type { ChosenEra } from './place.ts'
import { APP_TYPE } from './tool-app.ts'
import { askForSample, askUser, roots } from './questions.ts'
import { describeProblem, readRefusal, type Problem, type Refusal } from './problem.ts'

/** What the server says of itself. */
export interface ServerFacts {
  readonly info: Implementation | undefined
  readonly era: ProtocolEra
  readonly revision: string
  readonly capabilities: ServerCapabilities
  readonly instructions: string | undefined
  readonly sessionId: string | undefined
}

/** A log message of the server. */
export interface LogEntry extends LoggingMessageNotificationParams {
  /** Its place among all log messages of the connection. */
  readonly count: number
  readonly at: number
}

const CAPABILITIES = {
  elicitation: { form: {}, url: {} },
  sampling: {},
  roots: { listChanged: true },
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [APP_TYPE] } }
}
const MAX_LOG = 500
const MAX_PAUSE = 10_000
// Servers may send thousands of messages a second. The page is drawn once for those that arrive together.
const DRAW_EVERY = 50

/** The connection to one mount in one era. It reconnects until it is closed. */
export class Connection {
  readonly status = signal<'connecting' | 'open' | 'failed' | 'closed'>('connecting')
  readonly problem = signal<Problem | undefined>(undefined)
  readonly server = signal<ServerFacts | undefined>(undefined)
  readonly tools = signal<readonly Tool[] | undefined>(undefined)
  readonly resources = signal<readonly Resource[] | undefined>(undefined)
  readonly templates = signal<readonly ResourceTemplateType[] | undefined>(undefined)
  readonly prompts = signal<readonly Prompt[] | undefined>(undefined)
  readonly log = signal<readonly LogEntry[]>([])
  /** How many log messages have arrived. */
  logCount = 0
  /** How often each watched resource has changed. */
  readonly updates = signal<Readonly<Record<string, number>>>({})
  readonly mount: DescribedMount
  readonly url: URL
  readonly #era: ChosenEra
  readonly #fetch: ReturnType<typeof createRecordingFetch>
  #client: Client | undefined
  #transport: StreamableHTTPClientTransport | undefined
  #refusal: Refusal | undefined
  #isClosed = false
  #arrived: LogEntry[] = []
  #drawing: ReturnType<typeof setTimeout> | undefined
  #pause = 500
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor (mount: DescribedMount, url: URL, era: ChosenEra) {
    this.mount = mount
    this.url = url
    this.#era = era
    // The credentials may change while the connection is open.
    this.#fetch = createRecordingFetch(mount.name, () => headersFor(mount.name), (response) => {
      if (response.status >= 400) this.#refusal = readRefusal(response)
    })
  }

  /** The client, once it is connected. */
  get client (): Client {
    if (this.#client === undefined) throw new Error('The page is not connected to the server.')
    return this.#client
  }

  /** Connects, and loads the lists. */
  async open (): Promise<void> {
    if (official === undefined) await this.#lookFirst()
    const loaded = await loadClient()
    if (this.#isClosed) return
    const client = this.#createClient(loaded)
    const transport = new loaded.StreamableHTTPClientTransport(this.url, { fetch: this.#fetch })
    this.#refusal = undefined
    try {
      await client.connect(transport)
      if (this.#isClosed) return await client.close()
      this.#client = client
      this.#transport = transport
      this.#readServer(client)
      await this.#loadLists(client)
      this.#pause = 500
      this.problem.value = undefined
      this.status.value = 'open'
      this.#watch(client)
    } catch (error) {
      await client.close().catch(() => {})
      if (this.#isClosed) return
      this.#fail(error)
    }
  }

  async #lookFirst (): Promise<void> {
    if (this.#era === 'legacy' || !this.mount.eras.includes('modern')) return
    const tools = await askForTools(this.url, CAPABILITIES, this.#fetch)
    if (tools === undefined || this.#isClosed) return
    this.tools.value = tools
    // The client keeps the page busy when it starts, so the tools are drawn before that. A hidden page draws nothing.
    if (!document.hidden) await new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)) })
  }

  #createClient ({ Client }: OfficialClient): Client {
    const client = new Client(PAGE, {
      capabilities: CAPABILITIES,
      versionNegotiation: { mode: this.#mode() },
      listMaxPages: 1000,
      listChanged: {
        tools: { onChanged: (_error, tools) => { if (tools) this.tools.value = tools } },
        prompts: { onChanged: (_error, prompts) => { if (prompts) this.prompts.value = prompts } },
        resources: {
          onChanged: (_error, resources) => {
            if (resources) this.resources.value = resources
            client.listResourceTemplates().then(({ resourceTemplates }) => { this.templates.value = resourceTemplates })
              .catch(() => {})
          }
        }
      }
    })
    client.setRequestHandler('elicitation/create', ({ params }, ctx) => askUser(params, ctx.mcpReq.signal))
    client.setRequestHandler('sampling/createMessage', ({ params }, ctx) => askForSample(params, ctx.mcpReq.signal))
    client.setRequestHandler('roots/list', () => ({ roots: [...roots.value] }))
    client.setNotificationHandler('notifications/message', ({ params }) => {
      this.#arrived.push({ ...params, count: ++this.logCount, at: Date.now() })
      this.#drawing ??= setTimeout(() => { this.drawLog() }, DRAW_EVERY)
    })
    client.setNotificationHandler('notifications/resources/updated', ({ params: { uri } }) => {
      this.updates.value = { ...this.updates.value, [uri]: (this.updates.value[uri] ?? 0) + 1 }
    })
    return client
  }

  /** Shows the log messages that have arrived. */
  drawLog (): void {
    clearTimeout(this.#drawing)
    this.#drawing = undefined
    if (this.#arrived.length === 0) return
    this.log.value = [...this.log.value, ...this.#arrived].slice(-MAX_LOG)
    this.#arrived = []
  }

  #mode (): 'auto' | 'legacy' | { pin: string } {
    if (this.#era === 'legacy') return 'legacy'
    return this.#era === 'modern' ? { pin: MODERN } : 'auto'
  }

  #readServer (client: Client): void {
    this.server.value = {
      info: client.getServerVersion(),
      era: client.getProtocolEra() ?? 'legacy',
      revision: client.getNegotiatedProtocolVersion() ?? '',
      capabilities: client.getServerCapabilities() ?? {},
      instructions: client.getInstructions(),
      sessionId: this.#transport?.sessionId
    }
  }

  // One list that fails leaves the others.
  async #loadLists (client: Client): Promise<void> {
    const { tools, resources, prompts } = client.getServerCapabilities() ?? {}
    const failures: unknown[] = []
    const load = async (isOffered: unknown, list: () => Promise<void>): Promise<void> => {
      if (isOffered !== undefined) await list().catch((error: unknown) => { failures.push(error) })
    }
    await Promise.all([
      load(tools, async () => { this.tools.value = (await client.listTools()).tools }),
      load(resources, async () => { this.resources.value = (await client.listResources()).resources }),
      load(resources, async () => {
        this.templates.value = (await client.listResourceTemplates()).resourceTemplates
      }),
      load(prompts, async () => { this.prompts.value = (await client.listPrompts()).prompts })
    ])
    for (const list of [this.tools, this.resources, this.templates, this.prompts]) list.value ??= []
    if (failures.length > 0) this.problem.value = describeProblem(failures[0], this.#refusal)
  }

  // The stream on which changes arrive ends when the server does.
  #watch (client: Client): void {
    client.autoOpenedSubscription?.closed.then((how) => {
      if (how !== 'local' && this.#client === client) this.#reconnect()
    })
  }

  #fail (error: unknown): void {
    const problem = describeProblem(error, this.#refusal)
    this.problem.value = problem
    this.status.value = 'failed'
    if (problem.isPassing) this.#reconnect()
  }

  #reconnect (): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => { this.open() }, this.#pause)
    this.#pause = Math.min(this.#pause * 2, MAX_PAUSE)
  }

  /** Connects anew, in a new session. */
  async reopen (): Promise<void> {
    this.status.value = 'connecting'
    await this.#disconnect()
    await this.open()
  }

  /** Breaks all open streams, as a lost network would. The client resumes them. */
  dropStreams (): void {
    dropStreams(this.mount.name)
  }

  /** Ends the session, if there is one, until the user connects again. */
  async leave (): Promise<void> {
    this.status.value = 'closed'
    await this.#disconnect()
  }

  /** Ends the session, if there is one, and the connection. */
  async close (): Promise<void> {
    this.#isClosed = true
    await this.leave()
  }

  async #disconnect (): Promise<void> {
    clearTimeout(this.#timer)
    const [client, transport] = [this.#client, this.#transport]
    this.#client = undefined
    this.#transport = undefined
    if (transport?.sessionId !== undefined) await transport.terminateSession().catch(() => {})
    await client?.close().catch(() => {})
  }
}
