// Serves `resources/list`.
import type { Resource } from '@modelcontextprotocol/sdk/types.js'
import { isWireObject } from '../../protocol/message.ts'
import { canonicalUri, encodeUri } from '../../protocol/uri.ts'
import type { Call } from '../call/call.ts'
import { Pace } from '../call/pace.ts'
import { findListed } from '../lists/access.ts'
import type { ResourceSet } from './find-resource.ts'
import { listConfig } from './resource.ts'

/** Returns whether some template lists resources of its own. */
export function hasDynamicResources (resources: ResourceSet): boolean {
  return resources.templates.enabled.some(({ template }) => template.list !== undefined)
}

/**
 * Lists all resources that the caller sees: the registered ones, then those that each template lists, without
 * duplicates.
 */
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
