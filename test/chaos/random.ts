// Random numbers that come again with their seed (mulberry32).

/** A source of random numbers. */
export interface Random {
  /** From `min`, below `max`. */
  between (min: number, max: number): number
  choose<T> (items: readonly [T, ...T[]]): T
}

export function createRandom (seed: number): Random {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    between: (min, max) => min + next() * (max - min),
    choose: (items) => items[Math.floor(next() * items.length)] ?? items[0]
  }
}
