// The parts of a server: its collections, and the lists that are made of them.
import type { Implementation, Resource } from '@modelcontextprotocol/sdk/types.js'
import { ChangeSource } from './change-source.ts'
import { Collection } from './lists/collection.ts'
import { EntryListing, type EntrySource } from './lists/entry-listing.ts'
import type { PageSource } from './lists/listing.ts'
import { isRestricted, type ResourceSet } from './features/find-resource.ts'
import type { Features } from './features/capabilities.ts'
import type { Prompt } from './features/prompt.ts'
import type { StaticResource, TemplateEntry } from './features/resource.ts'
import { ResultFinisher } from './call/result.ts'
import { cacheFields, keepPrivate, type CacheHint } from './call/cache-hint.ts'
import type { ResolvedServerOptions } from './options.ts'
import type { ListedTool, Tool } from './features/tool.ts'

/** The parts of a server. */
export interface ServerParts extends Features {
  readonly info: Implementation
  readonly instructions: string | undefined
  readonly cache: CacheHint | undefined
  readonly finisher: ResultFinisher
  readonly authorizeSubscription: ResolvedServerOptions['authorizeSubscription']
  /** Sends changes to the mounts. */
  readonly changes: ChangeSource
  /** Sends the warnings about later registrations to the mounts. */
  readonly warnings: ChangeSource<string>
  readonly lists: {
    readonly tools: EntryListing<Tool, Tool['listed']['modern']>
    readonly prompts: EntryListing<Prompt, Prompt['listed']>
    readonly resources: EntryListing<StaticResource, Resource>
    readonly templates: EntryListing<TemplateEntry, TemplateEntry['listed']>
  }
  /** The list of all resources, if templates list resources of their own. */
  readonly dynamicResources: PageSource<Resource>
}

/**
 * Makes the parts of a server on which nothing has been registered yet.
 * @param describe Returns how a tool is listed.
 */
export function createParts (
  info: Implementation, options: ResolvedServerOptions, describe: (tool: ListedTool) => ListedTool = (tool) => tool
): ServerParts {
  const { instructions, cache, pageSize, authorizeSubscription } = options
  const changes = new ChangeSource()
  const warnings = new ChangeSource<string>()
  const finisher = new ResultFinisher(info)
  const paging: Pick<EntrySource<never, never>, 'pageSize' | 'finish' | 'finishPrivate'> = {
    pageSize,
    finish: (page, era) => finisher.finish({ ...page, ...cacheFields(era, 'public', cache) }, era),
    finishPrivate: (page, era) => finisher.finish({ ...page, ...cacheFields(era, 'private', keepPrivate(cache)) }, era)
  }

  const changed = (kind: 'tools' | 'prompts' | 'resources', list: { drop (): void }): void => {
    list.drop()
    changes.emit({ kind })
  }
  const warn = (warning: string): void => warnings.emit(warning)
  const tools: Collection<Tool> = new Collection(() => changed('tools', lists.tools), warn)
  const prompts: Collection<Prompt> = new Collection(() => changed('prompts', lists.prompts), warn)
  const statics: Collection<StaticResource> = new Collection(() => changed('resources', lists.resources))
  const templates: Collection<TemplateEntry> = new Collection(() => changed('resources', lists.templates))
  const resources: ResourceSet = { statics, templates }
  const lists = {
    tools: new EntryListing({
      ...paging,
      field: 'tools',
      collection: tools,
      itemOf: ({ listed }, era) => describe(listed[era]),
      keyOf: ({ name }) => name
    }),
    prompts: new EntryListing({
      ...paging, field: 'prompts', collection: prompts, itemOf: ({ listed }) => listed, keyOf: ({ name }) => name
    }),
    resources: new EntryListing({
      ...paging, field: 'resources', collection: statics, itemOf: ({ listed }) => listed, keyOf: ({ uri }) => uri
    }),
    templates: new EntryListing({
      ...paging,
      field: 'resourceTemplates',
      collection: templates,
      itemOf: ({ listed }) => listed,
      keyOf: ({ uriTemplate }) => uriTemplate
    })
  }
  const dynamicResources: PageSource<Resource> = {
    pageSize,
    field: 'resources',
    keyOf: ({ uri }) => uri,
    // Templates may list different resources to different callers.
    finish: (page, era) => isRestricted(resources)
      ? paging.finishPrivate(page, era)
      : finisher.finish({ ...page, ...cacheFields(era, 'private', cache) }, era)
  }
  const features = { tools, prompts, resources, lists, dynamicResources }
  return { info, instructions, cache, finisher, authorizeSubscription, changes, warnings, ...features }
}
