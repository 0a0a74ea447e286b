// What the server offers, as the list at the side shows it, and the search in it.
import { computed, signal } from '@preact/signals'
import { createMatcher } from '../parts/search-field.tsx'
import { visible } from '../parts/text.tsx'
import { tagsOf } from '../schema/tags.ts'
import { estimateTokens } from '../schema/tokens.ts'
import type { Connection } from '../state/connection.ts'
import { connection } from '../state/current.ts'
import type { Kind } from '../state/place.ts'

/** One line of the list. */
export interface Entry {
  readonly kind: Kind
  readonly name: string
  readonly label: string
  readonly note: string
  /** The text that is searched. */
  readonly text: string
  readonly tags: readonly string[]
  readonly tokens: number
  readonly isDestructive: boolean
}

/** The lines of one kind. */
export interface Group {
  readonly kind: Kind
  readonly title: string
  readonly entries: readonly Entry[]
}

const MAX_LINE = 120
const MAX_SEARCHED = 2000
const MAX_TAGS = 500

/** The words that the user looks for. */
export const search = signal('')

const groups = computed<readonly Group[] | undefined>(() => {
  const shown = connection.value
  return shown?.tools.value === undefined ? undefined : listGroups(shown)
})

/** The tags of all entries, in the order of the alphabet. */
export const allTags = computed<readonly string[]>(() => {
  const tags = new Set(groups.value?.flatMap(({ entries }) => entries.flatMap((entry) => entry.tags)))
  return [...tags].sort((one, other) => one.localeCompare(other)).slice(0, MAX_TAGS)
})

const chosenTag = signal('')

/** The tag that the user has chosen; empty if there is none, or if no entry has it any more. */
export const tag = computed(() => allTags.value.includes(chosenTag.value) ? chosenTag.value : '')

/** Chooses a tag. @param chosen Empty for all entries. */
export function chooseTag (chosen: string): void {
  chosenTag.value = chosen
}

/** The groups with the entries that have the tag and all words of the search; undefined until there are tools. */
export const foundGroups = computed<readonly Group[] | undefined>(() => {
  const matches = createMatcher(search.value)
  const isFound = ({ text, tags }: Entry): boolean => matches(text) && (tag.value === '' || tags.includes(tag.value))
  return groups.value?.map((group) => ({ ...group, entries: group.entries.filter(isFound) }))
})

/** The key of an entry among all of the list. */
export function keyOf ({ kind, name }: Pick<Entry, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

function listGroups ({ tools, resources, templates, prompts }: Connection): readonly Group[] {
  return [
    {
      kind: 'tool',
      title: 'Tools',
      entries: (tools.value ?? []).map((tool) => ({
        ...createEntry('tool', tool.name, tool), isDestructive: tool.annotations?.destructiveHint === true
      }))
    },
    {
      kind: 'resource',
      title: 'Resources',
      entries: (resources.value ?? []).map((resource) => createEntry('resource', resource.uri, resource))
    },
    {
      kind: 'template',
      title: 'Templates',
      entries: (templates.value ?? []).map((template) => createEntry('template', template.uriTemplate, template))
    },
    {
      kind: 'prompt',
      title: 'Prompts',
      entries: (prompts.value ?? []).map((prompt) => createEntry('prompt', prompt.name, prompt))
    }
  ]
}

interface Item {
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly _meta?: unknown
}

function createEntry (kind: Kind, name: string, item: Item): Entry {
  const { title, description = '' } = item
  const tags = tagsOf(item._meta)
  const hasUri = kind === 'resource' || kind === 'template'
  const label = hasUri ? title ?? item.name : name
  const note = hasUri ? name : title ?? description
  return {
    kind,
    name,
    label: visible(label.slice(0, MAX_LINE)),
    note: visible(note.slice(0, MAX_LINE)),
    text: `${name} ${title ?? ''} ${tags.join(' ')} ${description.slice(0, MAX_SEARCHED)}`.toLowerCase(),
    tags,
    tokens: estimateTokens(item),
    isDestructive: false
  }
}
