// JSON values as text, however deep they are nested.

// Each level indents all that is in it, so the indented text of a deep value would be many times as long.
const MAX_INDENTED = 100

/** Writes a value as indented JSON. What is nested too deeply is not indented, or not written at all. */
export function writeJson (value: unknown): string {
  return stringify(value, isDeeperThan(value, MAX_INDENTED) ? 0 : 2)
}

/** Writes a value as JSON in one line. */
export function writeJsonLine (value: unknown): string {
  return stringify(value, 0)
}

/** Indents a text that is JSON. Any other text, and one whose numbers would change, is returned as it is. */
export function indentJson (text: string): string {
  const value = parseExactly(text)
  return value === undefined ? text : writeJson(value)
}

/** Parses a text; undefined if it is not JSON. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Parses a text; undefined if it is not JSON, or if it has whole numbers that JavaScript has to round. */
export function parseExactly (text: string): unknown {
  // No shorter number is rounded.
  if (!/\d{16}/.test(text)) return parseJson(text)
  let isRounded = false
  try {
    const value = readJson(text, () => { isRounded = true })
    return isRounded ? undefined : value
  } catch {
    return undefined
  }
}

function stringify (value: unknown, indent: number): string {
  try {
    return JSON.stringify(value, null, indent) ?? ''
  } catch {
    // JSON.stringify needs a stack that is as deep as the value.
    return '(nested too deeply to be written)'
  }
}

function isDeeperThan (value: unknown, limit: number): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true
    level = level.flatMap((one) => typeof one === 'object' && one !== null ? Object.values(one) : [])
  }
  return false
}

/**
 * Reads JSON. Calls `onRounded` for each whole number that JavaScript has to round, with what becomes of it.
 * @throws SyntaxError
 */
export function readJson (text: string, onRounded: (rounding: string) => void): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) => {
    const rounding = typeof value === 'number' ? describeRounding(context?.source ?? '') : undefined
    if (rounding !== undefined) onRounded(rounding)
    return value
  })
}

/** Says what becomes of a whole number that JavaScript has to round. Undefined for any other text. */
export function describeRounding (written: string): string | undefined {
  if (!/^-?\d+$/.test(written)) return undefined
  const value = Number(written)
  if (Number.isFinite(value) && BigInt(value) === BigInt(written)) return undefined
  return `${written} would be sent as ${JSON.stringify(value)}`
}
