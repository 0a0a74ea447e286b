// The validator of the form library, on top of one that compiles no code.
import type {
  CustomValidator, ErrorSchema, ErrorTransformer, RJSFSchema, RJSFValidationError, UiSchema, ValidationData,
  ValidatorType
} from '@rjsf/utils'
import { toErrorSchema } from '@rjsf/utils'
import { Validator, type Schema } from '@cfworker/json-schema'
import { findFaults, type Fault } from '../schema/validation.ts'

/** Creates a validator for forms. */
export function createFormValidator (): ValidatorType {
  return {
    validateFormData (
      formData: unknown, schema: RJSFSchema, _custom?: CustomValidator, _transform?: ErrorTransformer, _ui?: UiSchema
    ): ValidationData<unknown> {
      const errors = findFaults(schema, formData).map(toFormError)
      return { errors, errorSchema: toErrorSchema(errors) as ErrorSchema<unknown> }
    },
    // The library asks which alternative of a union a value belongs to.
    isValid (schema: RJSFSchema, formData: unknown, rootSchema: RJSFSchema): boolean {
      try {
        const whole = { ...schema, $defs: rootSchema.$defs, definitions: rootSchema['definitions'] }
        return new Validator(whole as Schema, '2020-12').validate(formData).valid
      } catch {
        return false
      }
    },
    rawValidation (schema: RJSFSchema, formData?: unknown) {
      return { errors: [...findFaults(schema, formData)] as never[] }
    }
  }
}

function toFormError ({ path, message }: Fault): RJSFValidationError {
  const property = path.split('/').slice(1).map((part) => `.${decodeURIComponent(part)}`).join('')
  return { property, message, stack: `${property} ${message}` }
}
