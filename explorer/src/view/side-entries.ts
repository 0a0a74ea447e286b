// What the server offers, as the list at the side shows it, and the search in it.
import { computed, signal } from '@preact/signals'
import { createMatcher } from '../parts/search-field.tsx'
import { visible } from '../parts/text.tsx'
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

/** The words that the user looks for. */
export const search = signal('')

const groups = computed<readonly Group[] | undefined>(() => {
  const shown = connection.value
  return shown?.tools.value === undefined ? undefined : listGroups(shown)
})

/** The groups with the entries that have all words of the search; undefined until there are tools. */
export const foundGroups = computed<readonly Group[] | undefined>(() => {
  const matches = createMatcher(search.value)
  return groups.value?.map((group) => ({ ...group, entries: group.entries.filter(({ text }) => matches(text)) }))
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
}

function createEntry (kind: Kind, name: string, item: Item): Entry {
  const { title, description = '' } = item
  const hasUri = kind === 'resource' || kind === 'template'
  const label = hasUri ? title ?? item.name : name
  const note = hasUri ? name : title ?? description
  return {
    kind,
    name,
    label: visible(label.slice(0, MAX_LINE)),
    note: visible(note.slice(0, MAX_LINE)),
    text: `${name} ${title ?? ''} ${description.slice(0, MAX_SEARCHED)}`.toLowerCase(),
    tokens: estimateTokens(item),
    isDestructive: false
  }
}
