// Normalises a schema so that every client reads it alike, whichever other schemas are in the same list.
import { isWireObject } from '../../protocol/message.ts'
import { holdsSchemas } from '../../protocol/subschemas.ts'
import { findEndlessReference } from './endless-reference.ts'
import { toUnicodePattern } from './pattern.ts'
import { messageOf } from './problem.ts'
import { describeObject, inlineRoot } from './root-schema.ts'
import { readSchemaDocument, type MutableSchema, type SchemaDocument } from './schema-document.ts'

// Keywords that name a schema globally. Clients compile all schemas of a list in one instance of Ajv, which would use
// the first schema with a name for every later schema with the same name. An `$anchor` names a part of its own schema.
const NAMES = ['$id', '$dynamicAnchor', '$recursiveAnchor']

// Keywords of OpenAPI 3.0 and draft-04 that have no meaning in JSON Schema. Ajv throws on `id` and on some uses of
// `nullable`; with others it accepts null, unlike all other validators.
const FOREIGN = ['id', 'nullable']

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef']

/**
 * Changes a schema in place so that it is self-contained and accepts the same values: references are local, global
 * names are removed, anchors are unique, and the root is not a reference. Patterns compile with the flag 'u'.
 *
 * @throws Error whose message continues "the schema …"
 */
export function normaliseSchema (root: MutableSchema, direction: 'input' | 'output'): void {
  const document = readSchemaDocument(root)

  for (const schema of document.schemas) makeReferencesLocal(schema, document)
  const endless = findEndlessReference(document)
  if (endless !== undefined) {
    throw new TypeError(`has a $ref to '${endless}' that leads back to itself, so validation would never end`)
  }
  for (const schema of document.schemas) {
    translateDraft04(schema)
    repairPatterns(schema)
    for (const keyword of [...NAMES, ...FOREIGN]) delete schema[keyword]
    for (const [keyword, value] of Object.entries(schema)) {
      if (isUnusableAnnotation(keyword, value, document)) delete schema[keyword]
    }
  }
  keepUniqueAnchors(document)
  const { $anchor } = root
  inlineRoot(root)
  // An anchor that was inlined into the root stays in its original place only.
  if (root.$anchor !== $anchor) delete root.$anchor
  describeObject(root, direction)
}

// Two equal anchors were distinct while each stood below its own $id. All references are pointers now, so drop both.
function keepUniqueAnchors ({ schemas }: SchemaDocument): void {
  const holders = new Map<unknown, MutableSchema>()
  for (const schema of schemas) {
    if (schema.$anchor === undefined) continue
    const other = holders.get(schema.$anchor)
    if (other === undefined) holders.set(schema.$anchor, schema)
    else for (const holder of [schema, other]) delete holder.$anchor
  }
}

function makeReferencesLocal (schema: MutableSchema, document: SchemaDocument): void {
  const references = REFERENCES.filter((keyword) => typeof schema[keyword] === 'string')
  const targets = references.map((keyword) => findTarget(schema, keyword, document))

  for (const keyword of REFERENCES) if (keyword !== '$ref') delete schema[keyword]
  const [first, ...others] = targets
  if (first !== undefined) schema.$ref = first
  if (others.length === 0) return
  schema.allOf = [...(Array.isArray(schema.allOf) ? schema.allOf : []), ...others.map(($ref) => ({ $ref }))]
}

function findTarget (schema: MutableSchema, keyword: string, document: SchemaDocument): string {
  const reference = String(schema[keyword])
  const target = document.findTarget(schema, reference)
  if (target === undefined) {
    // Every validator knows the meta-schemas of its dialect.
    if (/^https?:\/\/json-schema\.org\//.test(reference)) return reference
    throw new TypeError(`has a ${keyword} to '${reference}', which it does not contain; ` +
      "put that schema under '$defs' and write { $ref: '#/$defs/name' }" +
      (reference.startsWith('#') ? '' : ' (schemas of addSchema() are not available here, and nothing is fetched)'))
  }
  const anchor = reference.slice(reference.indexOf('#') + 1)
  if (keyword === '$dynamicRef' && document.countDynamicAnchors(anchor) > 1) {
    throw new TypeError(`has the $dynamicAnchor '${anchor}' more than once; write one $ref for each use instead`)
  }
  return target
}

// In draft-04 and OpenAPI 3.0, `exclusiveMinimum: true` makes `minimum` exclusive.
function translateDraft04 (schema: MutableSchema): void {
  for (const [exclusive, limit] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue
    if (schema[exclusive] && typeof schema[limit] === 'number') {
      schema[exclusive] = schema[limit]
      delete schema[limit]
    } else delete schema[exclusive]
  }
}

function repairPatterns (schema: MutableSchema): void {
  if (typeof schema.pattern === 'string') schema.pattern = repairPattern(schema.pattern)
  if (!isWireObject(schema.patternProperties)) return
  const repaired = Object.entries(schema.patternProperties).map(([pattern, value]) => [repairPattern(pattern), value])
  schema.patternProperties = Object.fromEntries(repaired)
}

function repairPattern (pattern: string): string {
  try {
    return toUnicodePattern(pattern)
  } catch (error) {
    throw new TypeError(`has the pattern ${JSON.stringify(pattern)}, which cannot be used: ${messageOf(error)}`)
  }
}

// Ajv also reads names inside unknown keywords, such as `example` of OpenAPI, and refuses `examples` that are no list,
// which OpenAPI allows.
function isUnusableAnnotation (keyword: string, value: unknown, document: SchemaDocument): boolean {
  if (keyword === 'examples') return !Array.isArray(value)
  if (holdsSchemas(keyword) || !isWireObject(value) || keyword === 'const' || keyword === 'default') return false
  return !holdsSchemaOf(value, document) && /"\$(?:id|anchor|dynamicAnchor)":/.test(JSON.stringify(value))
}

// A reference may point into any keyword, such as `components` of OpenAPI.
function holdsSchemaOf (value: unknown, document: SchemaDocument): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (isWireObject(value) && document.schemas.has(value)) return true
  return Object.values(value).some((entry) => holdsSchemaOf(entry, document))
}
