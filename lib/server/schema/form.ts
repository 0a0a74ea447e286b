// The forms that users are asked to fill in: flat objects, of the few kinds of fields that every client can show.
import { MCP_ERR_INVALID_SCHEMA } from '../../errors.ts'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import type { CreateRegExp } from './pattern-engine.ts'
import { compileSchema } from './schema.ts'
import type { JsonSchema, Validation } from './validation.ts'

/** A form that was checked and compiled. */
export interface Form {
  /** What clients are shown. */
  readonly requestedSchema: JsonSchema
  /** Checks what a user has filled in, and sets what was left out to its default. */
  validate (content: unknown): Validation | Promise<Validation>
}

const WHERE = 'a form'

/**
 * Checks and compiles a schema as a form (MCP 2026-07-28 elicitation, Requested Schema).
 * Choices without titles become an `enum`, however the schema's library writes them.
 *
 * @throws MCP_ERR_INVALID_SCHEMA
 */
export type CompileForm = (schema: object) => Form

/** Makes what compiles the forms of one server. @param createRegExp What their patterns are run by. */
export function createFormCompiler (createRegExp?: CreateRegExp): CompileForm {
  // Keyed by the user's schema: one that is written outside of the handler is compiled once.
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

// Clients are not sent what else stands at the root, such as additionalProperties: their schemas do not know it.
function toRequestedSchema ({ type, properties, required }: JsonSchema): JsonSchema {
  if (type !== 'object' || !isWireObject(properties)) {
    throw refuse("must describe an object with properties: its root needs type 'object'")
  }

  const fields = Object.entries(properties).map(([name, property]): [string, WireObject] => [name, toField(name, property)])
  return Object.freeze({
    type,
    properties: Object.freeze(Object.fromEntries(fields)),
    ...(required !== undefined && { required })
  })
}

const FORMATS: readonly unknown[] = ['email', 'uri', 'date', 'date-time']
const PRIMITIVES: readonly unknown[] = ['string', 'number', 'integer', 'boolean']

function toField (name: string, property: unknown): WireObject {
  if (!isWireObject(property)) throw refuse(`has a property '${name}' that anything would fit`)
  const choices = readChoices(property)
  if (choices !== undefined) return choices

  const { type, items, format } = property
  if (type === 'array') {
    const selectable = isWireObject(items) ? readItems(items) : undefined
    if (selectable === undefined) {
      throw refuse(`has a property '${name}' that is a list of anything but strings to choose from`)
    }
    return { ...property, items: selectable }
  }
  if (!PRIMITIVES.includes(type)) {
    throw refuse(`has a property '${name}' that is no string, number, integer, boolean, choice of strings or list of such choices; forms are flat`)
  }
  if (format !== undefined && type === 'string' && !FORMATS.includes(format)) {
    throw refuse(`has a property '${name}' of format '${String(format)}'; forms know email, uri, date and date-time`)
  }
  return property
}

// One of several: `enum`, or `oneOf` where the choices have titles.
function readChoices (property: WireObject): WireObject | undefined {
  const { anyOf, oneOf, const: only, ...rest } = property
  if (typeof only === 'string') return { ...rest, type: 'string', enum: [only] }
  if (isStrings(property.enum)) return { ...property, type: 'string' }

  const choices = readConstants(anyOf ?? oneOf)
  return choices && { ...rest, type: 'string', ...(isTitled(choices) ? { oneOf: choices } : { enum: choices.map(valueOf) }) }
}

// What a list is chosen from: `enum`, or `anyOf` where the choices have titles.
function readItems ({ enum: values, anyOf, oneOf, const: only }: WireObject): WireObject | undefined {
  if (typeof only === 'string') return { type: 'string', enum: [only] }
  if (isStrings(values)) return { type: 'string', enum: values }

  const choices = readConstants(anyOf ?? oneOf)
  return choices && (isTitled(choices) ? { anyOf: choices } : { type: 'string', enum: choices.map(valueOf) })
}

interface Choice { readonly const: string, readonly title?: string }

// Where one choice has a title, each gets one.
function readConstants (list: unknown): readonly Choice[] | undefined {
  if (!Array.isArray(list) || list.length === 0 || !list.every(isChoice)) return undefined
  const titled = list.some(({ title }) => title !== undefined)
  return list.map(({ const: value, title = value }) => titled ? { const: value, title } : { const: value })
}

function isTitled ([first]: readonly Choice[]): boolean {
  return first?.title !== undefined
}

function valueOf (choice: Choice): string {
  return choice.const
}

function isStrings (values: unknown): values is readonly string[] {
  return Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === 'string')
}

function isChoice (value: unknown): value is Choice {
  return isWireObject(value) && typeof value.const === 'string' && (value.title === undefined || typeof value.title === 'string')
}

function refuse (problem: string): Error {
  return new MCP_ERR_INVALID_SCHEMA(WHERE, problem)
}
