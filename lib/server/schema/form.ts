// The forms that users fill in: flat objects with the few kinds of fields that every client can show.
import { MCP_ERR_INVALID_SCHEMA } from '../../errors.ts'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import type { CreateRegExp } from './pattern-engine.ts'
import { compileSchema } from './schema.ts'
import type { JsonSchema, Validation } from './validation.ts'

/** A checked and compiled form. */
export interface Form {
  /** The schema that clients receive. */
  readonly requestedSchema: JsonSchema
  /** Checks the content that a user has entered, and fills in the defaults of missing fields. */
  validate (content: unknown): Validation | Promise<Validation>
}

const WHERE = 'a form'

/**
 * Checks and compiles a schema as a form (MCP 2026-07-28 elicitation, Requested Schema).
 * Choices without titles become an `enum`, whichever form the schema's library renders.
 *
 * @throws MCP_ERR_INVALID_SCHEMA
 */
export type CompileForm = (schema: object) => Form

/** Creates the form compiler of one server. @param createRegExp The engine that runs the patterns of its forms. */
export function createFormCompiler (createRegExp?: CreateRegExp): CompileForm {
  // Keyed by the author's schema object, so that a schema defined outside of the handler is compiled once.
  const forms = new WeakMap<object, Form>()

  return function compileForm (schema) {
    const known = forms.get(schema)
    if (known !== undefined) return known

    const { json, validate } = compileSchema(schema, 'input', WHERE, createRegExp)
    const form: Form = Object.freeze({ requestedSchema: toRequestedSchema(json), validate })
    forms.set(schema, form)
    return form
  }
}

// The specification defines no other keywords at the root, such as additionalProperties, so clients do not get them.
function toRequestedSchema ({ type, properties, required }: JsonSchema): JsonSchema {
  if (type !== 'object' || !isWireObject(properties)) {
    throw refuse("must describe an object with properties: its root needs type 'object'")
  }

  const fields = Object.entries(properties)
    .map(([name, property]): [string, WireObject] => [name, toField(name, property)])
  return Object.freeze({
    type,
    properties: Object.freeze(Object.fromEntries(fields)),
    ...(required !== undefined && { required })
  })
}

const FORMATS: readonly unknown[] = ['email', 'uri', 'date', 'date-time']
const PRIMITIVES: readonly unknown[] = ['string', 'number', 'integer', 'boolean']

function toField (name: string, property: unknown): WireObject {
  if (!isWireObject(property)) throw refuse(`has a property '${name}' that accepts any value; give it a type`)
  const choices = readChoices(property)
  if (choices !== undefined) return choices

  const { type, items, format } = property
  if (type === 'array') {
    const selectable = isWireObject(items) ? readItems(items) : undefined
    if (selectable === undefined) {
      throw refuse(`has a property '${name}' whose items are not a choice of strings; ` +
        "give 'items' an 'enum' of strings")
    }
    return { ...property, items: selectable }
  }
  if (!PRIMITIVES.includes(type)) {
    throw refuse(`has a property '${name}' that is not a string, number, integer, boolean, choice of strings ` +
      'or list of such choices; forms are flat')
  }
  if (format !== undefined && type === 'string' && !FORMATS.includes(format)) {
    throw refuse(`has a property '${name}' of format '${String(format)}'; ` +
      'forms support email, uri, date and date-time')
  }
  return property
}

// A choice of one value: an `enum`, or a `oneOf` if the choices have titles.
function readChoices (property: WireObject): WireObject | undefined {
  const { anyOf, oneOf, const: only, ...rest } = property
  if (typeof only === 'string') return { ...rest, type: 'string', enum: [only] }
  if (isStrings(property.enum)) return { ...property, type: 'string' }

  const choices = readConstants(anyOf ?? oneOf)
  if (choices === undefined) return undefined
  return { ...rest, type: 'string', ...(isTitled(choices) ? { oneOf: choices } : { enum: listValues(choices) }) }
}

// The choices of a list: an `enum`, or an `anyOf` if the choices have titles.
function readItems ({ enum: values, anyOf, oneOf, const: only }: WireObject): WireObject | undefined {
  if (typeof only === 'string') return { type: 'string', enum: [only] }
  if (isStrings(values)) return { type: 'string', enum: values }

  const choices = readConstants(anyOf ?? oneOf)
  return choices && (isTitled(choices) ? { anyOf: choices } : { type: 'string', enum: listValues(choices) })
}

interface Choice { readonly const: string, readonly title?: string }

// If one choice has a title, the others get their value as their title.
function readConstants (list: unknown): readonly Choice[] | undefined {
  if (!Array.isArray(list) || list.length === 0 || !list.every(isChoice)) return undefined
  const titled = list.some(({ title }) => title !== undefined)
  return list.map(({ const: value, title = value }) => titled ? { const: value, title } : { const: value })
}

function isTitled ([first]: readonly Choice[]): boolean {
  return first?.title !== undefined
}

function listValues (choices: readonly Choice[]): string[] {
  return choices.map((choice) => choice.const)
}

function isStrings (values: unknown): values is readonly string[] {
  return Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === 'string')
}

function isChoice (value: unknown): value is Choice {
  return isWireObject(value) && typeof value.const === 'string' &&
    (value.title === undefined || typeof value.title === 'string')
}

function refuse (problem: string): Error {
  return new MCP_ERR_INVALID_SCHEMA(WHERE, problem)
}
