// The URL of a route as Fastify's router writes it, and the path of a request that leads to it.

/** A parameter of a path. */
export interface PathParam {
  /** The name under which a handler finds it in `request.params`: `*` for a wildcard. */
  readonly name: string
  /** Whether a request may leave it out. */
  readonly isOptional: boolean
}

/** The URL of a route: literal text and parameters, in order. */
export interface RoutePath {
  readonly pieces: ReadonlyArray<string | PathParam>
  readonly params: readonly PathParam[]
}

/** A value of a parameter, as text; undefined where an optional one is left out. */
export type PathValues = ReadonlyMap<string, string>

/** The name of the parameter that takes the rest of a path. */
export const WILDCARD = '*'

/**
 * The argument of that parameter. Providers of models take no other characters in the names of arguments than letters,
 * digits, '_', '.' and '-'.
 */
export const WILDCARD_ARGUMENT = 'path'

/** Reads the URL of a route: `/orders/:id`, `/at/:hour(^\\d+)h:minute`, `/files/*`, `/note/:id?`, `/a::b`. */
export function parsePath (url: string): RoutePath {
  const pieces: Array<string | PathParam> = []
  let literal = ''
  let index = 0

  const flush = (): void => {
    if (literal !== '') pieces.push(literal)
    literal = ''
  }
  while (index < url.length) {
    const char = url[index]
    if (char === ':' && url[index + 1] === ':') {
      literal += ':'
      index += 2
    } else if (char === ':') {
      flush()
      const { param, end } = readParam(url, index + 1)
      pieces.push(param)
      index = end
    } else if (char === WILDCARD) {
      flush()
      pieces.push({ name: WILDCARD, isOptional: false })
      index++
    } else {
      literal += char
      index++
    }
  }
  flush()
  return { pieces, params: pieces.filter((piece) => typeof piece !== 'string') }
}

function readParam (url: string, start: number): { readonly param: PathParam, readonly end: number } {
  const length = url.slice(start).search(/[-./(]|$/)
  const text = url.slice(start, start + length)
  const isOptional = text.endsWith('?')
  const end = start + length
  return {
    param: { name: isOptional ? text.slice(0, -1) : text, isOptional },
    end: url[end] === '(' ? findClosing(url, end) + 1 : end
  }
}

// The pattern of a parameter may hold parentheses of its own, and escaped ones.
function findClosing (url: string, open: number): number {
  let depth = 1
  for (let index = open + 1; index < url.length; index++) {
    const char = url[index]
    if (char === '\\') index++
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return index
  }
  return url.length
}

/**
 * Builds the path of a request. Values are percent-encoded, so that none of them changes which segments the path has;
 * that of a wildcard keeps its slashes.
 */
export function buildPath ({ pieces }: RoutePath, values: PathValues): string {
  let path = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      path += encodeURI(piece)
      continue
    }
    const value = values.get(piece.name)
    if (value === undefined) path = path.replace(/\/$/, '')
    else if (piece.name === WILDCARD) path += value.split('/').map(encode).join('/')
    else path += encode(value)
  }
  return path === '' ? '/' : path
}

/** Percent-encodes a text for a path or a query string. */
export function encode (text: string): string {
  return encodeURIComponent(toWellFormed(text))
}

/** Replaces lone surrogates, which have no UTF-8, by U+FFFD. */
export function toWellFormed (text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
