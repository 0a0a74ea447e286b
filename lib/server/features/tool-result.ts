// From what a tool's handler returns to the result of `tools/call`.
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { resolveToJson, toJson } from '../../protocol/encode.ts'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import { isContentBlock, textBlock } from '../call/content.ts'
import { toJsonValue } from '../schema/json-value.ts'
import type { CompiledSchema } from '../schema/schema.ts'
import type { InferOutput } from '../schema/infer.ts'
import type { Validation } from '../schema/validation.ts'
import { TextResult } from '../call/result.ts'

/** A whole result of a tool with an `outputSchema`: structured content that fits it, or what went wrong. */
export type ToolResult<Structured = unknown> =
  | {
    /** A value that fits the schema. */
    readonly structuredContent: Structured
    /** The same for a model to read. @default the structured content's JSON as text */
    readonly content?: ReadonlyArray<string | ContentBlock>
    /** Whether the call failed. @default false */
    readonly isError?: boolean
    /** What else clients are shown, unchanged. */
    readonly _meta?: { readonly [key: string]: unknown }
  }
  | {
    readonly isError: true
    readonly content: readonly ContentBlock[]
    readonly _meta?: { readonly [key: string]: unknown }
  }

/** What a tool's handler may return: with an `outputSchema` the bare value that it describes. */
export type ToolReturn<Output> = Output extends undefined
  ? string | ContentBlock | ReadonlyArray<string | ContentBlock> | CallToolResult
  : InferOutput<Output> | ToolResult<InferOutput<Output>>

declare const NEVER: unique symbol

/**
 * No value is one of these. A handler's return type names it so that TypeScript keeps the literals that are returned,
 * as in `{ type: 'text' }`: it would widen them for as long as it still infers the type of the schema.
 */
export interface LiteralKeeper {
  readonly [NEVER]: never
  readonly [key: string | number]: '' | 0 | boolean | LiteralKeeper
}

/** A handler returned something that cannot be made a result. The message is for the log. */
class UnusableResultError extends TypeError {
  override readonly name = 'UnusableResultError'
}

/** Makes the result of a tool without output schema. @throws UnusableResultError */
export function toPlainResult (returned: unknown): CallToolResult | TextResult {
  if (typeof returned === 'string') return new TextResult(returned)
  if (Array.isArray(returned)) return { content: returned.map(toBlock) }
  const value = resolveToJson(returned)
  if (isContentBlock(value)) return { content: [value] }
  const whole = toWholeResult(value)
  if (whole !== undefined) return whole.structuredContent === undefined ? whole : toCarriedResult(whole)
  throw new UnusableResultError(`${describe(returned)} was returned; ` +
    "return a string, a content block, an array of them, or a result with 'content'")
}

// No schema says what the structured content should be, but JSON must not change it.
function toCarriedResult (result: CallToolResult): CallToolResult {
  const sent = toJsonValue(result.structuredContent)
  if (sent.valid) return { ...result, structuredContent: sent.value as Record<string, unknown> }
  throw new UnusableResultError(`the structuredContent that was returned ${sent.problem}`)
}

/**
 * Makes the result of a tool with an output schema, and checks it. A result with `isError` needs no structured content,
 * and loses content that does not fit: older clients drop the whole error because of it.
 *
 * @throws UnusableResultError
 */
export function toStructuredResult (returned: unknown, schema: CompiledSchema): Structured | Promise<Structured> {
  const failed = isWireObject(returned) && returned.isError === true ? toWholeResult(returned) : undefined
  if (failed !== undefined) return toStructuredError(failed, schema)

  const whole = isWireObject(returned) && Object.hasOwn(returned, 'structuredContent') ? returned : undefined
  const validation = schema.validate(whole === undefined ? returned : whole.structuredContent)
  if (validation instanceof Promise) return validation.then((done) => structure(done, whole))
  return structure(validation, whole)
}

function toStructuredError (result: CallToolResult, schema: CompiledSchema): CallToolResult | Promise<CallToolResult> {
  const { structuredContent, ...rest } = result
  if (structuredContent === undefined) return result

  const decide = (validation: Validation): CallToolResult => validation.valid
    // Revision 2026-07-28 allows any JSON value. The type of the SDK allows objects only.
    ? { ...rest, structuredContent: validation.value as Record<string, unknown> }
    : rest
  const validation = schema.validate(structuredContent)
  return validation instanceof Promise ? validation.then(decide) : decide(validation)
}

type Structured = CallToolResult | TextResult

function structure (validation: Validation, whole: WireObject | undefined): Structured {
  if (!validation.valid) {
    throw new UnusableResultError(`what was returned does not fit the outputSchema: ${validation.problem}`)
  }

  // Revision 2026-07-28 allows any JSON value. The type of the SDK allows objects only.
  const structuredContent = validation.value as Record<string, unknown>
  if (whole !== undefined && Array.isArray(whole.content)) {
    return { ...whole, content: whole.content.map(toBlock), structuredContent: present(structuredContent) }
  }

  // The text repeats the value for clients that know no structured content.
  const text = present(toJson(structuredContent))
  if (whole === undefined) return new TextResult(text, { content: structuredContent })
  return { ...whole, content: [textBlock(text)], structuredContent }
}

// A schema that allows everything allows undefined, too, which JSON cannot carry.
function present<T> (value: T | undefined): T {
  if (value !== undefined) return value
  throw new UnusableResultError('undefined was returned; a tool with an outputSchema needs structured content')
}

/** Makes a result that tells the model what went wrong. */
export function errorResult (text: string): CallToolResult {
  return { content: [textBlock(text)], isError: true }
}

/** Removes what a client of a legacy revision would refuse: structured content that is no object. */
export function fitToLegacy (result: CallToolResult | TextResult): CallToolResult | TextResult {
  if (result instanceof TextResult) {
    const fits = result.structured === undefined || isWireObject(result.structured.content)
    return fits ? result : new TextResult(result.text)
  }
  if (result.structuredContent === undefined || isWireObject(result.structuredContent)) return result
  const { structuredContent, ...rest } = result
  return rest
}

function toWholeResult (value: unknown): CallToolResult | undefined {
  if (!isWireObject(value) || !Array.isArray(value.content)) return undefined
  if (isWhole(value)) return value
  const resolved = { ...value, content: value.content.map(resolveToJson) }
  return isWhole(resolved) ? resolved : undefined
}

function isWhole (value: { readonly content?: unknown }): value is CallToolResult {
  return Array.isArray(value.content) && value.content.every(isContentBlock)
}

function toBlock (item: unknown): ContentBlock {
  if (typeof item === 'string') return textBlock(item)
  const value = resolveToJson(item)
  if (isContentBlock(value)) return value
  throw new UnusableResultError(`${describe(item)} was returned in an array; ` +
    'each item must be a string or a content block')
}

function describe (value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return isWireObject(value) ? `an object with the keys [${Object.keys(value).join(', ')}]` : `a ${typeof value}`
}
