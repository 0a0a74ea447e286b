// The changes of one mount: where they come from, and the clients of both eras that are told.
import { encodeChange, type ChangeEvent } from '../protocol/change.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { createMemoryBus, type NotificationBus } from './bus.ts'
import { CHANGES, createNotifier, createPublisher, type Notifier } from './publisher.ts'
import { Subscriptions, type MessageSink } from './subscriptions.ts'

/** A legacy session, as far as changes go. */
export interface ChangeAudience {
  /** The stream that its client has opened by GET. */
  readonly listening: MessageSink | undefined
  isSubscribed (uri: string): boolean
}

/** Where changes go, and who is told when they cannot. */
export interface ChangeSettings {
  /** How many may listen by `subscriptions/listen` at once. */
  readonly maxStreams: number
  /** Told when the bus fails. */
  readonly onFailure: (error: unknown) => void
  /** What carries changes. @default one within the process */
  readonly bus?: NotificationBus
}

/** The changes of one mount. */
export class ChangeHub {
  /** For the owner of the mount. */
  readonly notify: Notifier
  /** Who listens by `subscriptions/listen`. */
  readonly subscriptions: Subscriptions
  readonly #sessions: Iterable<ChangeAudience>
  readonly #bus: NotificationBus
  readonly #publish: (event: ChangeEvent) => void
  readonly #ends: Array<() => void> = []

  constructor (sessions: Iterable<ChangeAudience>, { maxStreams, onFailure, bus = createMemoryBus() }: ChangeSettings) {
    this.#sessions = sessions
    this.#bus = bus
    this.#publish = createPublisher(bus, onFailure)
    this.notify = createNotifier(this.#publish)
    this.subscriptions = new Subscriptions(maxStreams)
  }

  /** Begins to pass on what changes in a definition, and what comes by the bus. */
  start (server: Pick<ServerDefinition, 'onChange'>): void {
    // What a publisher has encoded.
    const hear = (message: string): void => this.#tell(JSON.parse(message) as readonly ChangeEvent[])
    this.#ends.push(this.#bus.subscribe(CHANGES, hear), server.onChange(this.#publish))
  }

  /** Ends it. */
  stop (): void {
    for (const end of this.#ends.splice(0)) end()
  }

  #tell (events: readonly ChangeEvent[]): void {
    for (const event of events) {
      this.subscriptions.tell(event)
      this.#tellSessions(event)
    }
  }

  #tellSessions (event: ChangeEvent): void {
    const json = encodeChange(event)
    for (const session of this.#sessions) {
      if (event.kind !== 'resource' || session.isSubscribed(event.uri)) session.listening?.send(json)
    }
  }
}
