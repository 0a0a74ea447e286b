// Who listens by `subscriptions/listen`, found by what they want to hear of.
import { encodeTaggedChange, eventOf, topicOf, type ChangeEvent } from '../protocol/change.ts'
import type { RequestId } from '../protocol/message.ts'
import type { Topics } from './topics.ts'

/** What messages of a subscription are written to. */
export interface MessageSink { send (json: string): void }

/** One client that listens. Takes its place when it is made, and holds it until it is closed. */
export class Subscription {
  /** The JSON of the id that tags every message. */
  readonly idJson: string
  readonly #owner: Subscriptions
  #topics: Topics = new Map()
  #sink: MessageSink | undefined

  /** @internal */
  constructor (owner: Subscriptions, id: RequestId) {
    this.#owner = owner
    this.idJson = JSON.stringify(id)
  }

  /** Begins to send the changes of topics. */
  start (topics: Topics, sink: MessageSink): void {
    this.#sink = sink
    this.#topics = topics
    this.#owner.watch(this, topics.keys())
  }

  /** How the client spells the URI of a topic. */
  spellingOf (topic: string): string | undefined {
    return this.#topics.get(topic)
  }

  /** Sends a message. */
  send (json: string): void {
    this.#sink?.send(json)
  }

  /** Gives the place back. */
  close (): void {
    this.#owner.leave(this, this.#topics.keys())
  }
}

/** The subscriptions of one mount. */
export class Subscriptions {
  readonly #max: number
  readonly #open = new Set<Subscription>()
  readonly #watchers = new Map<string, Set<Subscription>>()

  /** @param max How many there may be at once. */
  constructor (max: number) {
    this.#max = max
  }

  /** How many there are. */
  get size (): number { return this.#open.size }

  /** How many there may be. */
  get max (): number { return this.#max }

  /** How many topics somebody wants to hear of. */
  get topics (): number { return this.#watchers.size }

  /** Takes a place; undefined when there is none. */
  open (id: RequestId): Subscription | undefined {
    if (this.#open.size >= this.#max) return undefined
    const subscription = new Subscription(this, id)
    this.#open.add(subscription)
    return subscription
  }

  /** Tells whoever wants to hear of it that something has changed. */
  tell (event: ChangeEvent): void {
    const topic = topicOf(event)
    const watchers = this.#watchers.get(topic)
    if (watchers === undefined) return
    const encode = encodeTaggedChange(event)
    for (const subscription of watchers) {
      const uri = subscription.spellingOf(topic)
      const isSpelledSo = uri === undefined || (event.kind === 'resource' && event.uri === uri)
      const encodeOwn = isSpelledSo ? encode : encodeTaggedChange({ kind: 'resource', uri })
      subscription.send(encodeOwn(subscription.idJson))
    }
  }

  /** Tells whoever listens that all may have changed of what it wants to hear of. */
  tellAll (): void {
    for (const topic of this.#watchers.keys()) this.tell(eventOf(topic))
  }

  /** @internal */
  watch (subscription: Subscription, topics: Iterable<string>): void {
    for (const topic of topics) {
      const watchers = this.#watchers.get(topic)
      if (watchers === undefined) this.#watchers.set(topic, new Set([subscription]))
      else watchers.add(subscription)
    }
  }

  /** @internal */
  leave (subscription: Subscription, topics: Iterable<string>): void {
    this.#open.delete(subscription)
    for (const topic of topics) {
      const watchers = this.#watchers.get(topic)
      watchers?.delete(subscription)
      if (watchers?.size === 0) this.#watchers.delete(topic)
    }
  }
}
