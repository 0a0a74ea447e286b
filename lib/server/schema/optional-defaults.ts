// Lists properties with a default as optional.
import { isWireObject } from '../../protocol/message.ts'
import { deepFreeze } from './listed-schema.ts'
import type { CreateRegExp } from './pattern-engine.ts'
import { compileSchema, type CompiledSchema } from './schema.ts'
import type { JsonSchema } from './validation.ts'
import { isStandardSchema } from './standard-schema.ts'

/**
 * Compiles the schema of arguments. Properties with a default are listed as optional, at the root and in nested objects
 * and arrays, because the validator fills in the default before it checks `required`. It does not do so in `$defs` and
 * below `anyOf`, `oneOf` and similar keywords, so these stay unchanged. A Standard Schema fills in its own defaults,
 * and renders what is optional.
 *
 * @param where The name of the schema in errors: `inputSchema of tool 'add_note'`
 * @param createRegExp The engine that runs patterns. A Standard Schema runs its own patterns.
 * @throws MCP_ERR_INVALID_SCHEMA
 */
export function compileArguments (schema: unknown, where: string, createRegExp?: CreateRegExp): CompiledSchema {
  const compiled = compileSchema(schema, 'input', where, createRegExp)
  return isStandardSchema(schema) ? compiled : { ...compiled, json: deepFreeze(relax(compiled.json)) }
}

/** Lists as optional what has a default, at the root and in whatever is nested in it. */
export function relax (schema: JsonSchema): JsonSchema {
  const relaxed = Object.entries(schema).flatMap(([keyword, value]) => {
    const replaced = keyword === 'required' ? listWithoutDefault(value, schema) : relaxKeyword(keyword, value)
    return replaced === undefined ? [] : [[keyword, replaced] as const]
  })
  return Object.fromEntries(relaxed)
}

function relaxKeyword (keyword: string, value: unknown): unknown {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(Object.entries(Object(value)).map(([name, property]) => [name, relaxSchema(property)]))
    case 'items': case 'prefixItems': case 'additionalProperties': case 'allOf':
      return Array.isArray(value) ? value.map(relaxSchema) : relaxSchema(value)
    default:
      return value
  }
}

// A schema may also be true or false.
function relaxSchema (schema: unknown): unknown {
  return isWireObject(schema) ? relax(schema) : schema
}

// An empty list of required properties is dropped: draft-04 does not allow it.
function listWithoutDefault (required: unknown, { properties }: JsonSchema): unknown {
  if (!Array.isArray(required) || !isWireObject(properties)) return required
  const needed = required.filter((name) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined
    return !isWireObject(property) || property.default === undefined
  })
  return needed.length === 0 && required.length > 0 ? undefined : needed
}
