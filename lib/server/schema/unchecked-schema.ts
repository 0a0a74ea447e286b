// A schema that is only shown: somebody else validates by it.
import { deepFreeze } from './listed-schema.ts'
import type { JsonSchema } from './validation.ts'

/** The schema of a tool whose handler checks arguments, or results, itself. */
export class UncheckedSchema {
  /** What clients are shown. */
  readonly json: JsonSchema
  readonly validate = undefined

  /** @param json What `toPlainJsonSchema` has made, or was put together from that. It is frozen. */
  constructor (json: JsonSchema) {
    this.json = deepFreeze(json)
  }
}
