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

/** Returns whether a resource or template is restricted to some callers. */
export function isRestricted ({ statics, templates }: ResourceSet): boolean {
  return statics.isRestricted || templates.isRestricted
}

/** The resource or template that a URI belongs to. */
export type FoundResource = {
  /** The canonical form of the URI, which is the same for all of its spellings. */
  readonly canonical: string
  /** Whether no entry that the caller does not see comes before it. */
  readonly isFirst: boolean
} & (
  | { readonly entry: StaticResource, readonly match?: never }
  | { readonly entry: TemplateEntry, readonly match: TemplateMatch }
)

/** How a resource is looked for. */
export interface Search {
  /** Returns whether the caller sees an entry; others are skipped. @default all are seen */
  readonly sees?: ((entry: Entry) => Promise<boolean>) | undefined
  /** The pace of the request; several searches share it. */
  readonly pace?: Pace
}

/** Finds a registered resource at once: most are open to everybody and registered one by one. */
export function findStatic ({ statics }: ResourceSet, canonical: string | undefined): FoundResource | undefined {
  const entry = canonical === undefined ? undefined : statics.byKey.get(canonical)
  return entry && { entry, canonical: entry.key, isFirst: true }
}

/** Finds the resource, else the first template, that a URI belongs to, however the URI is spelled. */
export async function findResource (
  resources: ResourceSet, uri: string, { sees, pace = new Pace() }: Search = {}
): Promise<FoundResource | undefined> {
  const canonical = canonicalUri(uri)
  if (canonical === undefined) return undefined
  const resource = findStatic(resources, canonical)
  if (resource !== undefined && (sees === undefined || await sees(resource.entry))) return resource

  let isFirst = resource === undefined
  const climbing = MAY_CLIMB.test(uri) ? normalizeEscapes(uri) : undefined
  for (const entry of resources.templates.enabled) {
    // The URI is matched as it is written first: a value that would climb out has to be refused, not resolved.
    const climbed = climbing === undefined ? undefined : entry.template.match(climbing)
    const match = climbed ?? entry.template.match(canonical)
    if (match !== undefined) {
      if (sees === undefined || await sees(entry)) return { entry, match, canonical, isFirst }
      isFirst = false
    }
    await pace.rest()
  }
  return undefined
}

const MAY_CLIMB = /(?:\.|%2e){2}/i
