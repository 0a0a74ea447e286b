// Content blocks, as handlers return them.
import type { ContentBlock, ReadResourceResult } from '@modelcontextprotocol/sdk/types.js'
import { isWireObject, type WireObject } from '../../protocol/message.ts'

// The fields without which a block of each type is unusable.
const NEEDED_FIELDS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['text', ['text']],
  ['image', ['data', 'mimeType']],
  ['audio', ['data', 'mimeType']],
  ['resource_link', ['uri', 'name']]
])

/** Whether a value is a content block (MCP 2026-07-28 tools, Tool Result). */
export function isContentBlock (value: unknown): value is ContentBlock {
  if (!isPlain(value)) return false
  if (value.type === 'resource') return isResourceContents(value.resource)
  return NEEDED_FIELDS.get(value.type)?.every((field) => typeof value[field] === 'string') === true
}

/** Whether a value has the fields of a resource's contents. */
export function isResourceContents (value: unknown): value is ReadResourceResult['contents'][number] {
  return isPlain(value) && typeof value.uri === 'string' &&
    (typeof value.text === 'string' || typeof value.blob === 'string')
}

// The JSON of a value with a `toJSON` method may be anything, so such a value has to be resolved first.
function isPlain (value: unknown): value is WireObject {
  return isWireObject(value) && typeof value.toJSON !== 'function'
}

/** Makes a text block. */
export function textBlock (text: string): ContentBlock {
  return { type: 'text', text }
}
