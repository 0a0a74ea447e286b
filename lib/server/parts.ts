// What a server is made of: its collections, and the lists made of them.
import type { Implementation, Resource } from '@modelcontextprotocol/sdk/types.js'
import { ChangeSource } from './change-source.ts'
import { Collection } from './collection.ts'
import { Listing, type ListSource } from './listing.ts'
import type { Prompt } from './prompts.ts'
import type { ResourceSet, StaticResource, TemplateEntry } from './resources.ts'
import { cacheFields, ResultFinisher, type CacheHint } from './result.ts'
import type { McpServerOptions } from './server-options.ts'
import type { Tool } from './tools.ts'
import type { AuthorizeSubscription } from './watching.ts'

/** What a server is made of. */
export interface ServerParts {
  readonly info: Implementation
  readonly instructions: string | undefined
  readonly cache: CacheHint | undefined
  readonly finisher: ResultFinisher
  readonly authorizeSubscription: AuthorizeSubscription | undefined
  /** What changes, for the mounts. */
  readonly changes: ChangeSource
  readonly tools: Collection<Tool>
  readonly prompts: Collection<Prompt>
  readonly resources: ResourceSet
  readonly lists: {
    readonly tools: Listing<Tool['listed']['modern']>
    readonly prompts: Listing<Prompt['listed']>
    readonly resources: Listing<Resource>
    readonly templates: Listing<TemplateEntry['listed']>
  }
  /** The list of all resources where templates list some of their own. */
  readonly dynamicResources: ListSource<Resource>
}

const DEFAULT_PAGE_SIZE = 1000

/** Makes the parts of a server that has nothing yet. */
export function createParts (info: Implementation, options: McpServerOptions<unknown>): ServerParts {
  const { instructions, cache, pageSize = DEFAULT_PAGE_SIZE, authorizeSubscription } = options
  const changes = new ChangeSource()
  const finisher = new ResultFinisher(info)
  const source = <Item>(list: Pick<ListSource<Item>, 'field' | 'items' | 'keyOf'>, scope: 'public' | 'private' = 'public'): ListSource<Item> => ({
    ...list,
    pageSize,
    finish: (page, era) => finisher.finish({ ...page, ...cacheFields(era, scope, cache) }, era)
  })

  const changed = (kind: 'tools' | 'prompts' | 'resources', list: { drop (): void }): void => {
    list.drop()
    changes.emit({ kind })
  }
  const tools: Collection<Tool> = new Collection(() => changed('tools', lists.tools))
  const prompts: Collection<Prompt> = new Collection(() => changed('prompts', lists.prompts))
  const statics: Collection<StaticResource> = new Collection(() => changed('resources', lists.resources))
  const templates: Collection<TemplateEntry> = new Collection(() => changed('resources', lists.templates))
  const resourceList: Pick<ListSource<Resource>, 'field' | 'items' | 'keyOf'> = {
    field: 'resources', items: () => statics.enabled.map(({ listed }) => listed), keyOf: ({ uri }) => uri
  }
  const lists = {
    tools: new Listing(source({ field: 'tools', items: (era) => tools.enabled.map(({ listed }) => listed[era]), keyOf: ({ name }) => name })),
    prompts: new Listing(source({ field: 'prompts', items: () => prompts.enabled.map(({ listed }) => listed), keyOf: ({ name }) => name })),
    resources: new Listing(source(resourceList)),
    templates: new Listing(source({ field: 'resourceTemplates', items: () => templates.enabled.map(({ listed }) => listed), keyOf: ({ uriTemplate }) => uriTemplate }))
  }
  // What templates list may differ from caller to caller.
  const dynamicResources = source(resourceList, 'private')
  return { info, instructions, cache, finisher, authorizeSubscription, changes, tools, prompts, resources: { statics, templates }, lists, dynamicResources }
}
