// The patterns of a JSON Schema, and how long the texts are that they are tried by.
import { isWireObject } from '../../protocol/message.ts'
import { subschemasOf } from '../../protocol/subschemas.ts'
import { followLocalReference } from './schema-document.ts'
import type { JsonSchema } from './validation.ts'

/** A pattern of a schema. */
export interface SchemaPattern {
  readonly pattern: string
  /** Where it stands, as a JSON Pointer. */
  readonly pointer: string
  /**
   * The longest text that it is tried on: the `maxLength` beside it, which is checked first, or for `patternProperties`
   * that of `propertyNames`. Infinity without one; a `maxLength` around an `allOf` is checked after what is in it.
   */
  readonly maxLength: number
}

/** Lists the patterns of a schema, those of `patternProperties` among them. */
export function listPatterns (root: JsonSchema): SchemaPattern[] {
  const seen = new Set<unknown>()
  const found: SchemaPattern[] = []

  function visit (schema: unknown, pointer: string): void {
    if (!isWireObject(schema) || seen.has(schema)) return
    seen.add(schema)

    const { pattern, patternProperties, propertyNames, $ref } = schema
    if (typeof pattern === 'string') found.push({ pattern, pointer: `${pointer}/pattern`, maxLength: maxLengthOf(schema) })
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
