// Finds the schemas of a JSON Schema document and the targets of their references (JSON Schema 2020-12, 8.2 and 9.2).
import { isWireObject } from '../../protocol/message.ts'
import { subschemasOf } from '../../protocol/subschemas.ts'

/** A schema that may be changed. */
export type MutableSchema = { [keyword: string]: unknown }

/** The schemas of a document, and the targets of their references. */
export interface SchemaDocument {
  readonly root: MutableSchema
  /** Every schema that is an object, in the order of the document. */
  readonly schemas: ReadonlySet<MutableSchema>
  /**
   * Resolves a reference of a schema to a local reference (`#/$defs/note`). Returns undefined if the document does not
   * contain its target.
   */
  findTarget (schema: MutableSchema, reference: string): string | undefined
  /** Returns how many schemas have a `$dynamicAnchor` with this name. */
  countDynamicAnchors (name: string): number
}

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef']

// Stands for the address that a document without an $id was loaded from.
const ROOT_URI = 'schema:///'

/** Reads a document without changing it. */
export function readSchemaDocument (root: MutableSchema): SchemaDocument {
  const bases = new Map<MutableSchema, string>()
  const pointers = new Map<string, string>([[ROOT_URI, '']])
  const dynamicAnchors: string[] = []

  function visit (value: unknown, pointer: string, parentBase: string): void {
    if (!isSchema(value) || bases.has(value)) return
    const base = readBase(value, parentBase)
    bases.set(value, base)
    if (base !== parentBase) pointers.set(base, pointer)
    for (const anchor of anchorsOf(value)) pointers.set(`${base}#${anchor}`, pointer)
    if (typeof value.$dynamicAnchor === 'string') dynamicAnchors.push(value.$dynamicAnchor)
    for (const { path, schema } of subschemasOf(value)) {
      visit(schema, pointer + path.map((name = '') => toToken(name)).join(''), base)
    }
  }

  function findTarget (schema: MutableSchema, reference: string): string | undefined {
    const uri = resolve(reference, bases.get(schema) ?? ROOT_URI)
    const [resource = '', fragment = ''] = uri?.split('#', 2) ?? []
    const isAnchor = fragment !== '' && !fragment.startsWith('/')
    const pointer = pointers.get(isAnchor ? `${resource}#${fragment}` : resource)
    if (pointer === undefined) return undefined
    const target = fragment.startsWith('/') ? pointer + decode(fragment) : pointer
    return valueAt(root, target) === undefined ? undefined : `#${encode(target)}`
  }

  visit(root, '', ROOT_URI)
  // The map grows during the iteration: a reference may point to a schema below a keyword that is not part of JSON
  // Schema, such as `components`.
  for (const [schema, base] of bases) {
    for (const keyword of REFERENCES) {
      const target = typeof schema[keyword] === 'string' ? findTarget(schema, schema[keyword]) : undefined
      if (target !== undefined) visit(followLocalReference(root, target), decode(target.slice(1)), base)
    }
  }
  return {
    root,
    schemas: new Set(bases.keys()),
    findTarget,
    countDynamicAnchors: (name) => dynamicAnchors.filter((anchor) => anchor === name).length
  }
}

/** Returns the target of a local reference (`#/$defs/note`), or undefined if it has none. */
export function followLocalReference (root: MutableSchema, reference: string): unknown {
  return valueAt(root, decode(reference.slice(1)))
}

function isSchema (value: unknown): value is MutableSchema {
  return isWireObject(value)
}

function readBase ({ $id }: MutableSchema, parentBase: string): string {
  if (typeof $id !== 'string' || $id.startsWith('#')) return parentBase
  return resolve($id, parentBase)?.split('#', 1).join() ?? parentBase
}

// In draft-07, an $id that begins with '#' is an anchor.
function anchorsOf ({ $anchor, $dynamicAnchor, $id }: MutableSchema): string[] {
  const draft07 = typeof $id === 'string' && $id.startsWith('#') ? $id.slice(1) : undefined
  return [$anchor, $dynamicAnchor, draft07].filter((anchor) => typeof anchor === 'string')
}

function resolve (reference: string, base: string): string | undefined {
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined
}

// RFC 6901: a pointer is a sequence of '/' and a token, in which '~' and '/' are escaped.
function valueAt (root: unknown, pointer: string): unknown {
  let value = root
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

function toToken (name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function encode (pointer: string): string {
  return encodeURI(pointer).replaceAll('#', '%23')
}

function decode (fragment: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return fragment
  }
}
