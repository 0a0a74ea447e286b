// Converts the return value of a tool's handler to the result of `tools/call`.
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { resolveToJson, toJson } from '../../protocol/encode.ts'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import { isContentBlock, textBlock } from '../call/content.ts'
import { toJsonValue } from '../schema/json-value.ts'
import type { CompiledSchema } from '../schema/schema.ts'
import type { InferOutput } from '../schema/infer.ts'
import type { Validation } from '../schema/validation.ts'
import { TextResult } from '../call/result.ts'

/** A whole result of a tool with an `outputSchema`: structured content that matches the schema, or an error. */
export type ToolResult<Structured = unknown> =
  | {
    /** A value that matches the schema. */
    readonly structuredContent: Structured
    /** The same value in a form that models read. @default the JSON of the structured content, as text */
    readonly content?: ReadonlyArray<string | ContentBlock>
    /** Whether the call failed. @default false */
    readonly isError?: boolean
    /** Metadata that clients receive unchanged. */
    readonly _meta?: { readonly [key: string]: unknown }
  }
  | {
    readonly isError: true
    readonly content: readonly ContentBlock[]
    readonly _meta?: { readonly [key: string]: unknown }
  }

/** The return value of a tool's handler. With an `outputSchema`, it may be the bare value that the schema describes. */
export type ToolReturn<Output> = Output extends undefined
  ? string | ContentBlock | ReadonlyArray<string | ContentBlock> | CallToolResult
  : InferOutput<Output> | ToolResult<InferOutput<Output>>

declare const NEVER: unique symbol

/**
 * A type without values. It is part of a handler's return type so that TypeScript keeps returned literals, as in
 * `{ type: 'text' }`; otherwise it widens them while it is still inferring the type of the schema.
 */
export interface LiteralKeeper {
  readonly [NEVER]: never
  readonly [key: string | number]: '' | 0 | boolean | LiteralKeeper
}

/** A handler returned a value that cannot be converted to a result. The message is for the log. */
class UnusableResultError extends TypeError {
  override readonly name = 'UnusableResultError'
}

/** Creates the result of a tool without an output schema. @throws UnusableResultError */
export function toPlainResult (returned: unknown): CallToolResult | TextResult {
  if (typeof returned === 'string') return new TextResult(returned)
  if (returned instanceof TextResult) return returned
  if (Array.isArray(returned)) return { content: returned.map(toBlock) }
  const value = resolveToJson(returned)
  if (isContentBlock(value)) return { content: [value] }
  const whole = toWholeResult(value)
  if (whole !== undefined) return whole.structuredContent === undefined ? whole : toUncheckedResult(whole)
  throw new UnusableResultError(`${describe(returned)} was returned; ` +
    "return a string, a content block, an array of them, or a result with 'content'")
}

// Without a schema, any structured content is valid that JSON can represent.
function toUncheckedResult (result: CallToolResult): CallToolResult {
  const sent = toJsonValue(result.structuredContent)
  if (sent.valid) return { ...result, structuredContent: sent.value as Record<string, unknown> }
  throw new UnusableResultError(`the returned structuredContent ${sent.problem}`)
}

/**
 * Creates the result of a tool with an output schema, and validates it. A result with `isError` needs no structured
 * content. If it has some that does not match the schema, it is removed, because older clients would reject the result.
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
    throw new UnusableResultError(`the return value does not match the outputSchema: ${validation.problem}`)
  }

  // Revision 2026-07-28 allows any JSON value. The type of the SDK allows objects only.
  const structuredContent = validation.value as Record<string, unknown>
  if (whole !== undefined && Array.isArray(whole.content)) {
    return { ...whole, content: whole.content.map(toBlock), structuredContent: requireDefined(structuredContent) }
  }

  // The text repeats the value for clients that do not support structured content.
  const text = requireDefined(toJson(structuredContent))
  if (whole === undefined) return new TextResult(text, { content: structuredContent })
  return { ...whole, content: [textBlock(text)], structuredContent }
}

// A schema that accepts every value also accepts undefined, which JSON cannot represent.
function requireDefined<T> (value: T | undefined): T {
  if (value !== undefined) return value
  throw new UnusableResultError('undefined was returned; a tool with an outputSchema needs structured content')
}

/** Creates a result that reports an error to the model. */
export function errorResult (text: string): CallToolResult {
  return { content: [textBlock(text)], isError: true }
}

/** Removes structured content that is not an object, which clients of legacy revisions would reject. */
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
