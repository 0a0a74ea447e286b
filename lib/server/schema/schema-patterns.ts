// Lists the patterns of a JSON Schema, and how long the texts are on which they run.
import { isWireObject } from '../../protocol/message.ts'
import { subschemasOf } from '../../protocol/subschemas.ts'
import { followLocalReference } from './schema-document.ts'
import type { JsonSchema } from './validation.ts'

/** A pattern of a schema. */
export interface SchemaPattern {
  readonly pattern: string
  /** The place of the pattern in the schema, as a JSON Pointer. */
  readonly pointer: string
  /**
   * The longest text on which the pattern runs: the `maxLength` beside it, which is checked first, or for
   * `patternProperties` the one of `propertyNames`; otherwise Infinity. A `maxLength` beside an `allOf` does not count,
   * because the members of the `allOf` are checked first.
   */
  readonly maxLength: number
}

/** Lists the patterns of a schema, including the keys of `patternProperties`. */
export function listPatterns (root: JsonSchema): SchemaPattern[] {
  const seen = new Set<unknown>()
  const found: SchemaPattern[] = []

  function visit (schema: unknown, pointer: string): void {
    if (!isWireObject(schema) || seen.has(schema)) return
    seen.add(schema)

    const { pattern, patternProperties, propertyNames, $ref } = schema
    if (typeof pattern === 'string') {
      found.push({ pattern, pointer: `${pointer}/pattern`, maxLength: maxLengthOf(schema) })
    }
    for (const name of Object.keys(Object(patternProperties))) {
      found.push({ pattern: name, pointer: `${pointer}/patternProperties`, maxLength: maxLengthOf(propertyNames) })
    }
    for (const { path, schema: subschema } of subschemasOf(schema)) {
      visit(subschema, `${pointer}/${path.join('/')}`)
    }
    if (typeof $ref === 'string' && $ref.startsWith('#')) visit(followLocalReference(root, $ref), $ref.slice(1))
  }

  visit(root, '')
  return found
}

function maxLengthOf (schema: unknown): number {
  return isWireObject(schema) && typeof schema.maxLength === 'number' ? schema.maxLength : Infinity
}
