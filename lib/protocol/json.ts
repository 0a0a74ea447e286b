// JSON that may come from any program.

/** Parses a text. Returns undefined if it is not JSON. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
