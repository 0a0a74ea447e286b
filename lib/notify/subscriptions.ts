// The subscriptions of modern clients (`subscriptions/listen`), by topic.
import { encodeTaggedChange, eventOf, topicOf, type ChangeEvent } from '../protocol/change.ts'
import type { RequestId } from '../protocol/message.ts'
import type { SubscriptionFilter } from '../protocol/subscription.ts'
import { WatchBudget } from './watch-budget.ts'
import { Shares, type NoPlace } from '../shares/shares.ts'
import type { Topics } from './topics.ts'

/** The stream to which the messages of a subscription are written. */
export interface MessageSink { send (json: string): void }

/** The link to the other nodes, whose places count towards the same shares. */
export interface PlaceLink {
  /**
   * Sets how many places a holder has on this node. If that is more than before, and more than `max` together with the
   * holder's places on other nodes, it changes nothing and resolves to false. Never rejects.
   */
  hold (holder: string, count: number, max: number): Promise<boolean>
}

/** How many subscriptions there may be. */
export interface SubscriptionLimits {
  readonly max: number
  /** How many one holder may have; undefined if only `max` counts. */
  readonly share?: { readonly by: 'principal' | 'address', readonly max: number } | undefined
  /** The link to the other nodes; undefined if there are none. */
  readonly others?: PlaceLink | undefined
}

/** The subscription of one client. It holds its place from its creation until it is closed. */
export class Subscription {
  /** The JSON of the id that tags every message. */
  readonly idJson: string
  /** Whom the place counts for; undefined if it counts towards no share. */
  readonly holder: string | undefined
  readonly #owner: Subscriptions
  #topics: Topics = new Map()
  #sink: MessageSink | undefined
  #bytes = 0

  /** @internal */
  constructor (owner: Subscriptions, id: RequestId, holder: string | undefined) {
    this.#owner = owner
    this.holder = holder
    this.idJson = JSON.stringify(id)
  }

  /**
   * Resolves to a refusal if the holder exceeds its share together with its places on other nodes, else to undefined.
   * Returns undefined if there are no other nodes to ask.
   */
  findRefusal (): Promise<NoPlace | undefined> | undefined {
    return this.#owner.findRefusal(this)
  }

  /**
   * Reserves room for the URIs that the client asks to watch.
   * @throws RpcError if this client, its holder or all clients together would watch too much.
   */
  reserve ({ resourceSubscriptions: uris = [] }: SubscriptionFilter): void {
    const bytes = uris.reduce((sum, uri) => sum + Buffer.byteLength(uri), 0)
    this.#owner.budget.take(bytes, this.holder)
    this.#bytes = bytes
  }

  /** Starts sending the changes of topics. */
  start (topics: Topics, sink: MessageSink): void {
    this.#sink = sink
    this.#topics = topics
    this.#owner.watch(this, topics.keys())
  }

  /** Returns the URI of a topic's resource as the client spells it. */
  spellingOf (topic: string): string | undefined {
    return this.#topics.get(topic)
  }

  send (json: string): void {
    this.#sink?.send(json)
  }

  /** Ends the subscription and frees its place. */
  close (): void {
    this.#owner.leave(this, this.#topics.keys())
    this.#owner.budget.release(this.#bytes, this.holder)
    this.#bytes = 0
  }
}

/** The subscriptions of one mount. */
export class Subscriptions {
  /** @internal The budget of the URIs that all subscriptions watch. */
  readonly budget: WatchBudget
  readonly #limits: SubscriptionLimits
  readonly #shares: Shares
  readonly #open = new Set<Subscription>()
  readonly #watchers = new Map<string, Set<Subscription>>()

  constructor (limits: SubscriptionLimits, budget = new WatchBudget()) {
    this.#limits = limits
    this.#shares = new Shares(limits.share?.max ?? Infinity)
    this.budget = budget
  }

  /** The number of open subscriptions. */
  get size (): number { return this.#open.size }

  /** The most subscriptions that may be open. */
  get max (): number { return this.#limits.max }

  /** The number of topics that are watched. */
  get topics (): number { return this.#watchers.size }

  /** Opens a subscription, or returns why there is no place for it. @param holder Whom the place counts for. */
  open (id: RequestId, holder?: string): Subscription | NoPlace {
    const { max, share } = this.#limits
    if (share !== undefined && !this.#shares.take(holder)) return { refused: share.by, max: share.max }
    if (this.#open.size >= max) {
      this.#shares.release(holder)
      return { refused: 'mount', max }
    }
    const subscription = new Subscription(this, id, holder)
    this.#open.add(subscription)
    return subscription
  }

  /** @internal */
  findRefusal ({ holder }: Subscription): Promise<NoPlace | undefined> | undefined {
    const { share, others } = this.#limits
    if (holder === undefined || share === undefined || others === undefined) return undefined
    const held = others.hold(holder, this.#shares.held(holder), share.max)
    return held.then((isHeld) => isHeld ? undefined : { refused: share.by, max: share.max })
  }

  /** Sends a change to the subscriptions that watch its topic. */
  notify (event: ChangeEvent): void {
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

  /** Sends each subscription a change of every topic that it watches. */
  notifyAll (): void {
    for (const topic of this.#watchers.keys()) this.notify(eventOf(topic))
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
    if (this.#open.delete(subscription)) this.#freePlace(subscription)
    for (const topic of topics) {
      const watchers = this.#watchers.get(topic)
      watchers?.delete(subscription)
      if (watchers?.size === 0) this.#watchers.delete(topic)
    }
  }

  // Other nodes get the new number of places, not the difference, so that a message makes up for lost ones before it.
  #freePlace ({ holder }: Subscription): void {
    this.#shares.release(holder)
    const { share, others } = this.#limits
    if (holder !== undefined && share !== undefined) others?.hold(holder, this.#shares.held(holder), Infinity)
  }
}
