// The list of a collection: one for all callers, or where entries are restricted one for each set of entries that
// callers see.
import type { Era } from '../../protocol/revisions.ts'
import { areListed } from './access.ts'
import type { Call } from '../call/call.ts'
import type { Collection, Entry } from './collection.ts'
import { Listing, type PageSource } from './listing.ts'
import type { PreparedResult } from '../call/result.ts'

/** What the list of a collection is made of. */
export interface EntrySource<E extends Entry, Item> extends PageSource<Item> {
  readonly collection: Collection<E>
  itemOf (entry: E, era: Era): Item
  /** Completes a page that differs from caller to caller. */
  finishOwn (page: object, era: Era): object
}

// Callers have few roles, so lists for more of them would only take memory.
const MAX_VARIANTS = 16

/** Serves the list of a collection. */
export class EntryListing<E extends Entry, Item> {
  readonly #source: EntrySource<E, Item>
  readonly #shared: Listing<Item>
  // The keys are the arrays of a collection, which makes a new one when it changes. The lists are kept by their
  // entries.
  readonly #variants = new WeakMap<readonly E[], Map<string, Listing<Item>>>()

  constructor (source: EntrySource<E, Item>) {
    this.#source = source
    const { collection, itemOf } = source
    this.#shared = new Listing({ ...source, items: (era) => collection.enabled.map((entry) => itemOf(entry, era)) })
  }

  /** Forgets all pages, because an entry changed. */
  drop (): void {
    this.#shared.drop()
  }

  /**
   * The page that a list request asks for.
   * @throws RpcError -32602 when the cursor is none of ours, or not of this caller's list.
   */
  page (call: Call): PreparedResult | Promise<PreparedResult> {
    if (this.#source.collection.isRestricted) return this.#pageOfOwn(call)
    return this.#shared.page(call.message.params, call.caller.era)
  }

  async #pageOfOwn (call: Call): Promise<PreparedResult> {
    const entries = this.#source.collection.enabled
    const listed = await areListed(entries, call)
    return this.#variantOf(entries, listed).page(call.message.params, call.caller.era)
  }

  #variantOf (entries: readonly E[], listed: readonly boolean[]): Listing<Item> {
    const variants = this.#variants.get(entries) ?? new Map<string, Listing<Item>>()
    const key = listed.map(Number).join('')
    const known = variants.get(key)
    if (known !== undefined) return known

    const { itemOf, finishOwn, ...source } = this.#source
    const own = entries.filter((_entry, index) => listed[index])
    const items = (era: Era): readonly Item[] => own.map((entry) => itemOf(entry, era))
    const variant = new Listing({ ...source, finish: finishOwn, items })
    if (variants.size >= MAX_VARIANTS) variants.clear()
    this.#variants.set(entries, variants.set(key, variant))
    return variant
  }
}
