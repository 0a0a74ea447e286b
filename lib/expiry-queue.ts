// Finds what expires first.

/** Something that expires. */
export interface Expiring {
  /** When it expires, in milliseconds. Only its queue changes it. */
  expiresAt: number
  /** Where it stands in its queue. */
  place: number
}

/** Items by the time at which they expire. The first one is found at once; a change takes a few steps. */
export class ExpiryQueue<Item extends Expiring> {
  // A binary heap: the item at place n expires no later than those at 2n + 1 and 2n + 2.
  readonly #heap: Item[] = []

  /** The item that expires first. */
  get first (): Item | undefined { return this.#heap[0] }

  add (item: Item): void {
    this.#settle(item, this.#heap.length)
  }

  /** Removes an item, which must be in the queue. */
  delete (item: Item): void {
    const last = this.#heap.pop()
    if (last !== undefined && last !== item) this.#settle(last, item.place)
  }

  /** Changes when an item of the queue expires. */
  move (item: Item, expiresAt: number): void {
    item.expiresAt = expiresAt
    this.#settle(item, item.place)
  }

  // Puts an item at a free place, or above or below it, where others make room.
  #settle (item: Item, free: number): void {
    let place = free
    for (let parent = this.#parentOf(place); parent !== undefined && parent.expiresAt > item.expiresAt;) {
      place = this.#shift(parent, place)
      parent = this.#parentOf(place)
    }
    for (let child = this.#firstChildOf(place); child !== undefined && child.expiresAt < item.expiresAt;) {
      place = this.#shift(child, place)
      child = this.#firstChildOf(place)
    }
    this.#shift(item, place)
  }

  // Returns the place that the item leaves.
  #shift (item: Item, place: number): number {
    const left = item.place
    item.place = place
    this.#heap[place] = item
    return left
  }

  #parentOf (place: number): Item | undefined {
    return place === 0 ? undefined : this.#heap[Math.floor((place - 1) / 2)]
  }

  #firstChildOf (place: number): Item | undefined {
    const left = this.#heap[2 * place + 1]
    const right = this.#heap[2 * place + 2]
    return left === undefined || right === undefined || left.expiresAt <= right.expiresAt ? left : right
  }
}
