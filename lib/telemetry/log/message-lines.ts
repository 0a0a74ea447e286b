// Describes each message that a client and a server exchange, for the log.
import { shorten } from '../../protocol/bounds.ts'
import { isWireObject, parseJson } from '../../protocol/message.ts'
import type { WireEvent } from '../events.ts'

/** A line of the log: its fields, and its text. */
export type Line = readonly [fields: object, text: string]

/** The longest body that is logged, in bytes. */
const MAX_BODY = 16_384

/** The longest batch whose messages are lines of their own. A client could fill the log with a longer one. */
const MAX_BATCH = 100

/** Redacts a body, which is a copy. */
type ReadBody = (message: unknown) => unknown

/** Describes the messages of an event: one, or those of a batch. @param readBody Absent if bodies are not logged. */
export function describeMessages ({ direction, transport, text }: WireEvent, readBody: ReadBody | undefined): Line[] {
  const parsed = parseJson(text)
  const isBatch = Array.isArray(parsed) && parsed.length <= MAX_BATCH
  const messages: readonly unknown[] = isBatch ? parsed : [parsed]
  return messages.map((message) => {
    const bytes = Buffer.byteLength(isBatch ? JSON.stringify(message) : text)
    const head = readHead(message)
    const fields = {
      direction,
      ...head,
      bytes,
      transport,
      ...(readBody !== undefined && bytes <= MAX_BODY && { body: readBody(message) })
    }
    return [fields, `${direction}: ${head.method ?? head.kind}`]
  })
}

interface Head {
  readonly kind: 'request' | 'notification' | 'result' | 'error' | 'unknown'
  readonly method?: string
  readonly id?: string | number
  readonly code?: number
}

// A message from a client may be anything.
function readHead (message: unknown): Head {
  if (!isWireObject(message)) return { kind: 'unknown' }
  const { id, method, error } = message
  const code = isWireObject(error) ? error.code : undefined
  const known = {
    ...(typeof method === 'string' && { method: shorten(method) }),
    ...(typeof id === 'number' && { id }),
    ...(typeof id === 'string' && { id: shorten(id) })
  }
  if (method !== undefined) return { kind: id === undefined ? 'notification' : 'request', ...known }
  if ('result' in message) return { kind: 'result', ...known }
  if (error === undefined) return { kind: 'unknown', ...known }
  return { kind: 'error', ...known, ...(typeof code === 'number' && { code }) }
}
