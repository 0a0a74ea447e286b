// Freezes values that several requests share.

/** Freezes a JSON value and everything in it. */
export function freezeDeeply<T> (value: T): T {
  // No recursion, because the authorization server decides how deep the value is.
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    // One by one, because `push(...values)` would fail for a list that is longer than a call may have arguments.
    for (const entry of Object.values(Object.freeze(next))) open.push(entry)
  }
  return value
}
