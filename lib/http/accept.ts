// The kinds of reply that a client takes, by its Accept header.

/** The kinds of reply a client takes. */
export interface Accepted { readonly json: boolean, readonly stream: boolean }

const BOTH: Accepted = Object.freeze({ json: true, stream: true })
const JSON_ONLY: Accepted = Object.freeze({ json: true, stream: false })
const STREAM_ONLY: Accepted = Object.freeze({ json: false, stream: true })
const NEITHER: Accepted = Object.freeze({ json: false, stream: false })

/** Whether a client takes a stream where every reply is one. Without a header, or with a wildcard, it does. */
export function takesStream (header: string | undefined): boolean {
  return header === undefined || header.includes('*/*') || readAccept(header).stream
}

/**
 * Reads an Accept header (RFC 9110 12.5.1) leniently: many clients send none or a bare wildcard, and mean JSON.
 * Weights are not compared, but a type of weight 0 is not taken.
 */
export function readAccept (header: string | undefined): Accepted {
  if (header === undefined || header === '*/*' || header === 'application/json') return JSON_ONLY
  if (header === 'application/json, text/event-stream') return BOTH

  const ranges = header.toLowerCase().split(',').filter((range) => !/;\s*q=0(\.0*)?\s*$/.test(range))
  const types = ranges.map((range) => range.split(';', 1).join().trim())
  const stream = types.includes('text/event-stream') || types.includes('text/*')
  const json = types.some((type) => type === 'application/json' || type === 'application/*' || type === '*/*')
  if (stream) return json ? BOTH : STREAM_ONLY
  return json || header.trim() === '' ? JSON_ONLY : NEITHER
}
