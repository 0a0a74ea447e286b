// Limits the size of the results of tools.
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { oneOf, required, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import { encodeJson } from '../protocol/encode.ts'
import { textBlock } from '../server/call/content.ts'
import { errorResult } from '../server/features/tool-result.ts'
import type { Hooks } from '../server/hooks.ts'
import { createMatcher, toolNames } from './options.ts'

/** Options of {@link limitResults}. */
export interface ResultLimitOptions {
  /**
   * How many bytes the content of a result may have, and how many the JSON of its structured content. Of texts, the
   * bytes of UTF-8 count; of images and other blobs, those of the base64.
   */
  readonly maxBytes: number
  /**
   * What becomes of larger results. `truncate` cuts their texts, and adds a note for the model. Images, other blobs
   * and structured content that the tool has promised by an `outputSchema` cannot be cut: such a result is refused.
   * `refuse` refuses all of them: the model gets a result with `isError` that asks it for less.
   * @default 'truncate'
   */
  readonly how?: 'truncate' | 'refuse'
  /** The tools whose results are limited. @default all tools */
  readonly tools?: readonly string[]
}

const RESULT_LIMIT = {
  maxBytes: required(whole()),
  how: oneOf('truncate', 'refuse'),
  tools: toolNames()
} satisfies TableOf<ResultLimitOptions>

/**
 * Limits the size of the results of tools, so that none of them fills the context of a model.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example server.use(limitResults({ maxBytes: 50_000 }))
 */
export function limitResults (options: ResultLimitOptions): Hooks {
  const { maxBytes, how = 'truncate', tools } = resolve(RESULT_LIMIT, options, 'limitResults.')
  const isLimited = createMatcher(tools)

  return {
    async callTool (ctx, next) {
      const result = await next()
      // A question to the client has no content.
      if (!('content' in result) || !isLimited(ctx.params.name)) return result
      const size = measure(result)
      if (size.content <= maxBytes && size.structured <= maxBytes) return result
      const fitted = how === 'truncate'
        ? truncate(result, size, { maxBytes, needsStructured: ctx.call.tool?.outputSchema !== undefined })
        : undefined
      return fitted ?? errorResult(refusal(Math.max(size.content, size.structured), maxBytes))
    }
  }
}

interface Size { readonly content: number, readonly structured: number }

function measure ({ content, structuredContent }: CallToolResult): Size {
  return {
    content: content.reduce((sum, block) => sum + bytesOf(block), 0),
    structured: structuredContent === undefined ? 0 : Buffer.byteLength(encodeJson(structuredContent))
  }
}

function bytesOf (block: ContentBlock): number {
  switch (block.type) {
    case 'text': return Buffer.byteLength(block.text)
    case 'image': case 'audio': return block.data.length
    case 'resource':
      return 'text' in block.resource ? Buffer.byteLength(block.resource.text) : block.resource.blob.length
    default: return Buffer.byteLength(encodeJson(block))
  }
}

function refusal (bytes: number, maxBytes: number): string {
  return `The result has ${bytes} bytes, and the limit is ${maxBytes}. Ask for less, such as fewer or smaller parts.`
}

interface Cut { readonly maxBytes: number, readonly needsStructured: boolean }

// Returns undefined for a result that cannot be cut.
function truncate (result: CallToolResult, size: Size, { maxBytes, needsStructured }: Cut): CallToolResult | undefined {
  const { structuredContent, ...rest } = result
  const isStructured = structuredContent !== undefined
  if (size.structured > maxBytes && needsStructured && result.isError !== true) return undefined
  const keepsStructured = isStructured && size.structured <= maxBytes
  const kept = keepsStructured ? { ...rest, structuredContent } : rest
  const notes: string[] = []
  if (isStructured && !keepsStructured) {
    notes.push(`The structured content of ${size.structured} bytes was left out; the limit is ${maxBytes}.`)
  }
  if (size.content > maxBytes) {
    notes.push(`The result was cut to ${maxBytes} of its ${size.content} bytes. Ask for less to see the rest.`)
  }
  const content = cutBlocks(result.content, maxBytes)
  return content && { ...kept, content: [...content, textBlock(`[${notes.join(' ')}]`)] }
}

// Texts are cut where the limit is, and what follows is left out. Returns undefined if anything else would be lost.
function cutBlocks (blocks: readonly ContentBlock[], maxBytes: number): ContentBlock[] | undefined {
  const kept: ContentBlock[] = []
  let left = maxBytes - blocks.reduce((sum, block) => sum + (isText(block) ? 0 : bytesOf(block)), 0)
  if (left < 0) return undefined
  for (const block of blocks) {
    if (!isText(block)) {
      kept.push(block)
      continue
    }
    const text = cutText(block.text, left)
    left -= Buffer.byteLength(text)
    if (text !== '') kept.push({ ...block, text })
  }
  return kept
}

function isText (block: ContentBlock): block is Extract<ContentBlock, { type: 'text' }> {
  return block.type === 'text'
}

// Bytes of UTF-8 that continue a character begin with 10.
function cutText (text: string, maxBytes: number): string {
  // Each UTF-16 unit has one byte of UTF-8 at least.
  const bytes = Buffer.from(text.slice(0, maxBytes + 1))
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && (bytes.readUInt8(end) & 0xC0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
