// The arguments of a route tool: one schema for all parts of a request, and the way from arguments back to the parts.
import { ToolError } from '../errors.ts'
import { isWireObject, type WireObject } from '../protocol/message.ts'
import { relax } from '../server/schema/optional-defaults.ts'
import type { JsonSchema } from '../server/schema/validation.ts'
import { Definitions, toPointer } from './definitions.ts'
import type { Part, PartName } from './parts.ts'
import { WILDCARD, WILDCARD_ARGUMENT } from './path.ts'
import { pruneDefinitions } from './route-schema.ts'

/** The parts of the request that a tool call sends. */
export interface RequestParts {
  readonly params: Map<string, unknown>
  readonly query: Map<string, unknown>
  readonly headers: Map<string, unknown>
  /** Undefined where no body is sent. */
  readonly body: unknown
}

/** The arguments of a route tool. */
export interface RouteInput {
  /** The schema that clients see. */
  readonly schema: JsonSchema
  /** Returns the parts of the request that arguments ask for. @throws ToolError when a part is no object. */
  readonly split: (args: WireObject) => RequestParts
}

/** Two parts of a route have an argument of one name. */
export interface Clash {
  readonly argument: string
  readonly parts: readonly [PartName, PartName]
}

/** One argument: a property of a part, or a whole part. */
interface Field {
  readonly argument: string
  readonly part: PartName
  /** The name in the part; undefined for the whole of it. */
  readonly name: string | undefined
  readonly schema: unknown
  readonly isRequired: boolean
}

/**
 * Makes one object of the parts of a request. With `flat`, the properties of a part that is an object are arguments;
 * a part that is anything else is an argument with the name of the part.
 */
export function createInput (parts: readonly Part[], mode: 'flat' | 'grouped'): RouteInput | Clash {
  const definitions = new Definitions()
  const isFlat = ({ hasProperties }: Part): boolean => mode === 'flat' && hasProperties
  const fields = parts.flatMap((part) => isFlat(part) ? flatten(part, definitions) : [keepWhole(part, definitions)])
  const clash = findClash(fields)
  if (clash !== undefined) return clash

  const open = parts.find((part) => part.name === 'body' && isFlat(part)) ??
    parts.find((part) => part.name === 'query' && isFlat(part))
  const additional = open === undefined ? false : open.schema.additionalProperties
  const required = fields.filter(({ isRequired }) => isRequired).map(({ argument }) => argument)
  const { all } = definitions
  const schema: JsonSchema = {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ argument, schema }) => [argument, schema])),
    ...(required.length > 0 && { required }),
    // A schema of what else may come would need its references moved. The route checks it.
    ...(additional === false && { additionalProperties: false }),
    ...(all !== undefined && { $defs: all })
  }
  return { schema: relax(pruneDefinitions(schema)), split: createSplit(fields, open) }
}

function flatten (part: Part, definitions: Definitions): readonly Field[] {
  const properties = Object(part.schema.properties) as WireObject
  const required = listRequired(part)
  const move = definitions.adopt(part.name, part.schema, (pointer) => {
    const [place, name] = /^\/properties\/([^/]+)/.exec(pointer) ?? []
    if (place === undefined || name === undefined) return undefined
    return `/properties/${nameArgument(name)}${pointer.slice(place.length)}`
  })
  return Object.entries(properties).map(([name, schema]) => ({
    argument: nameArgument(name),
    part: part.name,
    name,
    schema: move(schema),
    isRequired: required.includes(name)
  }))
}

function nameArgument (name: string): string {
  return name === WILDCARD ? WILDCARD_ARGUMENT : name
}

function keepWhole (part: Part, definitions: Definitions): Field {
  const { $defs, definitions: older, ...schema } = part.schema
  const move = definitions.adopt(part.name, part.schema, (pointer) => toPointer('properties', part.name) + pointer)
  return { argument: part.name, part: part.name, name: undefined, schema: move(schema), isRequired: part.isRequired }
}

function listRequired ({ schema: { required } }: Part): readonly unknown[] {
  return Array.isArray(required) ? required : []
}

function findClash (fields: readonly Field[]): Clash | undefined {
  const seen = new Map<string, PartName>()
  for (const { argument, part } of fields) {
    const other = seen.get(argument)
    if (other !== undefined) return { argument, parts: [other, part] }
    seen.set(argument, part)
  }
}

function createSplit (fields: readonly Field[], open: Part | undefined): RouteInput['split'] {
  const targets = new Map(fields.map((field) => [field.argument, field]))
  const hasFlatBody = open?.name === 'body'
  const headerNames = fields.filter(({ part }) => part === 'headers').flatMap(({ schema }) => {
    return Object.keys(Object(Object(schema).properties))
  })

  return function split (args) {
    const params = new Map<string, unknown>()
    const query = new Map<string, unknown>()
    const headers = new Map<string, unknown>()
    // Without a prototype, so that '__proto__' is a name like any other.
    const properties: { [name: string]: unknown } = Object.create(null)
    const parts = { params, query, headers }
    let whole: unknown

    for (const [argument, value] of Object.entries(args)) {
      const { part, name } = targets.get(argument) ?? { part: open?.name, name: argument }
      if (part === undefined) continue
      if (part === 'body') {
        if (name === undefined) whole = value
        else properties[name] = value
      } else if (name === undefined) fill(parts[part], value, part === 'headers' ? headerNames : undefined)
      else parts[part].set(name, value)
    }
    const isBodyLeftOut = open?.isRequired === false && Object.keys(properties).length === 0
    return { ...parts, body: hasFlatBody && !isBodyLeftOut ? properties : whole }
  }
}

// @param names The only ones that may be set. A model must not set headers that the route does not list.
function fill (part: Map<string, unknown>, value: unknown, names?: readonly string[]): void {
  if (!isWireObject(value)) throw new ToolError('Invalid arguments: each part of the request must be an object')
  for (const [key, entry] of Object.entries(value)) if (names?.includes(key) !== false) part.set(key, entry)
}
