// Makes values unchangeable that several requests share.

/** Freezes a value as JSON has them, with all that is in it. */
export function freezeDeeply<T> (value: T): T {
  // No recursion: an authorization server decides how deep it is.
  const open: unknown[] = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue
    open.push(...Object.values(Object.freeze(next)).filter((entry) => typeof entry === 'object' && entry !== null))
  }
  return value
}
