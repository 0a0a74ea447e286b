// Who listens by `subscriptions/listen`, found by what they want to hear of.
import { encodeTaggedChange, eventOf, topicOf, type ChangeEvent } from '../protocol/change.ts'
import type { RequestId } from '../protocol/message.ts'
import type { SubscriptionFilter } from '../protocol/subscription.ts'
import { WatchBudget } from '../session/watch-budget.ts'
import { Shares, type NoPlace } from '../shares/shares.ts'
import type { Topics } from './topics.ts'

/** What messages of a subscription are written to. */
export interface MessageSink { send (json: string): void }

/** The other processes that give places to the same callers. */
export interface PlaceLink {
  /**
   * Tells them how many places a caller holds here from now on; false, and nothing has changed, when these are more than before, and
   * with those that it holds there more than `max`. Never rejects.
   */
  hold (holder: string, count: number, max: number): Promise<boolean>
}

/** How many places there are, and what one caller may have of them. */
export interface SubscriptionLimits {
  readonly max: number
  /** What one caller may have; absent where that is all there is. */
  readonly share?: { readonly by: 'principal' | 'address', readonly max: number } | undefined
  /** Those that count towards the share, too; absent where there are none. */
  readonly others?: PlaceLink | undefined
}

/** One client that listens. Takes its place when it is made, and holds it until it is closed. */
export class Subscription {
  /** The JSON of the id that tags every message. */
  readonly idJson: string
  /** Whom its place counts for; undefined where it counts for nobody. */
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

  /** Finds out whether its caller has its share already by other nodes; undefined when it has not, and at once where there are none. */
  findRefusal (): Promise<NoPlace | undefined> | undefined {
    return this.#owner.findRefusal(this)
  }

  /** Takes what its client asks to watch. @throws RpcError when that, or what its caller or all clients watch, is too much. */
  reserve ({ resourceSubscriptions: uris = [] }: SubscriptionFilter): void {
    const bytes = uris.reduce((sum, uri) => sum + Buffer.byteLength(uri), 0)
    this.#owner.budget.take(bytes, this.holder)
    this.#bytes = bytes
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
    this.#owner.budget.release(this.#bytes, this.holder)
    this.#bytes = 0
  }
}

/** The subscriptions of one mount. */
export class Subscriptions {
  /** @internal What the subscriptions may watch counts in. */
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

  /** How many there are. */
  get size (): number { return this.#open.size }

  /** How many there may be. */
  get max (): number { return this.#limits.max }

  /** How many topics somebody wants to hear of. */
  get topics (): number { return this.#watchers.size }

  /** Takes a place, or tells why there is none. @param holder Whom it counts for. */
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
    return others.hold(holder, this.#shares.held(holder), share.max).then((held) => held ? undefined : { refused: share.by, max: share.max })
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
    if (this.#open.delete(subscription)) this.#giveBack(subscription)
    for (const topic of topics) {
      const watchers = this.#watchers.get(topic)
      watchers?.delete(subscription)
      if (watchers?.size === 0) this.#watchers.delete(topic)
    }
  }

  // The number is told, and not that it has changed by one: what is told later puts right what has not come through.
  #giveBack ({ holder }: Subscription): void {
    this.#shares.release(holder)
    const { share, others } = this.#limits
    if (holder !== undefined && share !== undefined) others?.hold(holder, this.#shares.held(holder), Infinity)
  }
}
