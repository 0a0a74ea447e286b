// Finds the resource or the template that a URI belongs to.
import { canonicalUri, normalizeEscapes } from '../../protocol/uri.ts'
import { Pace } from '../call/pace.ts'
import type { Collection, Entry } from '../lists/collection.ts'
import type { StaticResource, TemplateEntry } from './resource.ts'
import type { TemplateMatch } from './template.ts'

/** The resources of a server. */
export interface ResourceSet {
  readonly statics: Collection<StaticResource>
  readonly templates: Collection<TemplateEntry>
}

/** Returns whether any resource or template is restricted to some callers. */
export function isRestricted ({ statics, templates }: ResourceSet): boolean {
  return statics.isRestricted || templates.isRestricted
}

/** The resource or template that a URI belongs to. */
export type FoundResource = {
  /** The canonical form of the URI, which is the same for all spellings. */
  readonly canonical: string
  /** Whether it is the first match for every caller: no earlier match is hidden from this caller. */
  readonly isFirst: boolean
} & (
  | { readonly entry: StaticResource, readonly match?: never }
  | { readonly entry: TemplateEntry, readonly match: TemplateMatch }
)

/** How to search for a resource. */
export interface Search {
  /** Returns whether the caller sees an entry; hidden entries are skipped. @default every entry is seen */
  readonly sees?: ((entry: Entry) => Promise<boolean>) | undefined
  /** The pace of the request, shared by several searches. */
  readonly pace?: Pace
}

/** Finds a registered resource synchronously, which is enough for most requests. */
export function findStatic ({ statics }: ResourceSet, canonical: string | undefined): FoundResource | undefined {
  const entry = canonical === undefined ? undefined : statics.byKey.get(canonical)
  return entry && { entry, canonical: entry.key, isFirst: true }
}

const MAY_HAVE_DOT_SEGMENTS = /(?:\.|%2e){2}/i

/** Finds the resource, else the first template, that matches any spelling of a URI. */
export async function findResource (
  resources: ResourceSet, uri: string, { sees, pace = new Pace() }: Search = {}
): Promise<FoundResource | undefined> {
  const canonical = canonicalUri(uri)
  if (canonical === undefined) return undefined
  const resource = findStatic(resources, canonical)
  if (resource !== undefined && (sees === undefined || await sees(resource.entry))) return resource

  let isFirst = resource === undefined
  const unresolved = MAY_HAVE_DOT_SEGMENTS.test(uri) ? normalizeEscapes(uri) : undefined
  for (const entry of resources.templates.enabled) {
    // First match the URI with its dot segments, so that a path traversal is refused and not resolved.
    const literal = unresolved === undefined ? undefined : entry.template.match(unresolved)
    const match = literal ?? entry.template.match(canonical)
    if (match !== undefined) {
      if (sees === undefined || await sees(entry)) return { entry, match, canonical, isFirst }
      isFirst = false
    }
    await pace.rest()
  }
  return undefined
}
