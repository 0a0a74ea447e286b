// What a connection has subscribed to, and the listeners of it; outlives the connection.

/** Called with each message of a channel. */
export type ChannelListener = (message: string) => void

/** One listener's listening. */
export interface Listening {
  /** Settles when messages begin to come; rejects when they do not, for now. */
  readonly begun: Promise<void>
  readonly end: () => void
}

interface Channel {
  readonly name: string
  readonly listeners: Set<ChannelListener>
  begun: Promise<void>
}

// Of one SUBSCRIBE.
const MAX_AT_ONCE = 10_000

/** The channels of one subscriber connection. Each is subscribed to once, however many listen. */
export class Channels {
  readonly #subscribe: (name: string) => Promise<void>
  readonly #unsubscribe: (name: string) => void
  readonly #channels = new Map<string, Channel>()

  /** @param subscribe Rejects while there is no connection. */
  constructor (subscribe: (name: string) => Promise<void>, unsubscribe: (name: string) => void) {
    this.#subscribe = subscribe
    this.#unsubscribe = unsubscribe
  }

  /** Listens to a channel. Where that cannot begin now, it does with the next {@link subscribeAll}. */
  listen (name: string, hear: ChannelListener): Listening {
    const channel = this.#channels.get(name) ?? this.#open(name)
    // A function of its own, so that the same one may listen twice.
    const listener: ChannelListener = (message) => hear(message)
    channel.listeners.add(listener)
    return { begun: channel.begun, end: () => this.#end(channel, listener) }
  }

  /** Tells whoever listens to a channel. */
  tell (name: string, message: string): void {
    for (const listener of this.#channels.get(name)?.listeners ?? []) listener(message)
  }

  /** Subscribes to all channels that are listened to, on a new connection. @param subscribe To so many at once. */
  async subscribeAll (subscribe: (names: readonly string[]) => Promise<unknown>): Promise<void> {
    const done = new Set<Channel>()
    // Others may come meanwhile.
    for (let next = this.#nextBut(done); next.length > 0; next = this.#nextBut(done)) {
      const begun = subscribe(next.map(({ name }) => name)).then(() => {})
      for (const channel of next) {
        channel.begun = begun
        done.add(channel)
      }
      await begun
    }
  }

  #nextBut (done: ReadonlySet<Channel>): readonly Channel[] {
    return [...this.#channels.values()].filter((channel) => !done.has(channel)).slice(0, MAX_AT_ONCE)
  }

  #open (name: string): Channel {
    const begun = this.#subscribe(name)
    // Who wants to know waits for it.
    begun.catch(() => {})
    const channel = { name, listeners: new Set<ChannelListener>(), begun }
    this.#channels.set(name, channel)
    return channel
  }

  #end (channel: Channel, listener: ChannelListener): void {
    if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return
    this.#channels.delete(channel.name)
    this.#unsubscribe(channel.name)
  }
}
