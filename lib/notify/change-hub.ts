// Passes the changes of one mount on to the clients of both eras, and to other nodes.
import { encodeChange, topicOf, type ChangeEvent } from '../protocol/change.ts'
import { MAX_URI_LENGTH } from '../protocol/uri.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { WatchBudget } from './watch-budget.ts'
import { createNotifier, createPublisher, type Notifier } from './publisher.ts'
import { Subscriptions, type MessageSink, type SubscriptionLimits } from './subscriptions.ts'

/** A legacy session, as a receiver of changes. */
export interface ChangeAudience {
  /** The stream that its client has opened with GET. */
  readonly listening: MessageSink | undefined
  /** Returns the URI of a topic's resource as the client spells it; undefined if the client does not watch it. */
  watchedAs (topic: string): string | undefined
  /** The URIs of the resources that the client watches. */
  readonly watched: Iterable<string>
}

/** The link to the other nodes that serve the same clients. */
export interface ChangeLink {
  publish (events: readonly ChangeEvent[]): Promise<void>
}

/** A definition, as the hub uses it. */
export interface ChangingDefinition extends Pick<ServerDefinition, 'onChange'> {
  /** Takes a change that the app or another node has reported. */
  changed? (event: ChangeEvent): void
}

/** The settings of a {@link ChangeHub}. */
export interface ChangeSettings {
  /** How many subscriptions there may be at once, and how many of one caller. */
  readonly streams: SubscriptionLimits
  /** The budget of the URIs that subscriptions watch. @default a new one */
  readonly watching?: WatchBudget
  /** Called with the error if changes cannot be published to the other nodes, or the definition fails at one. */
  readonly onFailure: (error: unknown) => void
  /** The link to the other nodes; undefined if there are none. */
  readonly others?: ChangeLink | undefined
}

const LISTS: readonly ChangeEvent[] = [{ kind: 'tools' }, { kind: 'prompts' }, { kind: 'resources' }]

/** The changes of one mount. */
export class ChangeHub {
  /** What the host app calls when something has changed. */
  readonly notify: Notifier
  /** The subscriptions of modern clients. */
  readonly subscriptions: Subscriptions
  readonly #sessions: Iterable<ChangeAudience>
  readonly #others: ChangeLink | undefined
  readonly #publish: (event: ChangeEvent) => void
  readonly #onFailure: ChangeSettings['onFailure']
  #definition: ChangingDefinition | undefined
  #end: (() => void) | undefined
  #isStarted = false

  constructor (sessions: Iterable<ChangeAudience>, { streams, watching, onFailure, others }: ChangeSettings) {
    this.#sessions = sessions
    this.#others = others
    this.#onFailure = onFailure
    this.#publish = createPublisher((events) => this.#publishAll(events), onFailure)
    this.notify = createNotifier(this.#publish)
    this.subscriptions = new Subscriptions(streams, watching)
  }

  /** Starts passing on the changes of a definition. */
  start (server: ChangingDefinition): void {
    this.#definition = server
    this.#end = server.onChange?.(this.#publish)
    this.#isStarted = true
  }

  /** Stops passing on changes. */
  stop (): void {
    this.#isStarted = false
    this.#end?.()
  }

  /** Sends changes to the definition and the clients of this node. */
  notifyClients (events: readonly ChangeEvent[]): void {
    if (!this.#isStarted) return
    for (const event of events) {
      this.#tellDefinition(event)
      this.subscriptions.notify(event)
      this.#notifySessions(event)
    }
  }

  /**
   * Sends every subscription a change of each of its topics, because it may have missed any of them. The definition is
   * notified that each list has changed.
   */
  notifySubscribers (): void {
    for (const event of LISTS) this.#tellDefinition(event)
    this.subscriptions.notifyAll()
  }

  /** Sends a session a change of each list and watched resource, because it may have missed any of them. */
  notifySession (session: ChangeAudience): void {
    const resources = [...session.watched].map((uri): ChangeEvent => ({ kind: 'resource', uri }))
    for (const event of [...LISTS, ...resources]) session.listening?.send(encodeChange(event))
  }

  /** Sends all clients of this node a change of everything that they watch, because they may have missed any of it. */
  notifyAll (): void {
    this.notifySubscribers()
    for (const session of this.#sessions) this.notifySession(session)
  }

  // The clients of this node come first, so that they are notified even if publishing fails.
  #publishAll (events: readonly ChangeEvent[]): Promise<void> | undefined {
    if (!this.#isStarted) return undefined
    this.notifyClients(events)
    const shared = events.filter(isWatchable)
    return shared.length === 0 ? undefined : this.#others?.publish(shared)
  }

  // Hooks of the author may throw; clients are notified all the same.
  #tellDefinition (event: ChangeEvent): void {
    try {
      this.#definition?.changed?.(event)
    } catch (error) {
      this.#onFailure(error)
    }
  }

  #notifySessions (event: ChangeEvent): void {
    const json = encodeChange(event)
    const topic = topicOf(event)
    for (const session of this.#sessions) {
      const uri = event.kind === 'resource' ? session.watchedAs(topic) : undefined
      if (event.kind !== 'resource' || uri === event.uri) session.listening?.send(json)
      else if (uri !== undefined) session.listening?.send(encodeChange({ kind: 'resource', uri }))
    }
  }
}

// No client can watch a longer URI, so the change is not published to other nodes.
function isWatchable (event: ChangeEvent): boolean {
  return event.kind !== 'resource' || event.uri.length <= MAX_URI_LENGTH
}
