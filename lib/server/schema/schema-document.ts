// Finds the schemas of a JSON Schema document and what their references point to (JSON Schema 2020-12, 8.2 and 9.2).
import { isWireObject } from '../../protocol/message.ts'
import { subschemasOf } from '../../protocol/subschemas.ts'

/** A schema that may be written to. */
export type MutableSchema = { [keyword: string]: unknown }

/** Every schema of a document, and the place that each reference leads to. */
export interface SchemaDocument {
  readonly root: MutableSchema
  /** Every schema with keywords, in the order of the document. */
  readonly schemas: ReadonlySet<MutableSchema>
  /**
   * Returns the place that a reference of a schema points to as a local reference (`#/$defs/note`), or undefined when
   * the document has no such place.
   */
  findTarget (schema: MutableSchema, reference: string): string | undefined
  /** Returns how many schemas have a `$dynamicAnchor` of that name. */
  countDynamicAnchors (name: string): number
}

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef']

// Stands for the address that a document without an $id was loaded from.
const ROOT_URI = 'schema:///'

/** Reads a document. Nothing of it is changed. */
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
    for (const { path, schema } of subschemasOf(value)) visit(schema, pointer + path.map((name = '') => toToken(name)).join(''), base)
  }

  function findTarget (schema: MutableSchema, reference: string): string | undefined {
    const uri = resolve(reference, bases.get(schema) ?? ROOT_URI)
    const [resource = '', fragment = ''] = uri?.split('#', 2) ?? []
    const pointer = fragment === '' || fragment.startsWith('/') ? pointers.get(resource) : pointers.get(`${resource}#${fragment}`)
    if (pointer === undefined) return undefined
    const target = fragment.startsWith('/') ? pointer + decode(fragment) : pointer
    return valueAt(root, target) === undefined ? undefined : `#${encode(target)}`
  }

  visit(root, '', ROOT_URI)
  // A map may grow while it is iterated: references may lead to schemas under keywords that hold none, such as
  // `components`.
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

/** Returns what a local reference (`#/$defs/note`) points to; undefined when it points to nothing. */
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

// In draft-07 an anchor is an $id that begins with '#'.
function anchorsOf ({ $anchor, $dynamicAnchor, $id }: MutableSchema): string[] {
  const draft07 = typeof $id === 'string' && $id.startsWith('#') ? $id.slice(1) : undefined
  return [$anchor, $dynamicAnchor, draft07].filter((anchor) => typeof anchor === 'string')
}

function resolve (reference: string, base: string): string | undefined {
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined
}

// RFC 6901: a pointer is '' or '/' and tokens in which '~' and '/' are escaped.
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
