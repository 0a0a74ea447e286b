// Matches a URI against a template and reads the values of its variables.
// The algorithm does not backtrack, so its time is linear in the length of the URI.
import { normalizeBounded } from './uri.ts'
import type { SpanNode, TemplateNode, TextNode, UriTemplate } from './uri-template.ts'

/** The values of a template's variables by name; that of an exploded variable (`{/segments*}`) is an array. */
export interface Variables { readonly [name: string]: string | string[] }

type Values = Record<string, string | string[]>

// 'https://example.com/?page=1' is the canonical form of 'https://example.com?page=1' (RFC 3986 6.2.3).
const ROOT_PATH = /^((?:https?|wss?|ftp):\/\/[^/?#]+)\/(?=[?#]|$)/i

/**
 * Returns the decoded values of a template's variables in a URI. Returns `undefined` if the template does not match the
 * whole URI, if a value is not properly percent-encoded, or if the URI has more than 8,192 characters.
 *
 * `{name}` and `{+name}` match one or more characters. A URI may omit an expression with another operator, and any
 * variable after the first of its expression; their values are then absent. Parameters (`{?a,b}`) match in any order.
 * If a URI can be matched in several ways, earlier variables take as much as they can without omitting the next one.
 */
export function matchUriTemplate ({ nodes }: UriTemplate, uri: string): Variables | undefined {
  const text = normalizeBounded(uri)
  return text === undefined ? undefined : matchText(nodes, text) ?? matchWithoutRoot(nodes, text)
}

function matchWithoutRoot (nodes: readonly TemplateNode[], text: string): Variables | undefined {
  const bare = text.replace(ROOT_PATH, '$1')
  return bare === text ? undefined : matchText(nodes, bare)
}

function matchText (nodes: readonly TemplateNode[], text: string): Variables | undefined {
  if (!beginsLike(nodes, text)) return undefined
  const table = findMatchingSuffixes(nodes, text)
  return table[0] === 1 ? readValues(nodes, text, table) : undefined
}

// Most URIs that do not match differ in the first literal, so that no table has to be made for them.
function beginsLike ([first]: readonly TemplateNode[], uri: string): boolean {
  return first?.kind !== 'text' || first.skipTo !== undefined || uri.startsWith(first.text)
}

// The table has a row for each node and a column for each position of the URI. A cell is 1 if the nodes from that one
// on match the URI from that position on.
function findMatchingSuffixes (nodes: readonly TemplateNode[], uri: string): Uint8Array {
  const width = uri.length + 1
  const table = new Uint8Array((nodes.length + 1) * width)
  table[table.length - 1] = 1
  for (const [index, node] of [...nodes.entries()].reverse()) {
    const start = index * width
    const row = table.subarray(start, start + width)
    const rest = table.subarray(start + width)
    if (node.kind === 'span') fillSpan(row, rest, node, uri)
    else fillText(row, rest, node, uri)
    if (node.kind === 'text' && node.skipTo !== undefined) addSkips(row, table.subarray(node.skipTo * width))
  }
  return table
}

// Here and below, `rest` is the part of the table that begins with the next node's row.
function fillSpan (row: Uint8Array, rest: Uint8Array, { accepted }: SpanNode, uri: string): void {
  let fits = 0
  for (let at = uri.length - 1; at >= 0; at--) {
    // A span can begin here if it continues or ends after this character. The casts hold, because a normalized URI is
    // ASCII and a row is longer than the URI.
    fits = (accepted[uri.charCodeAt(at)] as number) & (fits | (rest[at + 1] as number))
    row[at] = fits
  }
}

function fillText (row: Uint8Array, rest: Uint8Array, { text }: TextNode, uri: string): void {
  for (let at = uri.indexOf(text); at !== -1; at = uri.indexOf(text, at + 1)) {
    if (rest[at + text.length] === 1) row[at] = 1
  }
}

function addSkips (row: Uint8Array, target: Uint8Array): void {
  for (let at = 0; at < row.length; at++) {
    if (target[at] === 1) row[at] = 1
  }
}

function readValues (nodes: readonly TemplateNode[], uri: string, table: Uint8Array): Variables | undefined {
  const width = uri.length + 1
  // Without a prototype, an absent variable is undefined whatever its name is.
  const values: Values = Object.create(null)
  let at = 0
  let resumeAt = 0
  for (const [index, node] of nodes.entries()) {
    if (index < resumeAt) continue

    const rest = table.subarray((index + 1) * width)
    if (node.kind === 'span') {
      const end = findEnd(node, nodes[index + 1], uri, at, rest)
      if (!readSpan(node, uri.slice(at, end), values)) return undefined
      at = end
    } else if (node.skipTo === undefined || isTextAt(node, uri, at, rest)) {
      at += node.text.length
    } else {
      resumeAt = node.skipTo
    }
  }
  return values
}

// Returns the last position at which the rest of the template matches. It prefers a position at which an optional
// expression follows: otherwise '{name}{.extension}' would never find an extension.
function findEnd (
  node: SpanNode,
  after: TemplateNode | undefined,
  uri: string,
  start: number,
  rest: Uint8Array
): number {
  const sign = after?.kind === 'text' && after.skipTo !== undefined ? after : undefined
  const behindSign = rest.subarray(uri.length + 1)
  let end = start
  let signAt = start
  for (let at = start + 1; at <= uri.length && node.accepted[uri.charCodeAt(at - 1)] === 1; at++) {
    if (rest[at] === 1) end = at
    if (sign !== undefined && isTextAt(sign, uri, at, behindSign)) signAt = at
  }
  return signAt > start ? signAt : end
}

function isTextAt ({ text }: TextNode, uri: string, at: number, rest: Uint8Array): boolean {
  return uri.startsWith(text, at) && rest[at + text.length] === 1
}

function readSpan ({ operator, variables }: SpanNode, text: string, values: Values): boolean {
  if (operator.isNamed) {
    return text.split(operator.separator).every((parameter) => readParameter(parameter, variables, values))
  }
  return variables.every(({ name, isExploded }) => {
    const value = isExploded ? decodeAll(text.split(operator.separator)) : decode(text)
    if (value === undefined) return false
    values[name] = value
    return true
  })
}

function readParameter (parameter: string, variables: SpanNode['variables'], values: Values): boolean {
  const equals = parameter.indexOf('=')
  const name = equals === -1 ? parameter : parameter.slice(0, equals)
  const variable = variables.find((candidate) => candidate.name === name)
  const value = equals === -1 ? '' : decode(parameter.slice(equals + 1))
  if (variable === undefined || value === undefined) return false

  const before = values[name]
  if (Array.isArray(before)) before.push(value)
  else if (before !== undefined) return false
  else values[name] = variable.isExploded ? [value] : value
  return true
}

function decodeAll (encoded: readonly string[]): string[] | undefined {
  const decoded = encoded.map(decode).filter((value) => value !== undefined)
  return decoded.length === encoded.length ? decoded : undefined
}

function decode (encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}
