// The lists of the protocol, read to their end.
import { Failure } from './command.ts'

/** Something on a list of the endpoint: a tool, a prompt, a resource or a template. */
export interface Item { readonly name: string, readonly [field: string]: unknown }

/** A result of whatever method. */
export interface Result { readonly [field: string]: unknown }

/** The name of the list in the result of each method that lists. */
const LISTS = Object.freeze({
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates'
})

/** A method that lists. */
export type ListMethod = keyof typeof LISTS

// A server that goes on for ever has to end somewhere.
const MAX_PAGES = 1000

/**
 * Reads all pages of a list.
 * @throws Failure when there are too many; whatever asking throws
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
  throw new Failure(`${method} has more than ${MAX_PAGES} pages, or no end; the first ${MAX_PAGES} have ${items.length} entries`)
}
