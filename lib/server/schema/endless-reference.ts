// Finds references with which a validator would recurse for ever (JSON Schema 2020-12, 9.4.1).
import { isWireObject } from '../../protocol/message.ts'
import { followLocalReference, type MutableSchema, type SchemaDocument } from './schema-document.ts'

// The subschemas of these keywords apply to the same value as the schema around them. All other keywords descend into
// the value, which is finite.
const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else']

/** Returns a local reference that leads back to itself without descending into the value, or undefined. */
export function findEndlessReference ({ root, schemas }: SchemaDocument): string | undefined {
  const finished = new Set<unknown>()
  const open = new Set<unknown>()

  function visit (schema: unknown, reference: string): string | undefined {
    if (!isWireObject(schema) || finished.has(schema)) return undefined
    if (open.has(schema)) return reference
    open.add(schema)
    const endless = visitInPlace(schema, reference)
    open.delete(schema)
    finished.add(schema)
    return endless
  }

  function visitInPlace (schema: MutableSchema, reference: string): string | undefined {
    const { $ref, dependentSchemas } = schema
    const applied = [...IN_PLACE.flatMap((keyword) => schema[keyword]), ...Object.values(Object(dependentSchemas))]
    for (const inner of applied) {
      const endless = visit(inner, reference)
      if (endless !== undefined) return endless
    }
    const isLocal = typeof $ref === 'string' && $ref.startsWith('#')
    return isLocal ? visit(followLocalReference(root, $ref), $ref) : undefined
  }

  for (const schema of schemas) {
    const endless = visit(schema, '#')
    if (endless !== undefined) return endless
  }
  return undefined
}
