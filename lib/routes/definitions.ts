// The `$defs` of a schema that is put together from several, and the references that lead into them.
import { isWireObject } from '../protocol/message.ts'
import { subschemasOf } from '../protocol/subschemas.ts'
import type { MutableSchema } from '../server/schema/schema-document.ts'
import type { JsonSchema } from '../server/schema/validation.ts'

/** Returns where a place of a schema has been moved to; undefined where it has not been moved. */
export type Moved = (pointer: string) => string | undefined

const PLACES = ['$defs', 'definitions']

/** Definitions of several schemas, each under a name of its own. */
export class Definitions {
  readonly #schemas = new Map<string, { readonly text: string, readonly schema: MutableSchema }>()

  /** The definitions; undefined if there are none. */
  get all (): JsonSchema | undefined {
    if (this.#schemas.size === 0) return undefined
    return Object.fromEntries([...this.#schemas].map(([name, { schema }]) => [name, schema]))
  }

  /**
   * Takes over the definitions of a schema whose parts move to other places.
   * @param name The definition that the schema becomes as a whole, if a reference leads to what has not been moved.
   * @returns A function that copies a part of the schema, with references to the new places.
   */
  adopt (name: string, whole: JsonSchema, moved: Moved): (part: unknown) => unknown {
    const pending: MutableSchema[] = []
    const renamed = new Map<string, string>()
    for (const place of PLACES) {
      for (const [key, schema] of Object.entries(Object(whole[place]))) {
        renamed.set(toPointer(place, key), toPointer('$defs', this.#add(key, schema, pending)))
      }
    }
    let root: string | undefined
    const addWhole = (): string => {
      const { $defs, definitions, ...rest } = whole
      root = toPointer('$defs', this.#add(name, rest, pending))
      return root
    }
    const redirect = (pointer: string): string => {
      const [place = ''] = /^\/(?:\$defs|definitions)\/[^/]*/.exec(pointer) ?? []
      const definition = renamed.get(place)
      if (definition !== undefined) return definition + pointer.slice(place.length)
      return moved(pointer) ?? `${root ?? addWhole()}${pointer}`
    }
    const settle = (): void => {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) redirectAll(next, redirect)
    }

    settle()
    return (part) => {
      const copy: unknown = structuredClone(part)
      redirectAll(copy, redirect)
      settle()
      return copy
    }
  }

  // Two parts of a route often know the same schema.
  #add (name: string, schema: unknown, pending: MutableSchema[]): string {
    const text = JSON.stringify(schema)
    let free = name
    for (let count = 2; this.#schemas.has(free); count++) {
      if (this.#schemas.get(free)?.text === text) return free
      free = `${name}_${count}`
    }
    const copy = toMutable(schema)
    this.#schemas.set(free, { text, schema: copy })
    pending.push(copy)
    return free
  }
}

function redirectAll (schema: unknown, redirect: (pointer: string) => string): void {
  if (!isMutable(schema)) return
  for (const { schema: inner } of subschemasOf(schema)) redirectAll(inner, redirect)
  const { $ref } = schema
  if (typeof $ref === 'string' && /^#(?:\/|$)/.test($ref)) schema.$ref = `#${redirect($ref.slice(1))}`
}

// A schema may be true or false, for which there is an object that means the same.
function toMutable (schema: unknown): MutableSchema {
  if (typeof schema === 'boolean') return schema ? {} : { not: {} }
  return structuredClone(schema) as MutableSchema
}

function isMutable (value: unknown): value is MutableSchema {
  return isWireObject(value)
}

/** Returns the pointer to an entry, as references have it (RFC 6901, 3 and 6). */
export function toPointer (place: string, key: string): string {
  const token = key.replaceAll('~', '~0').replaceAll('/', '~1')
  return `/${place}/${encodeURI(token).replaceAll('#', '%23')}`
}
