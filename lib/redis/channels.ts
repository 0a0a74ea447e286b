// The pub/sub channels that a node is subscribed to, and their listeners. They outlive a connection.

/** Called with each message of a channel. */
export type ChannelListener = (message: string) => void

/** One listener of a channel. */
export interface Listening {
  /** Resolves once messages arrive; rejects when the channel could not be subscribed to yet. */
  readonly begun: Promise<void>
  /** Removes the listener. */
  readonly end: () => void
}

interface Channel {
  readonly name: string
  readonly listeners: Set<ChannelListener>
  begun: Promise<void>
}

// The most channels in one SUBSCRIBE.
const MAX_AT_ONCE = 10_000

/** The channels of one subscriber connection. Each is subscribed to once, however many listeners it has. */
export class Channels {
  readonly #subscribe: (name: string) => Promise<void>
  readonly #unsubscribe: (name: string) => void
  readonly #channels = new Map<string, Channel>()

  /** @param subscribe Rejects while there is no connection. */
  constructor (subscribe: (name: string) => Promise<void>, unsubscribe: (name: string) => void) {
    this.#subscribe = subscribe
    this.#unsubscribe = unsubscribe
  }

  /** Adds a listener. If the channel cannot be subscribed to now, the next {@link subscribeAll} does it. */
  listen (name: string, given: ChannelListener): Listening {
    const channel = this.#channels.get(name) ?? this.#open(name)
    // A wrapper, so that the same function can be added twice.
    const listener: ChannelListener = (message) => given(message)
    channel.listeners.add(listener)
    return { begun: channel.begun, end: () => this.#end(channel, listener) }
  }

  /** Delivers a message to the listeners of a channel. */
  deliver (name: string, message: string): void {
    for (const listener of this.#channels.get(name)?.listeners ?? []) listener(message)
  }

  /**
   * Subscribes a new connection to all channels that have listeners.
   * @param subscribe Subscribes to up to 10,000 channels at once.
   */
  async subscribeAll (subscribe: (names: readonly string[]) => Promise<unknown>): Promise<void> {
    const done = new Set<Channel>()
    // Channels may be added meanwhile.
    for (let next = this.#nextExcept(done); next.length > 0; next = this.#nextExcept(done)) {
      const begun = subscribe(next.map(({ name }) => name)).then(() => {})
      for (const channel of next) {
        channel.begun = begun
        done.add(channel)
      }
      await begun
    }
  }

  #nextExcept (done: ReadonlySet<Channel>): readonly Channel[] {
    return [...this.#channels.values()].filter((channel) => !done.has(channel)).slice(0, MAX_AT_ONCE)
  }

  #open (name: string): Channel {
    const begun = this.#subscribe(name)
    // Callers that need the result await `begun`; the others must not cause an unhandled rejection.
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
