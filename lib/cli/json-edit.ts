// Changes one entry of a JSON file and nothing else in it: comments, order and indentation stay.

import { isDeepStrictEqual } from 'node:util'

/** What a file may have in addition to JSON. */
export interface JsonDialect {
  /** Whether comments and trailing commas are allowed. */
  readonly comments: boolean
}

/** Where an entry is: the section, and the name in it. */
type EntryPath = readonly [section: string, name: string]

/** A member of an object in a text. */
interface Member {
  readonly key: string
  /** Where the value begins and ends. */
  readonly start: number
  readonly end: number
}

/** An object in a text. */
interface ObjectSpan {
  /** Where its brace opens, and where the closing one is. */
  readonly open: number
  readonly close: number
  readonly members: readonly Member[]
  /** Where the last member ends, without a comma after it; absent if there is none. */
  readonly lastEnd: number | undefined
  readonly hasTrailingComma: boolean
}

/**
 * Sets the value at `[section, name]` of a JSON text, and creates the section if there is none.
 * @throws SyntaxError if the text is not an object of the dialect, or the section is not an object.
 */
export function setEntry (text: string, path: EntryPath, value: object, dialect: JsonDialect): string {
  const changed = edit(text, path, value, dialect)
  if (!isOnlyChange(text, changed, { path, value, dialect })) throw new SyntaxError('it has a key twice')
  return changed
}

function edit (text: string, [section, name]: EntryPath, value: object, dialect: JsonDialect): string {
  if (text.trim() === '') return `${JSON.stringify({ [section]: { [name]: value } }, null, 2)}\n`
  const root = scan(text, dialect)
  const found = root.members.findLast(({ key }) => key === section)
  const unit = indentationOf(text, root)
  if (found === undefined) return insert(text, root, section, { [name]: value }, unit)
  const inner = scanObject(new Scanner(text, dialect, found.start))
  const old = inner.members.findLast(({ key }) => key === name)
  if (old === undefined) return insert(text, inner, name, value, unit)
  const indent = lineIndent(text, old.start)
  return `${text.slice(0, old.start)}${format(value, unit, indent)}${text.slice(old.end)}`
}

interface Entry {
  readonly path: EntryPath
  readonly value: object
  readonly dialect: JsonDialect
}

// Proves that nothing else in the file means something else than before.
function isOnlyChange (text: string, changed: string, { path: [section, name], value, dialect }: Entry): boolean {
  const before = text.trim() === '' ? {} : parseJson(text, dialect) as { readonly [key: string]: object }
  // Only the value is written: a number such as -0 would not survive that.
  const written: unknown = JSON.parse(JSON.stringify(value))
  const expected = { ...before, [section]: { ...before[section], [name]: written } }
  return isDeepStrictEqual(parseJson(changed, dialect), expected)
}

/** Parses a JSON text of a dialect. @throws SyntaxError */
export function parseJson (text: string, dialect: JsonDialect): unknown {
  if (!dialect.comments) return JSON.parse(text)
  const scanner = new Scanner(text, dialect, 0)
  return JSON.parse(scanner.strip())
}

function scan (text: string, dialect: JsonDialect): ObjectSpan {
  // Checks the whole text, so that the scanner may trust it.
  const value = parseJson(text, dialect)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('it is not an object')
  return scanObject(new Scanner(text, dialect, 0))
}

function scanObject (scanner: Scanner): ObjectSpan {
  const open = scanner.skipBlanks()
  if (scanner.text[open] !== '{') throw new SyntaxError('a section is not an object')
  scanner.at = open + 1
  const members: Member[] = []
  let hasTrailingComma = false
  while (scanner.text[scanner.skipBlanks()] !== '}') {
    const key = JSON.parse(scanner.takeValue()) as string
    scanner.skipBlanks()
    scanner.at++ // the colon
    const start = scanner.skipBlanks()
    scanner.takeValue()
    members.push({ key, start, end: scanner.at })
    hasTrailingComma = scanner.text[scanner.skipBlanks()] === ','
    if (hasTrailingComma) scanner.at++
  }
  return { open, close: scanner.at, members, lastEnd: members.at(-1)?.end, hasTrailingComma }
}

function insert (text: string, span: ObjectSpan, key: string, value: object, unit: string): string {
  const outer = lineIndent(text, span.open)
  const indent = outer + unit
  const member = `${JSON.stringify(key)}: ${format(value, unit, indent)}`
  if (span.lastEnd === undefined) {
    const inside = text.slice(span.open + 1, span.close).trimEnd()
    return `${text.slice(0, span.open + 1)}${inside}\n${indent}${member}\n${outer}${text.slice(span.close)}`
  }
  // Comments after the last member stay where they are, behind its comma.
  const tail = text.slice(span.lastEnd, span.close)
  const kept = span.hasTrailingComma ? tail : `,${tail}`
  return `${text.slice(0, span.lastEnd)}${kept.trimEnd()}\n${indent}${member}\n${outer}${text.slice(span.close)}`
}

function format (value: object, unit: string, indent: string): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', `\n${indent}`)
}

// The indentation of the first member, or two spaces.
function indentationOf (text: string, { members }: ObjectSpan): string {
  const [first] = members
  return first === undefined ? '  ' : lineIndent(text, first.start) || '  '
}

function lineIndent (text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1)
  return line.slice(0, line.search(/[^ \t]|$/))
}

/** Reads a text that is known to be valid. */
class Scanner {
  readonly text: string
  at: number
  readonly #hasComments: boolean

  constructor (text: string, { comments }: JsonDialect, at: number) {
    this.text = text
    this.#hasComments = comments
    this.at = at
  }

  /** Moves to the next character that is neither space nor in a comment. */
  skipBlanks (): number {
    const blanks = this.#hasComments ? /(?:\s|\ufeff|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y : /(?:\s|\ufeff)*/y
    blanks.lastIndex = this.at
    blanks.test(this.text)
    this.at = blanks.lastIndex
    return this.at
  }

  /** Moves behind a value, and returns its text. */
  takeValue (): string {
    const start = this.at
    let depth = 0
    do {
      this.skipBlanks()
      const token = this.#takeToken()
      if (token === '{' || token === '[') depth++
      if (token === '}' || token === ']') depth--
    } while (depth > 0)
    return this.text.slice(start, this.at)
  }

  /** Returns the text as plain JSON: comments and trailing commas are blanks. */
  strip (): string {
    let plain = ''
    let comma = ''
    for (this.skipBlanks(); this.at < this.text.length; this.skipBlanks()) {
      const token = this.#takeToken()
      if (token === '}' || token === ']') comma = ''
      plain += comma
      comma = token === ',' ? ',' : ''
      if (token !== ',') plain += `${token} `
    }
    return plain + comma
  }

  #takeToken (): string {
    const token = /"(?:[^"\\\n]|\\.)*"|[{}[\],:]|[^\s"{}[\],:/]+|[\s\S]/y
    token.lastIndex = this.at
    token.test(this.text)
    const text = this.text.slice(this.at, token.lastIndex)
    this.at += text.length
    return text
  }
}
