// Tells clients that they may leave out what has a default.
import { isWireObject } from '../../protocol/message.ts'
import { deepFreeze } from './listed-schema.ts'
import type { CreateRegExp } from './pattern-engine.ts'
import { compileSchema, type CompiledSchema } from './schema.ts'
import type { JsonSchema } from './validation.ts'
import { isStandardSchema } from './standard-schema.ts'

/**
 * Compiles the schema of arguments, and lists as optional what has a default, at the root and in whatever is nested in
 * it: the validator fills the default in before it looks at `required`. Below `anyOf`, `oneOf` and their kin, and in
 * `$defs`, it may not, so they stay as they are. A Standard Schema fills in its defaults itself, and says itself what
 * may be left out.
 *
 * @param where names the schema in errors: `inputSchema of tool 'add_note'`
 * @param createRegExp What patterns are run by, but for those that a Standard Schema runs by itself.
 * @throws MCP_ERR_INVALID_SCHEMA
 */
export function compileArguments (schema: unknown, where: string, createRegExp?: CreateRegExp): CompiledSchema {
  const compiled = compileSchema(schema, 'input', where, createRegExp)
  return isStandardSchema(schema) ? compiled : { ...compiled, json: deepFreeze(relax(compiled.json)) }
}

function relax (schema: JsonSchema): JsonSchema {
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

// A schema may be true or false.
function relaxSchema (schema: unknown): unknown {
  return isWireObject(schema) ? relax(schema) : schema
}

// Draft-04 has no empty list of required properties.
function listWithoutDefault (required: unknown, { properties }: JsonSchema): unknown {
  if (!Array.isArray(required) || !isWireObject(properties)) return required
  const needed = required.filter((name) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined
    return !isWireObject(property) || property.default === undefined
  })
  return needed.length === 0 && required.length > 0 ? undefined : needed
}
