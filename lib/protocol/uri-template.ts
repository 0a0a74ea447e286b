// Parses URI templates (RFC 6570) into the nodes that uri-template-match.ts matches.
import { normalizeEscapes } from './uri.ts'

/** A parsed template. */
export interface UriTemplate {
  readonly variableNames: readonly string[]
  readonly nodes: readonly TemplateNode[]
}

export type TemplateNode = TextNode | SpanNode

/** A literal, or the operator's sign before a value. A URI may omit the nodes from this one up to `skipTo`. */
export interface TextNode { readonly kind: 'text', readonly text: string, readonly skipTo?: number }

/** One or more accepted characters: a value, or several values between separators. */
export interface SpanNode {
  readonly kind: 'span'
  readonly operator: Operator
  /** 1 at the code of each ASCII character that a value may contain. */
  readonly accepted: Uint8Array
  readonly variables: readonly TemplateVariable[]
}

export interface TemplateVariable { readonly name: string, readonly isExploded: boolean }

// While a template is being parsed, the nodes after a span are not known yet, and with them its accepted characters.
type RawNode = TextNode | (Omit<SpanNode, 'accepted'> & { readonly excluded: string })

interface Operator {
  readonly symbol: string
  readonly first: string
  readonly separator: string
  /** Whether each value follows its name: `name=value`. */
  readonly isNamed: boolean
  readonly excluded: string
}

// The text outside of expressions: RFC 6570 2.1, and the apostrophe (erratum 6937).
const LITERALS = /^(?:[!#-$&-;=?-[\]_a-z~\u0080-\uffff]|%[0-9a-f]{2})*$/i

// RFC 3986 3.1 and 3.2
const SCHEME_AND_AUTHORITY = /^[a-z][a-z0-9+.-]*:(?:\/\/(?:[^/?#{]|\{[^}]*\})*)?/i

// RFC 6570 2.3 and 2.4.2
const VARIABLE = /^((?:\w|%[0-9a-f]{2})+(?:\.(?:\w|%[0-9a-f]{2})+)*)(\*?)$/i

// RFC 6570 Appendix A. People write URIs without encoding them, so a value may contain all characters except those
// that can only belong to another part of the URI.
const SIMPLE: Operator = { symbol: '', first: '', separator: ',', isNamed: false, excluded: '/?#' }
const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['+', { symbol: '+', first: '', separator: ',', isNamed: false, excluded: '' }],
  ['#', { symbol: '#', first: '#', separator: ',', isNamed: false, excluded: '' }],
  ['.', { symbol: '.', first: '.', separator: '.', isNamed: false, excluded: '/?#' }],
  ['/', { symbol: '/', first: '/', separator: '/', isNamed: false, excluded: '?#' }],
  [';', { symbol: ';', first: ';', separator: ';', isNamed: true, excluded: '/?#' }],
  ['?', { symbol: '?', first: '?', separator: '&', isNamed: true, excluded: '#' }],
  ['&', { symbol: '&', first: '&', separator: '&', isNamed: true, excluded: '#' }]
])

/**
 * Parses a template of any level of RFC 6570, or says what is wrong with it. A prefix modifier (`{name:3}`) is refused,
 * because the whole value cannot be read from its beginning. A variable that occurs twice is refused, too.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6570
 */
export function parseUriTemplate (written: string): UriTemplate | { readonly problem: string } {
  const template = foldHead(written)
  const nodes: RawNode[] = []
  const names = new Set<string>()
  let position = 0
  while (position < template.length) {
    const open = template.indexOf('{', position)
    const literal = template.slice(position, open === -1 ? template.length : open)
    const text = LITERALS.test(literal) ? normalizeEscapes(literal) : undefined
    if (text === undefined) return { problem: findLiteralProblem(literal) }
    if (text !== '') nodes.push({ kind: 'text', text })
    if (open === -1) break

    const close = template.indexOf('}', open)
    if (close === -1) return { problem: "a '{' is not closed" }
    const problem = addExpression(template.slice(open + 1, close), nodes, names)
    if (problem !== undefined) return { problem }
    position = close + 1
  }
  return { variableNames: [...names], nodes: reserveDelimiters(nodes) }
}

/**
 * Returns the form in which templates are compared, or `undefined` for a text with a lone surrogate. The braces become
 * escapes in it, because some clients encode them.
 */
export function canonicalTemplate (template: string): string | undefined {
  return normalizeEscapes(foldHead(template))
}

// Writes scheme and authority as in a canonical URI, except for variables in them.
function foldHead (template: string): string {
  return template.replace(SCHEME_AND_AUTHORITY, normalizeHead)
}

function normalizeHead (head: string): string {
  if (head.includes('//') && !head.includes('{') && URL.canParse(`${head}/`)) {
    return new URL(`${head}/`).href.slice(0, -1)
  }
  const scheme = head.slice(0, head.indexOf(':') + 1).toLowerCase()
  const authority = head.slice(scheme.length)
  return scheme + (isCaseless(scheme) ? authority.replace(/\{[^}]*\}|[^{]+/g, lowerLiteral) : authority)
}

function lowerLiteral (part: string): string {
  return part.startsWith('{') ? part : part.toLowerCase()
}

// The URL Standard lower-cases the hosts of the schemes that it knows.
function isCaseless (scheme: string): boolean {
  return new URL(`${scheme}//A`).host === 'a'
}

function findLiteralProblem (literal: string): string {
  if (literal.includes('}')) return "a '}' closes nothing"
  return `'${literal}' has characters that must be percent-encoded in a URI`
}

function addExpression (expression: string, nodes: RawNode[], names: Set<string>): string | undefined {
  const operator = OPERATORS.get(expression.charAt(0)) ?? SIMPLE
  const list = expression.slice(operator.symbol.length)
  if (list === '') return `the expression '{${expression}}' is empty`
  if ('=,!@|'.includes(list.charAt(0))) return `the operator '${list.charAt(0)}' is reserved`

  const variables: TemplateVariable[] = []
  for (const spec of list.split(',')) {
    const [, name, explode] = VARIABLE.exec(spec) ?? []
    if (name === undefined) return findVariableProblem(spec)
    if (name === '__proto__') return "no variable may have the name '__proto__'"
    if (names.has(name)) return `the variable '${name}' stands twice`
    names.add(name)
    variables.push({ name, isExploded: explode === '*' })
  }

  if (operator.isNamed) addNamed(operator, variables, nodes)
  else addUnnamed(operator, variables, nodes)
  return undefined
}

function findVariableProblem (spec: string): string {
  return /:\d+$/.test(spec)
    ? `the value of '{${spec}}' cannot be read back, because its prefix modifier cuts it`
    : `'${spec}' is no variable name; letters, digits, '_' and '.' between them are allowed`
}

// Names tell the values apart, so one span matches all of them in any order. '{?a}{&b}' is one span, too.
function addNamed (operator: Operator, variables: readonly TemplateVariable[], nodes: RawNode[]): void {
  const last = nodes.at(-1)
  if (last?.kind === 'span' && continues(last.operator.symbol, operator.symbol)) {
    nodes[nodes.length - 1] = { ...last, variables: [...last.variables, ...variables] }
    return
  }
  nodes.push(
    { kind: 'text', text: operator.first, skipTo: nodes.length + 2 },
    { kind: 'span', operator, excluded: operator.excluded, variables }
  )
}

function continues (previous: string, symbol: string): boolean {
  return symbol === '&' ? previous === '?' || previous === '&' : symbol === ';' && previous === ';'
}

function addUnnamed (operator: Operator, variables: readonly TemplateVariable[], nodes: RawNode[]): void {
  const { first, separator, symbol, excluded } = operator
  const skipTo = nodes.length + 2 * variables.length - (first === '' ? 1 : 0)
  for (const [index, variable] of variables.entries()) {
    const text = index === 0 ? first : separator
    if (text !== '') nodes.push({ kind: 'text', text, skipTo })

    const mayHaveSeparator = variable.isExploded || (variables.length === 1 && symbol !== '/')
    nodes.push({
      kind: 'span',
      operator,
      excluded: mayHaveSeparator ? excluded : excluded + separator,
      variables: [variable]
    })
  }
}

// In '{+path}{?query}' a '?' ends the path, although a value of '+' could contain one. In '{id}{;version}' a ';' ends
// the id, in which it would have to be encoded.
function reserveDelimiters (nodes: readonly RawNode[]): TemplateNode[] {
  let later = ''
  let adjacent = ''
  return nodes.toReversed().map((node): TemplateNode => {
    if (node.kind === 'span') {
      const { excluded, ...span } = node
      return { ...span, accepted: acceptAllBut(excluded + later + (node.operator.excluded === '' ? '' : adjacent)) }
    }

    const isSign = node.skipTo !== undefined
    if (isSign && (node.text === '?' || node.text === '#')) later += node.text
    adjacent = isSign && (node.text === ';' || node.text === '&') ? node.text : ''
    return node
  }).reverse()
}

function acceptAllBut (excluded: string): Uint8Array {
  const accepted = new Uint8Array(128).fill(1)
  for (const character of excluded) accepted[character.charCodeAt(0)] = 0
  return accepted
}
