// The resources that one legacy session watches.
import { topicOfResource } from '../protocol/change.ts'
import { MAX_WATCHED } from '../protocol/subscription.ts'
import { invalidParams } from '../errors.ts'
import type { WatchedResources } from '../server/call/incoming.ts'
import type { WatchBudget } from '../notify/watch-budget.ts'

/** URIs within the limits of a mount, in the client's spelling. Different spellings of one URI count as one. */
export class WatchedUris implements WatchedResources, Iterable<string> {
  readonly #budget: WatchBudget
  readonly #holder: string | undefined
  readonly #spellings = new Map<string, string>()
  #bytes = 0

  /** @param holder The holder whose share they count towards. */
  constructor (budget: WatchBudget, holder?: string) {
    this.#budget = budget
    this.#holder = holder
  }

  get size (): number { return this.#spellings.size }

  has (uri: string): boolean {
    return this.#spellings.has(topicOfResource(uri))
  }

  /** Adds a resource. @throws RpcError if the session, its caller or the mount would watch too much. */
  add (uri: string): void {
    const more = this.#moreBytes(uri)
    if (this.size >= MAX_WATCHED && !this.has(uri)) {
      throw invalidParams(
        `a session may watch ${MAX_WATCHED} resources at once; unsubscribe from some of them first`
      )
    }
    this.#budget.take(more, this.#holder, this.#bytes)
    this.#keep(uri, more)
  }

  /** Adds a resource that the client subscribed to through another node, which has checked the limits. */
  note (uri: string): void {
    const more = this.#moreBytes(uri)
    this.#budget.count(more, this.#holder)
    this.#keep(uri, more)
  }

  delete (uri: string): void {
    const topic = topicOfResource(uri)
    const spelling = this.#spellings.get(topic)
    if (spelling === undefined) return
    const bytes = Buffer.byteLength(spelling)
    this.#budget.release(bytes, this.#holder)
    this.#bytes -= bytes
    this.#spellings.delete(topic)
  }

  /** Removes all resources. */
  clear (): void {
    this.#spellings.clear()
    this.#budget.release(this.#bytes, this.#holder)
    this.#bytes = 0
  }

  /** Returns the client's spelling of the URI of a topic; undefined if the client does not watch it. */
  spellingOf (topic: string): string | undefined {
    return this.#spellings.get(topic)
  }

  [Symbol.iterator] (): Iterator<string> {
    return this.#spellings.values()
  }

  // A new spelling of a URI replaces the previous one.
  #moreBytes (uri: string): number {
    return Buffer.byteLength(uri) - Buffer.byteLength(this.#spellings.get(topicOfResource(uri)) ?? '')
  }

  #keep (uri: string, more: number): void {
    this.#bytes += more
    this.#spellings.set(topicOfResource(uri), uri)
  }
}
