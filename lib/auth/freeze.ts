// Makes values unchangeable that several requests share.

/** Freezes a value as JSON has them, with all that is in it. */
export function freezeDeeply<T> (value: T): T {
  // No recursion: an authorization server decides how deep it is.
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    // Not all at once: a call cannot have as many arguments as a list may have entries.
    for (const entry of Object.values(Object.freeze(next))) open.push(entry)
  }
  return value
}
