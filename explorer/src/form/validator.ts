// The validator of the form library, on top of one that compiles no code.
import type { ErrorSchema, RJSFSchema, ValidatorType } from '@rjsf/utils'
import { Validator, type Schema } from '@cfworker/json-schema'
import type { JsonSchema } from '../schema/json-schema.ts'
import { findFaults, stepsOf, type Fault } from '../schema/validation.ts'
import { withoutHoles } from './holes.ts'
import { listTypedFaults, type TypedTexts } from './typed-faults.tsx'

/** Creates the validator of a form. @param original The schema that the form was made of, which decides. */
export function createFormValidator (original: JsonSchema, formSchema: JsonSchema, texts: TypedTexts): ValidatorType {
  return {
    validateFormData (formData: unknown) {
      const typed = listTypedFaults(texts)
      const found = findFaults(original, withoutHoles(formData, formSchema) ?? {})
      const faults = [...typed, ...found.filter(({ path }) => !typed.some((fault) => fault.path === path))]
      return {
        errors: faults.map(({ path, message }) => ({ property: path, message, stack: `${path} ${message}` })),
        errorSchema: toErrorSchema(faults)
      }
    },
    // The library asks which alternative of a union a value belongs to.
    isValid (schema: RJSFSchema, formData: unknown, rootSchema: RJSFSchema): boolean {
      // The validator takes what is absent for null.
      if (formData === undefined) return false
      try {
        const whole = { ...schema, $defs: rootSchema.$defs, definitions: rootSchema['definitions'] }
        return new Validator(whole as Schema, '2020-12').validate(formData).valid
      } catch {
        return false
      }
    },
    rawValidation: (_schema: RJSFSchema, formData?: unknown) => {
      return { errors: [...findFaults(original, formData)] as never[] }
    }
  }
}

// The library takes a dot in a name for a step.
function toErrorSchema (faults: readonly Fault[]): ErrorSchema {
  const root: ErrorNode = {}
  for (const { path, message } of faults) {
    let node = root
    for (const step of stepsOf(path)) {
      const next: ErrorNode = Object.hasOwn(node, step) ? node[step] as ErrorNode : {}
      Object.defineProperty(node, step, { value: next, enumerable: true, configurable: true, writable: true })
      node = next
    }
    node.__errors = [...node.__errors ?? [], message]
  }
  return root as ErrorSchema
}

interface ErrorNode {
  [step: string]: unknown
  __errors?: string[]
}
