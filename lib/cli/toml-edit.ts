// Changes one table of a TOML file and nothing else in it. It knows as much of TOML 1.0 as finding tables takes.
import { isDeepStrictEqual } from 'node:util'

/** A key and its value in a text. */
interface Pair {
  readonly path: readonly string[]
  readonly end: number
}

/** A table of a text, from its header to the next one. The first one has no header. */
interface Table {
  readonly path: readonly string[]
  readonly start: number
  /** Where its header, or its last value, ends. What follows may be a comment on the next table. */
  readonly end: number
  readonly pairs: readonly Pair[]
}

/**
 * Puts a table into a TOML text, in the place of the one of the same path and of its subtables.
 * @param path The path of the table, such as `['mcp_servers', 'notes']`.
 * @param lines The header and the values of the new table.
 * @throws SyntaxError if the text is not TOML, or has the table in another form than that of `[header]`.
 */
export function setTable (text: string, path: readonly string[], lines: readonly string[]): string {
  const tables = scanTables(text)
  for (const table of tables) checkForm(table, path)
  const changed = edit(text, { tables, path, written: lines.join('\n') })
  const isOnlyChange = isDeepStrictEqual(otherTables(changed, path), otherTables(text, path))
  if (!isOnlyChange) throw new SyntaxError('it is written in a form that can only be changed by hand')
  return changed
}

// Serves to prove that all other tables are as they were.
function otherTables (text: string, path: readonly string[]): readonly unknown[] {
  return scanTables(text).filter((table) => !isWithin(table.path, path))
    .map(({ path, start, end }) => [path, text.slice(start, end).trim()])
}

interface Edit {
  readonly tables: readonly Table[]
  readonly path: readonly string[]
  readonly written: string
}

function edit (text: string, { tables, path, written }: Edit): string {
  const old = tables.filter((table) => isWithin(table.path, path))
  const [first, ...others] = old
  if (first === undefined) {
    const before = text.trimEnd()
    return `${before === '' ? '' : `${before}\n\n`}${written}\n`
  }
  let changed = text
  for (const { start, end } of others.toReversed()) changed = changed.slice(0, start) + changed.slice(end).trimStart()
  return changed.slice(0, first.start) + written + changed.slice(first.end)
}

function isWithin (path: readonly string[], outer: readonly string[]): boolean {
  return outer.every((key, index) => path[index] === key)
}

// The table may also be written as an inline table, or as dotted keys of a table around it.
function checkForm ({ path: tablePath, pairs }: Table, path: readonly string[]): void {
  if (isWithin(tablePath, path)) return
  const pair = pairs.find((pair) => isWithin(pair.path, path) || (isWithin(path, pair.path) && pair.path.length > 0))
  if (pair === undefined) return
  throw new SyntaxError(`'${pair.path.join('.')}' is written as a key, and can only be changed by hand`)
}

/** Finds the tables of a TOML text. @throws SyntaxError */
export function scanTables (text: string): readonly Table[] {
  const scanner = new Scanner(text)
  const tables: Table[] = []
  let table = { path: [] as readonly string[], start: 0, end: 0, pairs: [] as Pair[] }
  for (scanner.skip(LINES); !scanner.isAtEnd; scanner.skip(LINES)) {
    const start = scanner.at
    const header = scanner.take(/\[\[?/y)
    if (header === undefined) {
      const path = [...table.path, ...takeKeys(scanner)]
      scanner.expect(/=/y, "'='")
      scanner.skip(SPACES)
      takeValue(scanner)
      table.pairs.push({ path, end: scanner.at })
      table.end = scanner.at
    } else {
      tables.push(table)
      scanner.skip(SPACES)
      const path = takeKeys(scanner)
      scanner.expect(header === '[' ? /\]/y : /\]\]/y, "']'")
      table = { path, start, end: scanner.at, pairs: [] }
    }
    scanner.expect(/[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y, 'the end of the line')
  }
  return [...tables, table]
}

const SPACES = /[ \t]*/y
const LINES = /(?:[ \t\r\n]|#[^\n]*)*/y
const STRING = /"""(?:[^\\]|\\[\s\S])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y
// Numbers, dates with a time behind a space, and words such as true.
const BARE_VALUE = /\d{4}-\d\d-\d\d [\d:.Z+-]+|[\w+.:-]+/y

function takeKeys (scanner: Scanner): readonly string[] {
  const keys: string[] = []
  do {
    scanner.skip(SPACES)
    keys.push(scanner.take(/[\w-]+/y) ?? unquote(scanner.expect(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y, 'a key')))
    scanner.skip(SPACES)
  } while (scanner.take(/\./y) !== undefined)
  return keys
}

function unquote (text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1)
  try {
    // The escapes of JSON are most of those of TOML.
    return JSON.parse(text) as string
  } catch {
    return text
  }
}

function takeValue (scanner: Scanner): void {
  if (scanner.take(/\[/y) !== undefined) return takeItems(scanner, { close: /\]/y, blanks: LINES, item: takeValue })
  if (scanner.take(/\{/y) !== undefined) return takeItems(scanner, { close: /\}/y, blanks: SPACES, item: takePair })
  if (scanner.take(STRING) === undefined) scanner.expect(BARE_VALUE, 'a value')
}

function takePair (scanner: Scanner): void {
  takeKeys(scanner)
  scanner.expect(/=/y, "'='")
  scanner.skip(SPACES)
  takeValue(scanner)
}

interface Items {
  readonly close: RegExp
  readonly blanks: RegExp
  readonly item: (scanner: Scanner) => void
}

function takeItems (scanner: Scanner, { close, blanks, item }: Items): void {
  for (;;) {
    scanner.skip(blanks)
    if (scanner.take(close) !== undefined) return
    item(scanner)
    scanner.skip(blanks)
    if (scanner.take(/,/y) !== undefined) continue
    scanner.expect(close, "',' or the closing bracket")
    return
  }
}

class Scanner {
  readonly #text: string
  at = 0

  constructor (text: string) {
    this.#text = text
  }

  get isAtEnd (): boolean { return this.at >= this.#text.length }

  skip (pattern: RegExp): void {
    this.take(pattern)
  }

  /** Moves behind a text that matches, and returns the text. */
  take (pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const [found] = pattern.exec(this.#text) ?? []
    this.at += found?.length ?? 0
    return found
  }

  /** The same, where nothing else may be. @throws SyntaxError */
  expect (pattern: RegExp, what: string): string {
    const found = this.take(pattern)
    if (found !== undefined) return found
    throw new SyntaxError(`line ${this.#text.slice(0, this.at).split('\n').length} lacks ${what}`)
  }
}

/** Returns a string as TOML. */
export function tomlString (text: string): string {
  // JSON does not escape U+007F, which TOML forbids. All other escapes are the same.
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f')
}
