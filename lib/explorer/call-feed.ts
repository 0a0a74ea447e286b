// The calls of all mounts of an app, for the pages that watch. Nothing is subscribed to while there are none.
import type { FastifyReply } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import { countOpen } from '../http/mount-stats.ts'
import { OpenExchanges } from '../http/reply/open-exchanges.ts'
import { shorten } from '../protocol/bounds.ts'
import { findMounted, findRegistry, type McpRegistry } from '../registry.ts'
import { refusals, requests } from '../telemetry/channels.ts'
import type { RefusalEvent, RequestEvent, SenderEvent } from '../telemetry/events.ts'
import { describeCall, describeRefusal } from '../telemetry/log/call-lines.ts'
import type { Line } from '../telemetry/log/message-lines.ts'
import { createRedaction } from '../telemetry/log/redaction.ts'
import type { ResolvedWatch } from './watch-options.ts'
import { Watcher } from './watcher.ts'

const KEEP_ALIVE = 15_000

// Milliseconds between looks at how much is open.
const LOOK = 1000

// Milliseconds after which a page has to ask again, so that hooks and `authorize` decide whether it still may watch.
const LIFETIME = 3_600_000

// Characters of the arguments of a call.
const MAX_ARGUMENTS = 2000

type ReadArguments = (value: unknown) => unknown

/** The calls of all mounts of an app. */
export class CallFeed {
  readonly #registry: McpRegistry
  readonly #options: ResolvedWatch
  readonly #streams = new OpenExchanges(KEEP_ALIVE)
  readonly #watchers = new Set<Watcher>()
  readonly #readers = new Map<string, ReadArguments>()
  #stop: () => void = doNothing

  /** @throws MCP_ERR_INVALID_OPTION */
  constructor (registry: McpRegistry, options: ResolvedWatch) {
    createRedaction('watch', options.redact)
    this.#registry = registry
    this.#options = options
  }

  /** Whether one more page may watch. */
  get hasPlace (): boolean {
    return this.#watchers.size < this.#options.maxWatchers
  }

  /** Replies with all calls from now on. */
  watch (reply: FastifyReply): void {
    const watcher = new Watcher(this.#streams, () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.#stop()
    })
    if (this.#watchers.size === 0) this.#start()
    this.#watchers.add(watcher)
    watcher.show(this.#countOpen())
    watcher.stream.start(reply)
  }

  /** Ends the replies, and those that come. Nothing waits for a page that has not read everything. */
  async end (): Promise<void> {
    for (const { stream } of this.#watchers) if (stream.unreadBytes > 0) stream.abort()
    await this.#streams.drain(0)
  }

  #start (): void {
    // Subscribers get unknown messages; the channels have these.
    const onCall = (message: unknown): void => {
      const event = message as RequestEvent
      this.#send(event, event.startTime, () => describeCall(event, this.#readerOf(event)))
    }
    const onRefusal = (message: unknown): void => {
      const event = message as RefusalEvent
      this.#send(event, Date.now(), () => describeRefusal(event))
    }
    let last = this.#countOpen()
    const timer = setInterval(() => {
      this.#endOld()
      const open = this.#countOpen()
      if (open === last) return
      last = open
      for (const watcher of this.#watchers) watcher.show(open)
    }, LOOK).unref()
    requests.asyncEnd.subscribe(onCall)
    refusals.subscribe(onRefusal)
    this.#streams.start()
    this.#stop = () => {
      clearInterval(timer)
      requests.asyncEnd.unsubscribe(onCall)
      refusals.unsubscribe(onRefusal)
      this.#streams.stop()
    }
  }

  #endOld (): void {
    const latest = Date.now() - LIFETIME
    for (const { began, stream } of this.#watchers) if (began < latest) stream.cut()
  }

  #send (event: SenderEvent, time: number, describe: () => Line): void {
    // All apps of the process publish on the same channels.
    if (findRegistry(event.app) !== this.#registry) return
    const call = encode(event, time, describe)
    for (const watcher of this.#watchers) watcher.add(call)
  }

  #readerOf ({ mount }: SenderEvent): ReadArguments | undefined {
    if (!this.#options.arguments) return undefined
    const reader = this.#readers.get(mount) ?? this.#createReader(mount)
    this.#readers.set(mount, reader)
    return reader
  }

  #createReader (mount: string): ReadArguments {
    const log = this.#registry.has(mount) && findMounted(this.#registry.get(mount)).parts.options.log
    const paths = [...this.#options.redact, ...(log === false ? [] : log.redact)]
    const { ofArguments } = createRedaction('watch', [...new Set(paths)])
    return (value) => value === undefined ? undefined : shorten(JSON.stringify(ofArguments(value)), MAX_ARGUMENTS)
  }

  #countOpen (): string {
    const mounts = [...this.#registry].map((mount) => [mount.name, countOpen(findMounted(mount).parts)])
    return JSON.stringify(Object.fromEntries(mounts))
  }
}

// What a handler throws, and the arguments of the app's own calls, may be anything. An error must not reach Node.js,
// which would end the process.
function encode ({ mount, reqId }: SenderEvent, time: number, describe: () => Line): string | undefined {
  try {
    const [fields] = describe()
    return JSON.stringify({ mount, reqId, time, ...fields })
  } catch {
    return undefined
  }
}
