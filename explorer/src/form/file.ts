// Files as the values of a schema: which schemas ask for a file, and in which encoding.
import type { JsonSchema } from '../schema/json-schema.ts'

/** How a file is written as a text. */
export type FileEncoding = 'base64' | 'base64url' | 'data-uri'

const BASE64_FORMATS: ReadonlySet<unknown> = new Set(['byte', 'binary', 'base64'])
const DATA_URI_FORMATS: ReadonlySet<unknown> = new Set(['data-url', 'data-uri'])
// Texts of these types are typed in.
const TEXT_TYPES = /^text\/|[/+](?:json|xml|yaml)(?:;|$)|^application\/(?:javascript|sql)/

/** Finds out in which encoding a schema asks for a file; undefined if it asks for no file. */
export function fileEncodingOf (schema: JsonSchema): FileEncoding | undefined {
  const { type, format, contentEncoding, contentMediaType } = schema
  if (![type].flat().includes('string')) return undefined
  // JSON Schema 2020-12 validation 8.3
  if (contentEncoding === 'base64' || contentEncoding === 'base64url') return contentEncoding
  if (BASE64_FORMATS.has(format)) return 'base64'
  if (DATA_URI_FORMATS.has(format)) return 'data-uri'
  if (contentEncoding !== undefined || typeof contentMediaType !== 'string') return undefined
  return format === 'uri' || !TEXT_TYPES.test(contentMediaType) ? 'data-uri' : undefined
}

/** Writes a file as a schema asks for it. */
export async function encodeFile (file: File, schema: JsonSchema): Promise<string> {
  const uri = await readAsDataUri(file)
  const encoding = fileEncodingOf(itemOf(schema))
  if (encoding === 'data-uri') return uri
  const base64 = uri.slice(uri.indexOf(',') + 1)
  // RFC 4648 5
  return encoding === 'base64url' ? base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') : base64
}

// The browser encodes a file of megabytes faster than any code of the page.
function readAsDataUri (file: File): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const reader = new FileReader()
  reader.onload = () => { resolve(String(reader.result)) }
  reader.onerror = () => { reject(reader.error ?? new Error('unknown reason')) }
  reader.readAsDataURL(file)
  return promise
}

/** The attribute that lets the browser offer the files of the right type alone. */
export function acceptedTypes (schema: JsonSchema): { readonly accept?: string } {
  const { contentMediaType } = itemOf(schema)
  return typeof contentMediaType === 'string' ? { accept: contentMediaType } : {}
}

// Several files are the items of an array.
function itemOf (schema: JsonSchema): JsonSchema {
  return schema.type === 'array' ? Object(schema.items) : schema
}
