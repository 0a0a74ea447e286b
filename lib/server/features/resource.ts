// Resources and resource templates: their configuration, registration and listing.
import type { Annotations, Icon, Resource } from '@modelcontextprotocol/sdk/types.js'
import { canonicalUri, encodeUri, MAX_URI_LENGTH } from '../../protocol/uri.ts'
import { canonicalTemplate } from '../../protocol/uri-template.ts'
import { MCP_ERR_INVALID_DEFINITION } from '../../errors.ts'
import { kind, kindOf, object, string } from '../../options/checks.ts'
import type { TableOf } from '../../options/table.ts'
import { ACCESS, resolveAccess, type AccessConfig } from '../lists/access.ts'
import { checkConfig, icons } from './config-check.ts'
import type { Entry, Handle } from '../lists/collection.ts'
import type { InputRequired } from '../call/input-required.ts'
import type { RequestContext } from '../call/request-context.ts'
import { ResourceTemplate, type Variables } from './template.ts'
import { findCacheProblem, type CacheHint } from '../call/cache-hint.ts'

/** The configuration of a resource or resource template. */
export interface ResourceConfig<Lifespan = unknown> extends AccessConfig<Lifespan> {
  /** The name that users see. */
  readonly title?: string
  /** What the resource contains, for the model. */
  readonly description?: string
  /** The MIME type of contents that have none of their own. */
  readonly mimeType?: string
  /** The size of the raw contents in bytes. */
  readonly size?: number
  /** The audience of the resource, its priority, and the time of its last change. */
  readonly annotations?: Annotations
  /** Icons that user interfaces may show, in several sizes. */
  readonly icons?: readonly Icon[]
  /**
   * How long and by whom the contents may be cached. Contents that are restricted to some callers are always private.
   * @default the server's `cache`, else { ttlMs: 0, scope: 'private' }
   */
  readonly cache?: CacheHint
  /** Metadata that clients receive unchanged. */
  readonly _meta?: { readonly [key: string]: unknown }
}

/** One piece of contents. `uri` and `mimeType` default to those of the resource. */
export type ResourceContents = {
  readonly uri?: string
  readonly mimeType?: string
  readonly _meta?: { readonly [key: string]: unknown }
} &
  ({ readonly text: string } | { readonly blob: string })

/**
 * The return value of a resource's handler: text, bytes, contents, an array of contents, a whole result, or null if the
 * resource does not exist.
 */
export type ResourceReturn =
  | null
  | string
  | Uint8Array
  | ResourceContents
  | readonly ResourceContents[]
  | { readonly contents: readonly ResourceContents[] }

/** Reads a resource. */
export type ResourceHandler<Lifespan> = (
  uri: URL, ctx: RequestContext<Lifespan>
) => ResourceReturn | InputRequired | Promise<ResourceReturn | InputRequired>

/** Reads any resource that matches a template. */
export type TemplateHandler<Lifespan> = (
  uri: URL, variables: Variables, ctx: RequestContext<Lifespan>
) => ResourceReturn | InputRequired | Promise<ResourceReturn | InputRequired>

/** The changes that `update` accepts for a resource. */
export type ResourceChanges = ResourceConfig & {
  /** The new handler. */
  readonly handler?: ResourceHandler<never>
}

/** The changes that `update` accepts for a resource template. */
export type TemplateChanges = ResourceConfig & {
  /** The new handler. */
  readonly handler?: TemplateHandler<never>
}

/** Changes a registered resource. */
export type ResourceHandle = Handle<ResourceChanges>

/** Changes a registered resource template. */
export type TemplateHandle = Handle<TemplateChanges>

/** A registered resource. */
export interface StaticResource extends Entry {
  readonly config: ResourceConfig
  readonly handler: ResourceHandler<never>
  readonly listed: Resource
}

/** A registered resource template. */
export interface TemplateEntry extends Entry {
  readonly config: ResourceConfig
  readonly template: ResourceTemplate
  readonly handler: TemplateHandler<never>
  readonly listed: Omit<Resource, 'uri'> & { readonly uriTemplate: string }
}

const RESOURCE = {
  title: string(),
  description: string(),
  mimeType: string(),
  size: kindOf<number>('must be a whole number of bytes from 0',
    (value) => Number.isSafeInteger(value) && Number(value) >= 0)(),
  annotations: object<Annotations>(),
  icons: icons(),
  cache: kind<CacheHint>(findCacheProblem)(),
  _meta: object<{ readonly [key: string]: unknown }>(),
  ...ACCESS
} satisfies TableOf<ResourceConfig<never>>

/** Checks a resource. @throws MCP_ERR_INVALID_DEFINITION */
export function createResource (
  name: string, uri: string, config: ResourceConfig, handler: ResourceHandler<never>
): StaticResource {
  const label = `resource '${uri}'`
  const { key, listed } = readAddress(uri, label)
  checkResource(label, name, config, handler)
  const shown = { uri: listed, name, ...listConfig(config) }
  return { key, label, enabled: true, access: resolveAccess(config), config, handler, listed: shown }
}

// Returns the key of a resource, and its URI for lists, which keeps the author's spelling if that is valid.
function readAddress (uri: string, label: string): { readonly key: string, readonly listed: string } {
  const listed = encodeUri(uri)
  if (listed === undefined) {
    throw new MCP_ERR_INVALID_DEFINITION(label, "needs a URI of well-formed Unicode, in which '%' is written as '%25'")
  }
  const key = canonicalUri(listed)
  if (key !== undefined) return { key, listed }
  throw new MCP_ERR_INVALID_DEFINITION(label, listed.length > MAX_URI_LENGTH
    ? `needs a URI of at most ${MAX_URI_LENGTH} characters`
    : "needs an absolute URI, such as 'notes://all'")
}

/** Checks a resource template. @throws MCP_ERR_INVALID_DEFINITION */
export function createTemplate (
  name: string, template: ResourceTemplate, config: ResourceConfig, handler: TemplateHandler<never>
): TemplateEntry {
  // The ResourceTemplate of another package has no match() or completers.
  if (!(template instanceof ResourceTemplate)) {
    const problem = 'needs as its address a string or a ResourceTemplate of this package'
    throw new MCP_ERR_INVALID_DEFINITION(`resource '${name}'`, problem)
  }
  const { uriTemplate } = template
  const label = `resource template '${uriTemplate}'`
  if (!/^[a-z][a-z0-9+.-]*:/i.test(uriTemplate)) {
    throw new MCP_ERR_INVALID_DEFINITION(label, "must begin with a scheme, such as 'notes:'")
  }
  checkResource(label, name, config, handler)
  const access = resolveAccess(config)
  // The template has been parsed, so it has a canonical form.
  const key = canonicalTemplate(uriTemplate) as string
  const listed = { uriTemplate, name, ...listConfig(config) }
  return { key, label, enabled: true, access, config, template, handler, listed }
}

/** Returns a changed copy of a resource. @throws as {@link createResource} */
export function updateResource (
  entry: StaticResource, { handler = entry.handler, ...changes }: ResourceChanges
): StaticResource {
  return createResource(entry.listed.name, entry.listed.uri, { ...entry.config, ...changes }, handler)
}

/** Returns a changed copy of a resource template. @throws as {@link createTemplate} */
export function updateTemplate (
  entry: TemplateEntry, { handler = entry.handler, ...changes }: TemplateChanges
): TemplateEntry {
  return createTemplate(entry.listed.name, entry.template, { ...entry.config, ...changes }, handler)
}

function checkResource (label: string, name: unknown, config: ResourceConfig, handler: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a name: a string that is not empty')
  }
  checkConfig(label, config, RESOURCE)
  if (typeof handler !== 'function') throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a handler: a function')
}

/** Returns the fields of a resource or template that appear in lists, except its name and address. */
export function listConfig (config: ResourceConfig): Omit<Resource, 'uri' | 'name'> {
  const { title, description, mimeType, size, annotations, icons, _meta } = config
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(mimeType !== undefined && { mimeType }),
    ...(size !== undefined && { size }),
    ...(annotations !== undefined && { annotations }),
    ...(icons !== undefined && { icons: [...icons] }),
    ...(_meta !== undefined && { _meta })
  }
}
