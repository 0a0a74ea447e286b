// Resources and resource templates: what they are, and how they are registered.
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

/** What a resource or template is, apart from its name, address and handler. */
export interface ResourceConfig<Lifespan = unknown> extends AccessConfig<Lifespan> {
  /** A name for people. */
  readonly title?: string
  /** What the resource holds, for the model. */
  readonly description?: string
  /** The type of the contents, where they do not say so themselves. */
  readonly mimeType?: string
  /** Bytes of the raw contents. */
  readonly size?: number
  /** For whom the resource is, how important, and when it changed. */
  readonly annotations?: Annotations
  /** Pictures for people, in several sizes. */
  readonly icons?: readonly Icon[]
  /**
   * How long and by whom the contents may be cached; those that not everybody may read are always private.
   * @default the server's `cache`, else { ttlMs: 0, scope: 'private' }
   */
  readonly cache?: CacheHint
  /** What else clients are shown, unchanged. */
  readonly _meta?: { readonly [key: string]: unknown }
}

/** One piece of contents; `uri` and `mimeType` are those of the resource where they are left out. */
export type ResourceContents = {
  readonly uri?: string
  readonly mimeType?: string
  readonly _meta?: { readonly [key: string]: unknown }
} &
  ({ readonly text: string } | { readonly blob: string })

/**
 * What a resource's handler may return: text, bytes, contents, an array of them, a whole result, or null when there is
 * no such resource.
 */
export type ResourceReturn =
  | null
  | string
  | Uint8Array
  | ResourceContents
  | readonly ResourceContents[]
  | { readonly contents: readonly ResourceContents[] }

/** Reads one resource. */
export type ResourceHandler<Lifespan> = (
  uri: URL, ctx: RequestContext<Lifespan>
) => ResourceReturn | InputRequired | Promise<ResourceReturn | InputRequired>

/** Reads any resource that a template stands for. */
export type TemplateHandler<Lifespan> = (
  uri: URL, variables: Variables, ctx: RequestContext<Lifespan>
) => ResourceReturn | InputRequired | Promise<ResourceReturn | InputRequired>

/** What can be changed of a registered resource. */
export type ResourceChanges = ResourceConfig & {
  /** The handler from now on. */
  readonly handler?: ResourceHandler<never>
}

/** What can be changed of a registered resource template. */
export type TemplateChanges = ResourceConfig & {
  /** The handler from now on. */
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

// Returns the key of a resource, and its URI for lists: as it was written, where that is valid.
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
  // A template of another package cannot be matched or completed.
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

/** Returns the resource that replaces another one. @throws as {@link createResource} */
export function updateResource (
  entry: StaticResource, { handler = entry.handler, ...changes }: ResourceChanges
): StaticResource {
  return createResource(entry.listed.name, entry.listed.uri, { ...entry.config, ...changes }, handler)
}

/** Returns the template that replaces another one. @throws as {@link createTemplate} */
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

/** Returns what lists show of a resource or template, apart from its name and address. */
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
