// The tags of what a server offers. The protocol has none, so servers keep them in `_meta`.
import { isObject } from './json-schema.ts'

const MAX_TAGS = 20
const MAX_LENGTH = 100

/**
 * Reads the tags of an item from its `_meta`: from a member that is named `tags`, with any prefix (`example.com/tags`),
 * and from the `tags` of a member, such as those of FastMCP (`fastmcp`). Returns 20 at most, of 100 characters at most.
 */
export function tagsOf (meta: unknown): readonly string[] {
  if (!isObject(meta)) return []
  const lists = Object.entries(meta).map(([name, value]) => {
    if (name === 'tags' || name.endsWith('/tags')) return value
    return isObject(value) ? value['tags'] : undefined
  })
  const tags = lists.flatMap((list): readonly unknown[] => Array.isArray(list) ? list.slice(0, MAX_TAGS) : [])
    .filter((tag) => typeof tag === 'string' && tag !== '')
  return [...new Set(tags.map((tag) => String(tag).slice(0, MAX_LENGTH)))].slice(0, MAX_TAGS)
}
