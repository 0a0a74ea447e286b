// Refuses '.' and '..' as values of path parameters. Code that appends such a value to a path would reach another
// resource.
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Refuse } from './refuse.ts'

const NAME = /:(\w+)/g
const ENCODED_ASCII = /%([0-7][\da-f])/gi
// URL parsers drop or trim these.
const IGNORED = /[\0-\x20]/g
// A value that is encoded more often than this is an attack.
const MAX_ENCODINGS = 8

const DOTS_REFUSED = "Invalid path: '.' and '..' are refused as values of its parameters"

/** Lists the names of a route's parameters, as in Fastify's `request.params`. */
export function listParamNames (path: string): readonly string[] {
  const names = Array.from(path.matchAll(NAME), ([, name = '']) => name)
  return path.includes('*') ? [...names, '*'] : names
}

/** Whether a path parameter of a request contains a segment '.' or '..', however it is encoded. */
export function hasDotSegment ({ params }: FastifyRequest, names: readonly string[]): boolean {
  // Fastify types `params` as unknown, and parses them from the path.
  const values = params as Readonly<Record<string, string>>
  return Object.entries(values).some(([name, value]) => names.includes(name) && isDotted(value))
}

/** Creates the hook that refuses such requests. Returns undefined for a path without parameters. */
export function createParamsHook (path: string, refuse: Refuse): onRequestHookHandler | undefined {
  const names = listParamNames(path)
  if (names.length === 0) return undefined

  return function onRequestParams (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    if (hasDotSegment(request, names)) refuse(reply, { status: 400, message: DOTS_REFUSED, reason: 'http' })
    else done()
  }
}

function isDotted (value: string): boolean {
  if (!value.includes('.') && !value.includes('%')) return false
  const decoded = decode(value)
  if (decoded === undefined) return true
  return decoded.replace(IGNORED, '').split(/[/\\]/).some((segment) => segment === '.' || segment === '..')
}

// Fastify has decoded the value once, but code that uses it may decode it again.
function decode (value: string): string | undefined {
  let text = value
  for (let round = 0; round < MAX_ENCODINGS; round++) {
    const decoded = text.replace(ENCODED_ASCII, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    if (decoded === text) return text
    text = decoded
  }
  return undefined
}
