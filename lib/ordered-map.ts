// Collections that find their first entry in constant time. A Map and a Set of JavaScript walk over the entries that
// were deleted before it, which are as many as a full collection has room for.

interface Link<Key, Value> {
  readonly key: Key
  value: Value
  previous: Link<Key, Value> | undefined
  next: Link<Key, Value> | undefined
}

/** A map in the order in which its keys were last set. */
export class OrderedMap<Key, Value> {
  readonly #links = new Map<Key, Link<Key, Value>>()
  #first: Link<Key, Value> | undefined
  #last: Link<Key, Value> | undefined

  get size (): number { return this.#links.size }

  /** The value that was set before all others. */
  get first (): Value | undefined { return this.#first?.value }

  has (key: Key): boolean {
    return this.#links.has(key)
  }

  get (key: Key): Value | undefined {
    return this.#links.get(key)?.value
  }

  /** Sets the value of a key, which becomes the last one. */
  set (key: Key, value: Value): void {
    const known = this.#links.get(key)
    if (known !== undefined) this.#unlink(known)
    const link = known ?? { key, value, previous: undefined, next: undefined }
    link.value = value
    link.previous = this.#last
    link.next = undefined
    if (this.#last === undefined) this.#first = link
    else this.#last.next = link
    this.#last = link
    if (known === undefined) this.#links.set(key, link)
  }

  delete (key: Key): boolean {
    const link = this.#links.get(key)
    if (link === undefined) return false
    this.#unlink(link)
    return this.#links.delete(key)
  }

  deleteFirst (): void {
    if (this.#first !== undefined) this.delete(this.#first.key)
  }

  /** The value that was returned last may be deleted meanwhile, but no other one. */
  * values (): Generator<Value, void> {
    for (let link = this.#first; link !== undefined; link = link.next) yield link.value
  }

  #unlink ({ previous, next }: Link<Key, Value>): void {
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
  }
}

/** A set in the order in which its values were last added. */
export class OrderedSet<Value> extends OrderedMap<Value, Value> {
  add (value: Value): void {
    this.set(value, value)
  }
}
