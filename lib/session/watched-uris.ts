// The resources that one legacy session watches.
import { topicOfResource } from '../protocol/change.ts'
import type { WatchedResources } from '../server/context.ts'

/** URIs, each in the spelling that the client watches it by; all spellings of a URI are one. */
export class WatchedUris implements WatchedResources, Iterable<string> {
  readonly #spellings = new Map<string, string>()

  get size (): number { return this.#spellings.size }

  has (uri: string): boolean {
    return this.#spellings.has(topicOfResource(uri))
  }

  add (uri: string): void {
    this.#spellings.set(topicOfResource(uri), uri)
  }

  delete (uri: string): void {
    this.#spellings.delete(topicOfResource(uri))
  }

  /** How the client spells the URI of a topic; undefined where it does not watch it. */
  spellingOf (topic: string): string | undefined {
    return this.#spellings.get(topic)
  }

  [Symbol.iterator] (): Iterator<string> {
    return this.#spellings.values()
  }
}
