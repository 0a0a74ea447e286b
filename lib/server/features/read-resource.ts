// How resources are listed and read.
import type { ReadResourceResult, Resource } from '@modelcontextprotocol/sdk/types.js'
import { invalidParams, RefusedError, type RpcError } from '../../errors.ts'
import { MAX_TEXT_LENGTH, shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { resolveToJson } from '../../protocol/json.ts'
import { isWireObject } from '../../protocol/message.ts'
import { canonicalUri, encodeUri, MAX_URI_LENGTH, normalizeEscapes } from '../../protocol/uri.ts'
import { findListed, isVisible, requireScopes } from '../lists/access.ts'
import type { Call } from '../call/call.ts'
import type { Collection, Entry } from '../lists/collection.ts'
import { isResourceContents } from '../call/content.ts'
import { Pace } from '../call/pace.ts'
import type { TemplateMatch } from './template.ts'
import { listConfig, type ResourceHandler, type StaticResource, type TemplateEntry } from './resource.ts'
import type { CacheHint } from '../call/cache-hint.ts'

/** The resources that can be read by a server. */
export interface ResourceSet { readonly statics: Collection<StaticResource>, readonly templates: Collection<TemplateEntry> }

/** Tells whether a list of the resources has to ask templates for theirs. */
export function hasDynamicResources (resources: ResourceSet): boolean {
  return resources.templates.enabled.some(({ template }) => template.list !== undefined)
}

/** Tells whether a resource or template is kept from some callers. */
export function isRestricted ({ statics, templates }: ResourceSet): boolean {
  return statics.isRestricted || templates.isRestricted
}

/** All resources that the caller sees: those registered, then what each template lists. What stands twice is listed once. */
export async function listResources ({ statics, templates }: ResourceSet, call: Call): Promise<Resource[]> {
  const listed = new Map<string, Resource>((await findListed(statics, call)).map((entry) => [entry.key, entry.listed]))
  const pace = new Pace()
  for (const { template, config, label } of await findListed(templates, call)) {
    const items = await call.attempt(`listing ${label}`, async () => toResources(await template.list?.(call.ctx)))
    for (const item of items) {
      await pace.rest()
      const key = canonicalUri(item.uri) ?? item.uri
      if (!listed.has(key)) listed.set(key, { ...listConfig(config), ...item, uri: encodeUri(item.uri) ?? item.uri })
    }
  }
  return [...listed.values()]
}

function toResources (returned: unknown): readonly Resource[] {
  const items: unknown = isWireObject(returned) ? returned.resources : returned ?? []
  if (Array.isArray(items) && items.every(isResource)) return items
  throw new TypeError("a template's list must return an array of resources, each with a 'uri' and a 'name'")
}

function isResource (value: unknown): value is Resource {
  return isWireObject(value) && typeof value.uri === 'string' && typeof value.name === 'string'
}

/** What was read, and how it may be cached. */
export interface ReadResource {
  readonly result: ReadResourceResult
  readonly cache: CacheHint | undefined
  /** Whether others read something else by the URI, or nothing. */
  readonly isOwn: boolean
}

/**
 * Reads a resource: the one registered for the URI, else the first template that matches.
 * @throws RpcError when there is none, the caller lacks a scope, or the handler failed.
 */
export async function readResource (resources: ResourceSet, uri: unknown, call: Call): Promise<ReadResource> {
  if (typeof uri !== 'string') throw invalidParams("resources/read needs 'uri', a string")
  if (uri.length > MAX_URI_LENGTH) throw invalidParams(`'uri' has more than ${MAX_URI_LENGTH} characters`)
  const found = isRestricted(resources)
    ? await findResource(resources, uri, { sees: (entry) => isVisible(entry, call) })
    : findStatic(resources, canonicalUri(uri)) ?? await findResource(resources, uri)
  if (found === undefined) throw notFound(uri, call)
  const { entry: { config, access } } = found
  if (access !== undefined) requireScopes([found.entry], call)
  const handler = bindHandler(found, uri, call)

  try {
    const returned = await call.run({ handler }, new URL(found.canonical))
    if (returned === null) throw notFound(uri, call)
    const result = toReadResult(returned, uri, config.mimeType)
    return { result, cache: config.cache, isOwn: access !== undefined || !found.isFirst }
  } catch (error) {
    throw call.explain(error, `reading resource ${uri}`)
  }
}

/** The resource or template that a URI belongs to. */
export type FoundResource = {
  /** The URI as all of its spellings are written. */
  readonly canonical: string
  /** Whether there was none before it that the caller does not see. */
  readonly isFirst: boolean
} & (
  | { readonly entry: StaticResource, readonly match?: never }
  | { readonly entry: TemplateEntry, readonly match: TemplateMatch }
)

/** How a resource is looked for. */
export interface Search {
  /** Tells whether the caller sees an entry: what it does not see is passed over. @default everything is seen */
  readonly sees?: ((entry: Entry) => Promise<boolean>) | undefined
  /** The pace of the request; several searches share it. */
  readonly pace?: Pace
}

// At once, because most resources are open to everybody and registered one by one.
function findStatic ({ statics }: ResourceSet, canonical: string | undefined): FoundResource | undefined {
  const entry = canonical === undefined ? undefined : statics.get(canonical)
  return entry && { entry, canonical: entry.key, isFirst: true }
}

/** Finds the resource, else the first template, that a URI belongs to, however the URI is spelled. */
export async function findResource (resources: ResourceSet, uri: string, { sees, pace = new Pace() }: Search = {}): Promise<FoundResource | undefined> {
  const canonical = canonicalUri(uri)
  if (canonical === undefined) return undefined
  const resource = findStatic(resources, canonical)
  if (resource !== undefined && (sees === undefined || await sees(resource.entry))) return resource

  let isFirst = resource === undefined
  const climbing = MAY_CLIMB.test(uri) ? normalizeEscapes(uri) : undefined
  for (const entry of resources.templates.enabled) {
    // First as it is written: a value that would climb out is to be refused, not resolved.
    const match = (climbing === undefined ? undefined : entry.template.match(climbing)) ?? entry.template.match(canonical)
    if (match !== undefined) {
      if (sees === undefined || await sees(entry)) return { entry, match, canonical, isFirst }
      isFirst = false
    }
    await pace.rest()
  }
  return undefined
}

const MAY_CLIMB = /(?:\.|%2e){2}/i

function bindHandler ({ entry, match }: FoundResource, uri: string, call: Call): ResourceHandler<never> {
  if (match === undefined) return entry.handler
  if ('variables' in match) return (url, ctx) => entry.handler(url, match.variables, ctx)
  call.channel.log.warn({ uri: shorten(uri), variable: match.unsafe }, `resource refused: the value of '${match.unsafe}' climbs out of the template; 'allowUnsafeValues' would let it pass`)
  throw notFound(uri, call)
}

// MCP 2026-07-28 changelog, Minor changes 6: the code was -32002 before.
function notFound (uri: string, { caller }: Call): RpcError {
  return new RefusedError(caller.era === 'modern' ? ErrorCode.InvalidParams : ErrorCode.ResourceNotFound, 'Resource not found', { uri: shorten(uri, MAX_TEXT_LENGTH) })
}

type Contents = ReadResourceResult['contents'][number]

function toReadResult (returned: unknown, uri: string, mimeType: string | undefined): ReadResourceResult {
  const complete = (item: unknown): Contents => {
    const contents: unknown = { uri, ...(mimeType !== undefined && { mimeType }), ...toContents(item) }
    if (isResourceContents(contents)) return contents
    throw new TypeError("a resource must return text, bytes, or contents with 'text' or 'blob'")
  }
  if (isWireObject(returned) && Array.isArray(returned.contents)) return { ...returned, contents: returned.contents.map(complete) }
  return { contents: Array.isArray(returned) ? returned.map(complete) : [complete(returned)] }
}

function toContents (item: unknown): object {
  if (typeof item === 'string') return { text: item }
  if (item instanceof Uint8Array) return { blob: Buffer.from(item.buffer, item.byteOffset, item.byteLength).toString('base64') }
  return isWireObject(item) ? Object(resolveToJson(item)) : {}
}
