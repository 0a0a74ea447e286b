// The changes of one mount: where they come from, and the clients of both eras that are told.
import { encodeChange, topicOf, type ChangeEvent } from '../protocol/change.ts'
import { MAX_URI_LENGTH } from '../protocol/uri.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { WatchBudget } from '../session/watch-budget.ts'
import { createNotifier, createPublisher, type Notifier } from './publisher.ts'
import { Subscriptions, type MessageSink, type SubscriptionLimits } from './subscriptions.ts'

/** A legacy session, as far as changes go. */
export interface ChangeAudience {
  /** The stream that its client has opened by GET. */
  readonly listening: MessageSink | undefined
  /** How its client spells the URI of a resource's topic; undefined where it does not watch it. */
  watchedAs (topic: string): string | undefined
  /** The resources that it has subscribed to. */
  readonly watched: Iterable<string>
}

/** The way to other processes that serve the same clients. */
export interface ChangeLink {
  publish (events: readonly ChangeEvent[]): Promise<void>
}

/** Where changes go, and who is told when they cannot. */
export interface ChangeSettings {
  /** How many may listen by `subscriptions/listen` at once, and how many of them for one caller. */
  readonly streams: SubscriptionLimits
  /** What they may watch counts in. @default a budget of their own */
  readonly watching?: WatchBudget
  /** Told when the others cannot be told. */
  readonly onFailure: (error: unknown) => void
  /** The others that are told of what changes here. @default there are none */
  readonly others?: ChangeLink | undefined
}

const LISTS: readonly ChangeEvent[] = [{ kind: 'tools' }, { kind: 'prompts' }, { kind: 'resources' }]

/** The changes of one mount. */
export class ChangeHub {
  /** For the owner of the mount. */
  readonly notify: Notifier
  /** Who listens by `subscriptions/listen`. */
  readonly subscriptions: Subscriptions
  readonly #sessions: Iterable<ChangeAudience>
  readonly #others: ChangeLink | undefined
  readonly #publish: (event: ChangeEvent) => void
  #end: (() => void) | undefined
  #isOn = false

  constructor (sessions: Iterable<ChangeAudience>, { streams, watching, onFailure, others }: ChangeSettings) {
    this.#sessions = sessions
    this.#others = others
    this.#publish = createPublisher((events) => this.#publishAll(events), onFailure)
    this.notify = createNotifier(this.#publish)
    this.subscriptions = new Subscriptions(streams, watching)
  }

  /** Begins to pass on what changes in a definition. */
  start (server: Pick<ServerDefinition, 'onChange'>): void {
    this.#end = server.onChange(this.#publish)
    this.#isOn = true
  }

  /** Ends it. */
  stop (): void {
    this.#isOn = false
    this.#end?.()
  }

  /** Tells the clients of this process. */
  tell (events: readonly ChangeEvent[]): void {
    if (!this.#isOn) return
    for (const event of events) {
      this.subscriptions.tell(event)
      this.#tellSessions(event)
    }
  }

  /** Tells the listeners by `subscriptions/listen` that all may have changed of what they want to hear of. */
  tellAll (): void {
    this.subscriptions.tellAll()
  }

  /** Tells a session that all may have changed of what it wants to hear of. */
  tellSession (session: ChangeAudience): void {
    const resources = [...session.watched].map((uri): ChangeEvent => ({ kind: 'resource', uri }))
    for (const event of [...LISTS, ...resources]) session.listening?.send(encodeChange(event))
  }

  // Whatever becomes of the others, the clients of this process are told.
  #publishAll (events: readonly ChangeEvent[]): Promise<void> | undefined {
    if (!this.#isOn) return undefined
    this.tell(events)
    const shared = events.filter(isWatchable)
    return shared.length === 0 ? undefined : this.#others?.publish(shared)
  }

  #tellSessions (event: ChangeEvent): void {
    const json = encodeChange(event)
    const topic = topicOf(event)
    for (const session of this.#sessions) {
      const uri = event.kind === 'resource' ? session.watchedAs(topic) : undefined
      if (event.kind !== 'resource' || uri === event.uri) session.listening?.send(json)
      else if (uri !== undefined) session.listening?.send(encodeChange({ kind: 'resource', uri }))
    }
  }
}

// No client can watch a longer URI, so other processes need not hear of it.
function isWatchable (event: ChangeEvent): boolean {
  return event.kind !== 'resource' || event.uri.length <= MAX_URI_LENGTH
}
