// Lists tools without references in their schemas, for clients that do not follow them.
import { isWireObject, type WireObject } from '../protocol/message.ts'
import { holdsNamedSchemas, holdsSchemas } from '../protocol/subschemas.ts'
import type { Hooks } from '../server/hooks.ts'
import { whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'

/** Options of {@link dereference}. */
export interface DereferenceOptions {
  /**
   * How many schemas a tool's schema may consist of without its references, because references to references can double
   * it again and again. A larger schema is listed as it is.
   * @default 1000
   */
  readonly maxSchemas?: number
}

const DEREFERENCE = { maxSchemas: whole(1000) } satisfies TableOf<DereferenceOptions>

/**
 * Lists each tool with what its `$ref` refer to in place of the `$ref`, because some clients do not follow references.
 * Arguments and results are checked as before. A reference to a schema that contains it stays, because no finite schema
 * could replace it. The lists are made once, and not for each request.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example server.use(dereference())
 */
export function dereference (options: DereferenceOptions = {}): Hooks {
  const { maxSchemas } = resolve(DEREFERENCE, options, 'dereference.')
  return {
    describeTool (tool) {
      const { inputSchema, outputSchema } = tool
      return {
        ...tool,
        inputSchema: inline(inputSchema, maxSchemas),
        ...(outputSchema !== undefined && { outputSchema: inline(outputSchema, maxSchemas) })
      }
    }
  }
}

function inline (root: WireObject, maxSchemas: number): WireObject {
  const inliner = new Inliner(root, maxSchemas)
  try {
    return inliner.run()
  } catch {
    // It would become too large, or a reference is malformed.
    return root
  }
}

/** Makes the copy of one schema in which references are replaced. */
class Inliner {
  readonly #root: WireObject
  // The references that lead to where the copy is being made.
  readonly #open = new Set<string>()
  #left: number
  #keepsReferences = false

  constructor (root: WireObject, maxSchemas: number) {
    this.#root = root
    this.#left = maxSchemas
  }

  run (): WireObject {
    const { $defs, definitions, ...rest } = this.#root
    const copy = this.#copy(rest)
    if (!this.#keepsReferences) return copy
    // What still refers to a definition finds it where it was, with its own references as they were.
    return { ...copy, ...($defs !== undefined && { $defs }), ...(definitions !== undefined && { definitions }) }
  }

  #copy (schema: WireObject): WireObject {
    if (this.#left-- === 0) throw new RangeError('the schema becomes too large')
    const entries = Object.entries(schema).map(([keyword, value]) => [keyword, this.#copyValue(keyword, value)])
    const { $ref, ...copy } = Object.fromEntries(entries) as WireObject
    if (typeof $ref !== 'string') return copy
    const target = this.#open.has($ref) ? undefined : find(this.#root, $ref)
    if (target === undefined) {
      this.#keepsReferences = true
      return { ...copy, $ref }
    }
    this.#open.add($ref)
    const replaced = this.#copy(target)
    this.#open.delete($ref)
    return join(replaced, copy)
  }

  #copyValue (keyword: string, value: unknown): unknown {
    if (!holdsSchemas(keyword)) return value
    if (Array.isArray(value)) return value.map((item: unknown) => isWireObject(item) ? this.#copy(item) : item)
    if (!isWireObject(value)) return value
    if (!holdsNamedSchemas(keyword)) return this.#copy(value)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => {
      return [name, isWireObject(inner) ? this.#copy(inner) : inner]
    }))
  }
}

// These keywords only describe, so they may replace those of the schema that is referred to.
const DESCRIBING: ReadonlySet<string> = new Set([
  'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', '$comment'
])

function join (target: WireObject, beside: WireObject): WireObject {
  if (Object.keys(beside).every((keyword) => DESCRIBING.has(keyword))) return { ...target, ...beside }
  const { allOf } = beside
  return { ...beside, allOf: [...Array.isArray(allOf) ? allOf as unknown[] : [], target] }
}

// Finds what a local reference refers to. Listed schemas have no other references that can be replaced.
function find (root: WireObject, reference: string): WireObject | undefined {
  if (!reference.startsWith('#/')) return undefined
  let found: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found = typeof found === 'object' && found !== null && Object.hasOwn(found, key)
      ? (found as Readonly<Record<string, unknown>>)[key]
      : undefined
  }
  // A boolean schema has no members to describe, and an anchor could be found twice.
  return isWireObject(found) && found['$anchor'] === undefined ? found : undefined
}
