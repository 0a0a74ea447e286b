// Parses regular expressions into trees. The patterns compile with the flag 'u', so they have no syntax errors.

/** A pattern, or a part of one. */
export type PatternNode =
  | { readonly kind: 'character', readonly source: string }
  | { readonly kind: 'sequence', readonly nodes: readonly PatternNode[] }
  | { readonly kind: 'choice', readonly nodes: readonly PatternNode[] }
  | Repetition
  | { readonly kind: 'group', readonly node: PatternNode, readonly names: readonly string[] }
  | { readonly kind: 'look', readonly node: PatternNode, readonly isNegative: boolean }
  | { readonly kind: 'edge', readonly source: string }
  | { readonly kind: 'reference', readonly name: string }

/** A part with a quantifier. */
export interface Repetition extends Range {
  readonly kind: 'repeat'
  readonly node: PatternNode
}

interface Range {
  readonly min: number
  readonly max: number
  readonly isLazy: boolean
}

// A quantifier, the start of a group, an escape, a class, or any other character.
const TOKEN = new RegExp([
  /[*+?]\??|\{\d+(?:,\d*)?\}\??/,
  /\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?/,
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[dD][89abAB]..\\u....|u....|x..|c.|k<[^>]*>|[1-9]\d*|[^])/,
  /\[(?:\\[^]|[^\]\\])*\]/,
  /[^]/
].map(({ source }) => source).join('|'), 'gu')
const QUANTIFIER = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)$/
const NOTHING: PatternNode = { kind: 'sequence', nodes: [] }

/** Parses a pattern. */
export function parsePattern (pattern: string): PatternNode {
  const tokens = Array.from(pattern.matchAll(TOKEN), ([token]) => token)
  let at = 0
  let groups = 0

  function readChoice (): PatternNode {
    const nodes = [readSequence()]
    while (tokens[at] === '|') {
      at++
      nodes.push(readSequence())
    }
    return join('choice', nodes)
  }

  function readSequence (): PatternNode {
    const nodes: PatternNode[] = []
    for (let token = tokens[at]; token !== undefined && token !== '|' && token !== ')'; token = tokens[at]) {
      at++
      nodes.push(readRepetition(readAtom(token)))
    }
    return join('sequence', nodes)
  }

  function readAtom (token: string): PatternNode {
    if (token.startsWith('(')) return readGroup(token)
    if (/^(?:\^|\$|\\[bB])$/.test(token)) return { kind: 'edge', source: token }
    const name = /^\\(?:k<(?=.*>$)|(?=[1-9]))([^>]*)>?$/.exec(token)?.[1]
    return name === undefined ? { kind: 'character', source: token } : { kind: 'reference', name }
  }

  function readGroup (token: string): PatternNode {
    const isCapturing = /^\((?:\?<[^=!]|$)/.test(token)
    // A named group also has a number.
    const names = isCapturing ? [String(++groups), token.slice(3, -1)] : []
    const node = readChoice()
    at++
    if (isCapturing) return { kind: 'group', node, names }
    // A lookbehind is assumed to match.
    if (token.startsWith('(?<')) return NOTHING
    return /[=!]$/.test(token) ? { kind: 'look', node, isNegative: token.endsWith('!') } : node
  }

  function readRepetition (node: PatternNode): PatternNode {
    const range = readRange(tokens[at])
    if (range === undefined) return node
    at++
    return { kind: 'repeat', node, ...range }
  }

  return readChoice()
}

/** Returns the direct children of a part. */
export function partsOf (node: PatternNode): readonly PatternNode[] {
  if ('nodes' in node) return node.nodes
  return 'node' in node ? [node.node] : []
}

/** Returns a part and all its descendants. */
export function allPartsOf (node: PatternNode): PatternNode[] {
  return [node, ...partsOf(node).flatMap(allPartsOf)]
}

function readRange (token = ''): Range | undefined {
  const found = QUANTIFIER.exec(token)
  if (found === null) return undefined
  const [, sign, low, comma, high, lazy] = found
  const isLazy = lazy === '?'
  if (sign !== undefined) return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity, isLazy }
  return { min: Number(low), max: Number(comma === '' ? low : high || Infinity), isLazy }
}

function join (kind: 'sequence' | 'choice', nodes: readonly PatternNode[]): PatternNode {
  const [first = NOTHING, ...others] = nodes
  return others.length === 0 ? first : { kind, nodes }
}
