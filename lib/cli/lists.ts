// Reads all pages of the protocol's lists.
import { Method } from '../protocol/methods.ts'
import { Failure } from './command.ts'

/** An item of a list: a tool, a prompt, a resource or a template. */
export interface Item { readonly name: string, readonly [field: string]: unknown }

/** The result of any method. */
export interface Result { readonly [field: string]: unknown }

/** The name of the list in the result of each list method. */
const LISTS = Object.freeze({
  [Method.ToolsList]: 'tools',
  [Method.PromptsList]: 'prompts',
  [Method.ResourcesList]: 'resources',
  [Method.ResourceTemplatesList]: 'resourceTemplates'
})

/** A method that returns a list. */
export type ListMethod = keyof typeof LISTS

// A list without an end would be read for ever.
const MAX_PAGES = 1000

/**
 * Resolves to the items of all pages of a list.
 * @param ask Requests one page.
 * @throws Failure if there are too many pages, and whatever `ask` throws.
 */
export async function listAll (method: ListMethod, ask: (params: Result) => Promise<object>): Promise<readonly Item[]> {
  const items: Item[] = []
  let cursor: unknown
  for (let page = 0; page < MAX_PAGES; page++) {
    const result = await ask(cursor === undefined ? {} : { cursor }) as Result
    items.push(...(result[LISTS[method]] ?? []) as readonly Item[])
    cursor = result.nextCursor
    if (cursor === undefined) return items
  }
  throw new Failure(
    `${method} has more than ${MAX_PAGES} pages, or no end; the first ${MAX_PAGES} have ${items.length} entries`
  )
}
