// What a connection has subscribed to, and who is told; outlives the connection.
import type { Redis } from 'ioredis'

/** Somebody who listens to a channel. */
export interface ChannelListener {
  readonly hear: (message: string) => void
  /** What was published for a while has not come, and from now on it comes again. */
  readonly onBack?: () => void
}

/** One listener's listening. */
export interface Listening {
  /** Settles when messages begin to come; rejects when they do not, for now. */
  readonly begun: Promise<void>
  readonly end: () => void
}

interface Channel {
  readonly listeners: Set<ChannelListener>
  begun: Promise<void>
}

// Of one SUBSCRIBE.
const MAX_AT_ONCE = 1000

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
  listen (name: string, { hear, onBack }: ChannelListener): Listening {
    const channel = this.#channels.get(name) ?? this.#open(name)
    // Of its own, so that the same one may listen twice.
    const listener: ChannelListener = { hear, ...(onBack && { onBack }) }
    channel.listeners.add(listener)
    return { begun: channel.begun, end: () => this.#end(name, channel, listener) }
  }

  /** Tells whoever listens to a channel. */
  tell (name: string, message: string): void {
    for (const listener of this.#channels.get(name)?.listeners ?? []) listener.hear(message)
  }

  /** Subscribes to all channels that are listened to, on a new connection. */
  async subscribeAll (connection: Redis): Promise<void> {
    const done = new Set<string>()
    // Others may come meanwhile.
    for (let names = this.#namesBut(done); names.length > 0; names = this.#namesBut(done)) {
      for (const name of names) done.add(name)
      const begun = connection.subscribe(...names).then(() => {})
      begun.catch(() => {})
      for (const name of names) this.#begin(name, begun)
      await begun
    }
  }

  /** Tells all who listen that messages come again. */
  tellBack (): void {
    for (const { listeners } of this.#channels.values()) {
      for (const { onBack } of listeners) onBack?.()
    }
  }

  #namesBut (done: ReadonlySet<string>): string[] {
    const names: string[] = []
    for (const name of this.#channels.keys()) {
      if (!done.has(name) && names.push(name) === MAX_AT_ONCE) break
    }
    return names
  }

  #begin (name: string, begun: Promise<void>): void {
    const channel = this.#channels.get(name)
    if (channel !== undefined) channel.begun = begun
  }

  #open (name: string): Channel {
    const begun = this.#subscribe(name)
    // Who wants to know waits for it.
    begun.catch(() => {})
    const channel = { listeners: new Set<ChannelListener>(), begun }
    this.#channels.set(name, channel)
    return channel
  }

  #end (name: string, channel: Channel, listener: ChannelListener): void {
    if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return
    this.#channels.delete(name)
    this.#unsubscribe(name)
  }
}
