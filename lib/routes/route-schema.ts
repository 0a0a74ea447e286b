// The schemas of a route as JSON Schema that stands alone: what was added by addSchema() comes along in `$defs`.
import type { FastifyInstance } from 'fastify'
import { isWireObject, type WireObject } from '../protocol/message.ts'
import { subschemasOf } from '../protocol/subschemas.ts'
import { toPlainJsonSchema } from '../server/schema/json-schema.ts'
import type { MutableSchema } from '../server/schema/schema-document.ts'
import { isStandardSchema, renderStandardSchema } from '../server/schema/standard-schema.ts'
import type { JsonSchema } from '../server/schema/validation.ts'

/** Which side of a route a schema describes. */
type Direction = 'input' | 'output'

// Stands for the address that schemas without an absolute $id were loaded from.
const BASE = 'schema:///'

// Keywords of OpenAPI that tell nothing about a value, and that some clients refuse.
const ANNOTATIONS = ['example', 'xml', 'externalDocs', 'discriminator']

/** The schemas that a scope knows by their `$id`. */
export class KnownSchemas {
  readonly #byUri: ReadonlyMap<string, WireObject>

  constructor (scope: FastifyInstance) {
    const entries = Object.entries(scope.getSchemas()).filter((entry): entry is [string, WireObject] => {
      return isWireObject(entry[1])
    })
    this.#byUri = new Map(entries.map(([id, schema]) => [resolveUri(id, BASE), schema]))
  }

  /**
   * Returns a schema of a route: TypeBox, a Standard Schema or JSON Schema as Fastify takes it (draft-07 and the
   * keywords of OpenAPI 3.0), as JSON Schema 2020-12 whose references are all local.
   * @throws Error whose message continues "the schema …"
   */
  toPlain (schema: unknown, direction: Direction): JsonSchema {
    const rendered = isStandardSchema(schema) ? renderStandardSchema(schema, direction) : schema
    if (typeof rendered === 'boolean') return {}
    if (!isWireObject(rendered)) throw new TypeError('is no JSON Schema, TypeBox schema or Standard Schema')
    const plain = toPlainJsonSchema(rendered, direction, (copy) => {
      this.#embed(copy)
      translate(copy)
    })
    return pruneDefinitions(plain)
  }

  // Puts the schemas that others refer to, directly or not, under `$defs`, where the normalisation finds their $id.
  #embed (root: MutableSchema): void {
    const definitions: MutableSchema = isWireObject(root.$defs) ? { ...root.$defs } : {}
    const seen = new Set<unknown>()
    const embedded = new Set<WireObject>()

    const visit = (value: unknown, base: string): void => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return
      seen.add(value)
      const { $id, $ref } = value as WireObject
      const own = typeof $id === 'string' ? resolveUri($id, base) : base
      const known = typeof $ref === 'string' ? this.#find($ref, own) : undefined
      if (known !== undefined && !embedded.has(known)) {
        embedded.add(known)
        const copy: MutableSchema = structuredClone(known)
        definitions[freeName(String(known.$id), definitions)] = copy
        visit(copy, BASE)
      }
      for (const part of Object.values(value)) visit(part, own)
    }
    visit(root, BASE)
    if (embedded.size > 0) root.$defs = definitions
  }

  #find (reference: string, base: string): WireObject | undefined {
    return this.#byUri.get(resolveUri(reference, base)) ?? this.#byUri.get(resolveUri(reference, BASE))
  }
}

function resolveUri (reference: string, base: string): string {
  if (!URL.canParse(reference, base)) return reference
  const url = new URL(reference, base)
  url.hash = ''
  return url.href
}

function freeName (id: string, taken: MutableSchema): string {
  const name = id.replace(/[#/]+$/, '').replace(/^.*[/:]/, '').replace(/[^\w.-]+/g, '_') || 'schema'
  let free = name
  for (let count = 2; Object.hasOwn(taken, free); count++) free = `${name}_${count}`
  return free
}

// Fastify's validator reads draft-07 and `nullable`.
function translate (schema: unknown): void {
  if (!isMutable(schema)) return
  for (const { schema: inner } of subschemasOf(schema)) translate(inner)
  delete schema.$schema
  for (const keyword of ANNOTATIONS) delete schema[keyword]
  if (schema.nullable === true) allowNull(schema)
  if (Array.isArray(schema.items)) {
    schema.prefixItems = schema.items
    delete schema.items
    if (schema.additionalItems !== undefined) schema.items = schema.additionalItems
    delete schema.additionalItems
  }
  if (isWireObject(schema.dependencies)) splitDependencies(schema, schema.dependencies)
}

function allowNull (schema: MutableSchema): void {
  const { type, enum: choices } = schema
  if (typeof type === 'string' || Array.isArray(type)) schema.type = [...new Set([type, 'null'].flat())]
  if (Array.isArray(choices) && !choices.includes(null)) schema.enum = [...choices, null]
}

// JSON Schema 2020-12, Appendix: `dependencies` is split in two.
function splitDependencies (schema: MutableSchema, dependencies: WireObject): void {
  delete schema.dependencies
  const entries = Object.entries(dependencies)
  const required = entries.filter(([, value]) => Array.isArray(value))
  const schemas = entries.filter(([, value]) => !Array.isArray(value))
  if (required.length > 0) schema.dependentRequired = Object.fromEntries(required)
  if (schemas.length > 0) schema.dependentSchemas = Object.fromEntries(schemas)
}

function isMutable (value: unknown): value is MutableSchema {
  return isWireObject(value)
}

/** Returns a schema without the definitions that nothing in it refers to. */
export function pruneDefinitions (schema: JsonSchema): JsonSchema {
  const { $defs, ...rest } = schema
  if (!isWireObject($defs)) return schema
  const wanted = new Set<string>()
  const visit = (value: unknown): void => {
    for (const [, token = ''] of JSON.stringify(value).matchAll(/"\$ref":"#\/\$defs\/([^"/]+)/g)) {
      const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
      if (wanted.has(name)) continue
      wanted.add(name)
      visit($defs[name] ?? null)
    }
  }
  visit(rest)
  if (wanted.size === 0) return rest
  return { ...rest, $defs: Object.fromEntries(Object.entries($defs).filter(([name]) => wanted.has(name))) }
}
