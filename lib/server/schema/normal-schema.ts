// Makes a schema one that every client understands alike, whatever else is in its list.
import { isWireObject } from '../../protocol/message.ts'
import { holdsSchemas } from '../../protocol/subschemas.ts'
import { findEndlessReference } from './endless-reference.ts'
import { toUnicodePattern } from './pattern.ts'
import { messageOf } from './problem.ts'
import { describeObject, inlineRoot } from './root-schema.ts'
import { readSchemaDocument, type MutableSchema, type SchemaDocument } from './schema-document.ts'

/**
 * Keywords that name a schema for others. Clients compile all schemas of a list in one instance of Ajv, where one name
 * stands for one schema: a second schema with it is taken for the first. An `$anchor` is a name within its schema only.
 */
const NAMES = ['$id', '$dynamicAnchor', '$recursiveAnchor']

/**
 * Keywords of OpenAPI 3.0 and draft-04 that are annotations to JSON Schema. Ajv throws on `id` and on some uses of
 * `nullable`, and lets null through for others, which no other validator does.
 */
const FOREIGN = ['id', 'nullable']

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef']

/**
 * Changes a schema in place so that it stands by itself and means the same: references are local, names are gone,
 * anchors are unique, and its root is no reference. Patterns compile with the flag 'u'.
 *
 * @throws Error whose message continues "the schema …"
 */
export function normaliseSchema (root: MutableSchema, direction: 'input' | 'output'): void {
  const document = readSchemaDocument(root)

  for (const schema of document.schemas) makeReferencesLocal(schema, document)
  const endless = findEndlessReference(document)
  if (endless !== undefined) {
    throw new TypeError(`has a $ref to '${endless}' that leads back to itself, so that no value can be checked`)
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
  // The anchor of a schema that the root has become stays where it was.
  if (root.$anchor !== $anchor) delete root.$anchor
  describeObject(root, direction)
}

// Two anchors of one name had an $id each to belong to.
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
  if (others.length > 0) schema.allOf = [...(Array.isArray(schema.allOf) ? schema.allOf : []), ...others.map(($ref) => ({ $ref }))]
}

function findTarget (schema: MutableSchema, keyword: string, document: SchemaDocument): string {
  const reference = String(schema[keyword])
  const target = document.findTarget(schema, reference)
  if (target === undefined) {
    // A meta-schema is known to every validator of its dialect.
    if (/^https?:\/\/json-schema\.org\//.test(reference)) return reference
    throw new TypeError(`has a ${keyword} to '${reference}', which is no part of it; put that schema under '$defs' and write { $ref: '#/$defs/name' }` +
      (reference.startsWith('#') ? '' : ' (what was added by addSchema() is unknown here, and nothing is fetched)'))
  }
  if (keyword === '$dynamicRef' && document.countDynamicAnchors(reference.slice(reference.indexOf('#') + 1)) > 1) {
    throw new TypeError(`has the $dynamicAnchor '${reference.slice(reference.indexOf('#') + 1)}' more than once; write one $ref for each use instead`)
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
  schema.patternProperties = Object.fromEntries(Object.entries(schema.patternProperties).map(([pattern, value]) => [repairPattern(pattern), value]))
}

function repairPattern (pattern: string): string {
  try {
    return toUnicodePattern(pattern)
  } catch (error) {
    throw new TypeError(`has the pattern ${JSON.stringify(pattern)}, which cannot be used: ${messageOf(error)}`)
  }
}

// Ajv looks for names inside unknown keywords, too, such as OpenAPI's `example`, whose `examples` are no list.
function isUnusableAnnotation (keyword: string, value: unknown, document: SchemaDocument): boolean {
  if (keyword === 'examples') return !Array.isArray(value)
  if (holdsSchemas(keyword) || !isWireObject(value)) return false
  return keyword !== 'const' && keyword !== 'default' && !holdsSchemaOf(value, document) && /"\$(?:id|anchor|dynamicAnchor)":/.test(JSON.stringify(value))
}

// References may lead into any keyword, such as `components` of OpenAPI.
function holdsSchemaOf (value: unknown, document: SchemaDocument): boolean {
  if (typeof value !== 'object' || value === null) return false
  return (isWireObject(value) && document.schemas.has(value)) || Object.values(value).some((entry) => holdsSchemaOf(entry, document))
}
