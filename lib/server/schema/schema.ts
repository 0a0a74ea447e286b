// Schemas as users write them, of any library, compiled to what the server needs: a JSON Schema to show and a
// validator.
import { MCP_ERR_INVALID_SCHEMA } from '../../errors.ts'
import { isPlainObject, toPlainJsonSchema } from './json-schema.ts'
import { checkNumbers, createJsonValidator } from './json-validator.ts'
import { toJsonValue } from './json-value.ts'
import { toListedOutput } from './listed-schema.ts'
import type { CreateRegExp } from './pattern-engine.ts'
import { messageOf } from './problem.ts'
import {
  createStandardValidator, isStandardSchema, renderStandardSchema, type StandardSchema
} from './standard-schema.ts'
import type { JsonSchema, Validation } from './validation.ts'

/**
 * Anything accepted as a schema: TypeBox 0.34, `typebox` 1.x, a Standard Schema that can render JSON Schema, JSON
 * Schema.
 */
export type AnySchema = JsonSchema | StandardSchema | { readonly '~kind': string } | { readonly '~unsafe': unknown }

/** A schema that was checked and compiled. */
export interface CompiledSchema {
  /** What clients are shown: a deep-frozen plain copy. */
  readonly json: JsonSchema
  /**
   * Checks a value; of an input, absent properties are set to their defaults in place. A promise only when a
   * Standard Schema answers with one. Throws, or rejects with, what a Standard Schema throws.
   */
  validate (value: unknown): Validation | Promise<Validation>
}

/**
 * Checks and compiles a schema, once, at registration. TypeBox and JSON Schema are validated by Ajv, in the dialect
 * 2020-12 or, by `$schema`, draft-07; a Standard Schema validates inputs by itself, and what it makes of an output has
 * to fit the schema that it renders. The schema is never written to.
 *
 * @param direction 'input' for what callers send, 'output' for what handlers return: it is sent as the schema
 * transforms it
 * @param where names the schema in errors: `inputSchema of tool 'add_note'`
 * @param createRegExp What patterns are run by, but for those that a Standard Schema runs by itself.
 * @throws MCP_ERR_INVALID_SCHEMA
 */
export function compileSchema (
  schema: unknown, direction: 'input' | 'output', where: string, createRegExp?: CreateRegExp
): CompiledSchema {
  try {
    const isStandard = isStandardSchema(schema)
    const json = toPlainJsonSchema(asSchemaObject(isStandard ? renderStandardSchema(schema, direction) : schema), direction)
    const validateJson = createJsonValidator(json, direction, isStandard && direction === 'input' ? undefined : createRegExp)
    const validateStandard = isStandard ? createStandardValidator(schema) : undefined

    return direction === 'input'
      ? { json, validate: validateStandard === undefined ? validateJson : createInputValidator(validateStandard) }
      : { json: toListedOutput(json), validate: createOutputValidator(validateJson, validateStandard) }
  } catch (error) {
    // Whatever is thrown above continues the sentence begun by `where`.
    throw new MCP_ERR_INVALID_SCHEMA(where, messageOf(error))
  }
}

type Validate = (value: unknown) => Validation | Promise<Validation>

// A Standard Schema validates inputs by itself, and not all libraries refuse Infinity.
function createInputValidator (validate: Validate): Validate {
  return function validateInput (value) {
    const numbers = checkNumbers(value)
    return numbers.valid ? validate(value) : numbers
  }
}

// What is sent is judged by the schema that is shown, after a Standard Schema has made of it what it makes.
function createOutputValidator (
  validateJson: (value: unknown) => Validation, validateStandard: Validate | undefined
): Validate {
  function validateResult (result: Validation): Validation {
    const sent = result.valid ? toJsonValue(result.value) : result
    return sent.valid ? validateJson(sent.value) : sent
  }

  return function validateOutput (value) {
    const result = validateStandard === undefined ? { valid: true, value } as const : validateStandard(value)
    return result instanceof Promise ? result.then(validateResult) : validateResult(result)
  }
}

function asSchemaObject (schema: unknown): JsonSchema {
  if (isPlainObject(schema)) return schema

  throw new TypeError('must be a TypeBox schema, a Standard Schema (zod, arktype, valibot) or a JSON Schema object')
}
