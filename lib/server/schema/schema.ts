// Compiles a schema of any library to a JSON Schema for clients and a validator.
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
 * A schema of any supported kind: TypeBox 0.34, `typebox` 1.x, a Standard Schema that can render JSON Schema, or JSON
 * Schema.
 */
export type AnySchema = JsonSchema | StandardSchema | { readonly '~kind': string } | { readonly '~unsafe': unknown }

/** A checked and compiled schema. */
export interface CompiledSchema {
  /** The schema that clients receive: a deep-frozen plain copy. */
  readonly json: JsonSchema
  /**
   * Checks a value. Missing properties of an input are set to their defaults in place. Returns a promise only if a
   * Standard Schema returns one. Throws or rejects if a Standard Schema does.
   */
  validate (value: unknown): Validation | Promise<Validation>
}

/**
 * Checks and compiles a schema, once, at registration. Ajv validates by TypeBox and JSON Schema, in the dialect 2020-12
 * or, if `$schema` says so, draft-07. A Standard Schema validates inputs itself; an output that it has transformed must
 * also match the schema that it renders. The schema is never changed.
 *
 * @param direction 'input' for values that callers send; 'output' for values that handlers return, which are sent as
 * the schema transforms them
 * @param where The name of the schema in errors: `inputSchema of tool 'add_note'`
 * @param createRegExp The engine that runs patterns. A Standard Schema runs its own patterns.
 * @throws MCP_ERR_INVALID_SCHEMA
 */
export function compileSchema (
  schema: unknown, direction: 'input' | 'output', where: string, createRegExp?: CreateRegExp
): CompiledSchema {
  try {
    const isStandard = isStandardSchema(schema)
    const rendered = isStandard ? renderStandardSchema(schema, direction) : schema
    const json = toPlainJsonSchema(asSchemaObject(rendered), direction)
    const engine = isStandard && direction === 'input' ? undefined : createRegExp
    const validateJson = createJsonValidator(json, direction, engine)
    const validateStandard = isStandard ? createStandardValidator(schema) : undefined

    return direction === 'input'
      ? { json, validate: validateStandard === undefined ? validateJson : createInputValidator(validateStandard) }
      : { json: toListedOutput(json), validate: createOutputValidator(validateJson, validateStandard) }
  } catch (error) {
    // The messages of all errors thrown above continue the sentence that `where` begins.
    throw new MCP_ERR_INVALID_SCHEMA(where, messageOf(error))
  }
}

type Validate = (value: unknown) => Validation | Promise<Validation>

// A Standard Schema validates inputs itself, and not all libraries refuse Infinity.
function createInputValidator (validate: Validate): Validate {
  return function validateInput (value) {
    const numbers = checkNumbers(value)
    return numbers.valid ? validate(value) : numbers
  }
}

// Validates the value that is sent, after a Standard Schema has transformed it, by the schema that clients receive.
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
