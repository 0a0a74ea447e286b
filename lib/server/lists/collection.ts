// The entries of one kind that a server offers, such as its tools, and the handles that change them at run time.
import { doNothing } from '../../do-nothing.ts'
import { MCP_ERR_DUPLICATE_DEFINITION, MCP_ERR_INVALID_DEFINITION } from '../../errors.ts'
import type { RequestContext } from '../call/request-context.ts'

/** The restriction of an entry to some callers. */
export interface Access {
  readonly scopes: readonly string[]
  readonly visible: ((ctx: RequestContext<never>) => boolean | Promise<boolean>) | undefined
}

/** A registered tool, prompt, resource or template. It is immutable: a change replaces it by a new entry. */
export interface Entry {
  /** The name or URI that is unique in the collection. */
  readonly key: string
  /** The name of the entry in errors, e.g. `tool 'add_note'`. */
  readonly label: string
  readonly enabled: boolean
  /** Warnings for the author of the entry, one sentence each. */
  readonly warnings?: readonly string[]
  /** The restriction to some callers; undefined if there is none. */
  readonly access: Access | undefined
}

/** Changes a tool, prompt, resource or template after it has been registered. */
export interface Handle<Changes> {
  /** Whether the entry is listed and served. */
  readonly enabled: boolean
  /** Lists and serves the entry again. */
  enable (): void
  /** Hides the entry: it is neither listed nor served until {@link enable}. */
  disable (): void
  /**
   * Replaces the given fields and keeps the others.
   * @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA as registering would; the entry is then unchanged.
   */
  update (changes: Changes): void
  /** Removes the entry permanently. */
  remove (): void
}

/** A collection of entries in the order of their registration. */
export class Collection<E extends Entry> {
  /** Whether an entry was ever registered, so that the server has the capability. Only {@link add} sets it. */
  // A plain field, because every request reads it.
  used = false
  readonly #entries = new Map<string, E>()
  readonly #byKey = new Map<string, E>()
  /** The enabled entries by their keys. */
  readonly byKey: ReadonlyMap<string, E> = this.#byKey
  readonly #onChange: () => void
  readonly #onWarning: (warning: string) => void
  #enabled: readonly E[] | undefined
  #restricted: boolean | undefined

  constructor (onChange: () => void, onWarning: (warning: string) => void = doNothing) {
    this.#onChange = onChange
    this.#onWarning = onWarning
  }

  /** The enabled entries, in order. */
  get enabled (): readonly E[] {
    this.#enabled ??= [...this.#entries.values()].filter((entry) => entry.enabled)
    return this.#enabled
  }

  /** The warnings of all entries, enabled or not. */
  get warnings (): readonly string[] {
    return [...this.#entries.values()].flatMap(({ warnings = [] }) => warnings)
  }

  /** Whether any enabled entry is restricted to some callers. */
  get isRestricted (): boolean {
    this.#restricted ??= this.enabled.some(({ access }) => access !== undefined)
    return this.#restricted
  }

  /**
   * Registers an entry.
   * @param rebuild Returns the changed entry for an update.
   * @throws MCP_ERR_DUPLICATE_DEFINITION
   */
  add<Changes> (first: E, rebuild: (entry: E, changes: Changes) => E): Handle<Changes> {
    if (this.#entries.has(first.key)) throw new MCP_ERR_DUPLICATE_DEFINITION(first.label)
    this.used = true

    let current = first
    const set = (next: E): void => {
      current = this.#replace(current, next)
    }
    this.#store(first)
    this.#warn(first)

    const isEnabled = (): boolean => this.#holds(current) && current.enabled
    return {
      get enabled () { return isEnabled() },
      enable: () => set({ ...current, enabled: true }),
      disable: () => set({ ...current, enabled: false }),
      update: (changes) => {
        const before = current
        set({ ...rebuild(current, changes), enabled: current.enabled })
        this.#warn(current, before)
      },
      remove: () => this.#remove(current)
    }
  }

  #holds (entry: E): boolean {
    return this.#entries.get(entry.key) === entry
  }

  #replace (current: E, next: E): E {
    if (!this.#holds(current)) {
      throw new MCP_ERR_INVALID_DEFINITION(current.label, 'has been removed; register it again')
    }
    this.#store(next)
    return next
  }

  #store (entry: E): void {
    this.#entries.set(entry.key, entry)
    if (entry.enabled) this.#byKey.set(entry.key, entry)
    else this.#byKey.delete(entry.key)
    this.#changed()
  }

  #warn ({ warnings = [] }: E, before?: E): void {
    for (const warning of warnings) if (before?.warnings?.includes(warning) !== true) this.#onWarning(warning)
  }

  #remove (current: E): void {
    if (!this.#holds(current)) return
    this.#entries.delete(current.key)
    this.#byKey.delete(current.key)
    this.#changed()
  }

  #changed (): void {
    this.#enabled = undefined
    this.#restricted = undefined
    this.#onChange()
  }
}
