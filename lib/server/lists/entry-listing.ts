// Lists a collection. If entries are restricted, there is one list for each set of entries that some caller sees; else
// one list serves all callers.
import type { Era } from '../../protocol/revisions.ts'
import { areListed } from './access.ts'
import type { Call } from '../call/call.ts'
import type { Collection, Entry } from './collection.ts'
import { Listing, type PageSource } from './listing.ts'
import type { PreparedResult } from '../call/result.ts'

/** The source of the list of a collection. */
export interface EntrySource<E extends Entry, Item> extends PageSource<Item> {
  readonly collection: Collection<E>
  itemOf (entry: E, era: Era): Item
  /** Completes a page that may differ between callers, so that only the caller may cache it. */
  finishPrivate (page: object, era: Era): object
}

// Callers usually have few roles, so more lists would only take memory.
const MAX_VARIANTS = 16

/** Serves the list of a collection. */
export class EntryListing<E extends Entry, Item> {
  readonly #source: EntrySource<E, Item>
  readonly #shared: Listing<Item>
  // The outer key is the array of enabled entries, which a collection replaces when it changes. The inner key says
  // which of these entries a list includes.
  readonly #variants = new WeakMap<readonly E[], Map<string, Listing<Item>>>()

  constructor (source: EntrySource<E, Item>) {
    this.#source = source
    const { collection, itemOf } = source
    this.#shared = new Listing({ ...source, items: (era) => collection.enabled.map((entry) => itemOf(entry, era)) })
  }

  /** Drops all cached pages, because an entry has changed. */
  drop (): void {
    this.#shared.drop()
  }

  /**
   * Returns the page that a list request asks for.
   * @throws RpcError -32602 if the cursor is unknown, or belongs to the list of other callers.
   */
  page (call: Call): PreparedResult | Promise<PreparedResult> {
    if (this.#source.collection.isRestricted) return this.#restrictedPage(call)
    return this.#shared.page(call.message.params, call.caller.era)
  }

  async #restrictedPage (call: Call): Promise<PreparedResult> {
    const entries = this.#source.collection.enabled
    const listed = await areListed(entries, call)
    return this.#variantOf(entries, listed).page(call.message.params, call.caller.era)
  }

  #variantOf (entries: readonly E[], listed: readonly boolean[]): Listing<Item> {
    const variants = this.#variants.get(entries) ?? new Map<string, Listing<Item>>()
    const key = listed.map(Number).join('')
    const known = variants.get(key)
    if (known !== undefined) return known

    const { itemOf, finishPrivate, ...source } = this.#source
    const own = entries.filter((_entry, index) => listed[index])
    const items = (era: Era): readonly Item[] => own.map((entry) => itemOf(entry, era))
    const variant = new Listing({ ...source, finish: finishPrivate, items })
    if (variants.size >= MAX_VARIANTS) variants.clear()
    this.#variants.set(entries, variants.set(key, variant))
    return variant
  }
}
