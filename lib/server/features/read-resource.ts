// Serves `resources/read`.
import type { ReadResourceResult } from '@modelcontextprotocol/sdk/types.js'
import { invalidParams, RefusedError, type RpcError } from '../../errors.ts'
import { MAX_TEXT_LENGTH, shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { resolveToJson } from '../../protocol/encode.ts'
import { isWireObject } from '../../protocol/message.ts'
import { Method } from '../../protocol/methods.ts'
import { canonicalUri, MAX_URI_LENGTH } from '../../protocol/uri.ts'
import { cacheFields, keepPrivate, type CacheHint } from '../call/cache-hint.ts'
import type { Call } from '../call/call.ts'
import { isResourceContents } from '../call/content.ts'
import type { InputRequiredResult } from '../call/input-required.ts'
import { isVisible, requireScopes } from '../lists/access.ts'
import { findResource, findStatic, isRestricted, type FoundResource, type ResourceSet } from './find-resource.ts'
import type { ResourceHandler } from './resource.ts'

/** The contents of a resource, and how they may be cached. */
interface Contents {
  readonly result: ReadResourceResult
  readonly cache: CacheHint | undefined
  /** Whether other callers may get other contents for the same URI, or none. */
  readonly isCallerSpecific: boolean
}

/**
 * Serves `resources/read`.
 * @param fallback How contents may be cached if their resource has no `cache`.
 * @throws RpcError as {@link readContents}.
 */
export async function readResource (
  resources: ResourceSet, call: Call, fallback: CacheHint | undefined
): Promise<ReadResourceResult | InputRequiredResult> {
  try {
    const contents = await readContents(resources, call.message.params.uri, call)
    const { result, cache = fallback, isCallerSpecific } = contents
    return { ...result, ...cacheFields(call.caller.era, 'private', isCallerSpecific ? keepPrivate(cache) : cache) }
  } catch (error) {
    return await call.askBack(error)
  }
}

/**
 * Reads the resource that is registered for a URI, else the first template that matches.
 * @throws RpcError if nothing matches, the caller lacks a scope, or the handler fails.
 * @throws InputRequiredError if the handler asks the client.
 */
export async function readContents (resources: ResourceSet, uri: unknown, call: Call): Promise<Contents> {
  if (typeof uri !== 'string') throw invalidParams(`${Method.ResourcesRead} needs 'uri', a string`)
  const finding = findAdmittedResource(resources, uri, call)
  const found = finding instanceof Promise ? await finding : finding
  const { entry: { config, access } } = found
  const handler = bindHandler(found, uri, call)

  try {
    const returned = await call.run({ handler }, new URL(found.canonical))
    if (returned === null) throw notFound(uri, call)
    const result = toReadResult(returned, uri, config.mimeType)
    return { result, cache: config.cache, isCallerSpecific: access !== undefined || !found.isFirst }
  } catch (error) {
    throw call.explain(error, `reading resource ${uri}`)
  }
}

/**
 * Finds the resource or template of a URI, if the caller may read it.
 * @throws RpcError if nothing that the caller sees matches, or the caller lacks a scope.
 */
export function findAdmittedResource (
  resources: ResourceSet, uri: string, call: Call
): FoundResource | Promise<FoundResource> {
  if (uri.length > MAX_URI_LENGTH) throw invalidParams(`'uri' has more than ${MAX_URI_LENGTH} characters`)
  if (!isRestricted(resources)) {
    return findStatic(resources, canonicalUri(uri)) ?? findResource(resources, uri).then((found) => {
      return found ?? Promise.reject(notFound(uri, call))
    })
  }
  return findAmongRestricted(resources, uri, call)
}

async function findAmongRestricted (resources: ResourceSet, uri: string, call: Call): Promise<FoundResource> {
  const found = await findResource(resources, uri, { sees: (entry) => isVisible(entry, call) })
  if (found === undefined) throw notFound(uri, call)
  if (found.entry.access !== undefined) requireScopes([found.entry], call)
  return found
}

function bindHandler ({ entry, match }: FoundResource, uri: string, call: Call): ResourceHandler<never> {
  if (match === undefined) return entry.handler
  if ('variables' in match) return (url, ctx) => entry.handler(url, match.variables, ctx)
  call.channel.log.warn({ uri: shorten(uri), variable: match.unsafe },
    `resource refused: the value of '${match.unsafe}' is a path traversal; ` +
    "set 'allowUnsafeValues' of the template to accept it")
  throw notFound(uri, call)
}

// MCP 2026-07-28 changelog, Minor changes 6: earlier revisions use the code -32002.
function notFound (uri: string, { caller }: Call): RpcError {
  const code = caller.era === 'modern' ? ErrorCode.InvalidParams : ErrorCode.ResourceNotFound
  return new RefusedError(code, 'Resource not found', { uri: shorten(uri, MAX_TEXT_LENGTH) })
}

function toReadResult (returned: unknown, uri: string, mimeType: string | undefined): ReadResourceResult {
  const complete = (item: unknown): ReadResourceResult['contents'][number] => {
    const contents: unknown = { uri, ...(mimeType !== undefined && { mimeType }), ...toContents(item) }
    if (isResourceContents(contents)) return contents
    throw new TypeError("a resource must return text, bytes, or contents with 'text' or 'blob'")
  }
  if (isWireObject(returned) && Array.isArray(returned.contents)) {
    return { ...returned, contents: returned.contents.map(complete) }
  }
  return { contents: Array.isArray(returned) ? returned.map(complete) : [complete(returned)] }
}

function toContents (item: unknown): object {
  if (typeof item === 'string') return { text: item }
  if (item instanceof Uint8Array) {
    return { blob: Buffer.from(item.buffer, item.byteOffset, item.byteLength).toString('base64') }
  }
  return isWireObject(item) ? Object(resolveToJson(item)) : {}
}
