// A schema that is only shown: somebody else validates by it.
import { toPlainJsonSchema } from './json-schema.ts'
import type { JsonSchema } from './validation.ts'

/** A schema of a tool whose handler checks arguments, or results, itself. */
export class UncheckedSchema {
  /** What clients are shown: a deep-frozen plain copy. */
  readonly json: JsonSchema
  readonly validate = undefined

  /** @throws Error whose message continues "the schema …" */
  constructor (json: JsonSchema, direction: 'input' | 'output') {
    this.json = toPlainJsonSchema(json, direction)
  }
}
