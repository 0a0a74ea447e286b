// Rewrites the root of a schema. Clients look for `type: 'object'` and `properties` there and nowhere else.
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import { followLocalReference, type MutableSchema } from './schema-document.ts'

// Keywords that do not decide which values are valid: annotations, and definitions, which apply by reference only.
const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$schema', '$comment', '$defs', 'definitions', 'title', 'description', 'default', 'examples', 'deprecated',
  'readOnly', 'writeOnly'
])
const OBJECT_KEYWORDS: ReadonlySet<string> = new Set([...ANNOTATIONS, 'type', 'properties', 'required'])

// References may be circular.
const MAX_DEPTH = 32

/** Replaces the `$ref` of the root by the schema that it points to. The schema must have no endless reference. */
export function inlineRoot (root: MutableSchema): void {
  while (typeof root.$ref === 'string' && root.$ref.startsWith('#')) {
    const { $ref, ...own } = root
    const target = followLocalReference(root, $ref)
    if (!isWireObject(target)) return

    delete root.$ref
    const isSameType = (target.type ?? own.type) === own.type
    const isBare = Object.keys(own).every((keyword) => ANNOTATIONS.has(keyword) || (keyword === 'type' && isSameType))
    if (isBare) Object.assign(root, target, own)
    else root.allOf = [...listOf(own.allOf), { $ref }]
  }
}

/**
 * Adds `type: 'object'` to the root if only objects are valid, and merges the objects of an `allOf`, which is how
 * libraries render intersections. The schema accepts the same values as before. Inputs are always objects, so for them
 * `properties` are enough to add the type.
 */
export function describeObject (root: MutableSchema, direction: 'input' | 'output'): void {
  mergeObjects(root)
  const isMeantAsObject = direction === 'input' && isWireObject(root.properties)
  if (root.type !== undefined || !(isMeantAsObject || isObject(root, root, 0))) return

  // The type comes first, as authors write it.
  const rest = { ...root }
  for (const keyword of Object.keys(rest)) delete root[keyword]
  Object.assign(root, { type: 'object' }, rest)
}

function isObject (schema: unknown, root: MutableSchema, depth: number): boolean {
  if (!isWireObject(schema) || depth > MAX_DEPTH) return false
  const { type, $ref, anyOf, oneOf, allOf } = schema
  if (type !== undefined) return type === 'object'

  const isObjectToo = (entry: unknown): boolean => isObject(entry, root, depth + 1)
  const target = typeof $ref === 'string' && $ref.startsWith('#') ? followLocalReference(root, $ref) : undefined
  return isObjectToo(target) || listOf(allOf).some(isObjectToo) ||
    [anyOf, oneOf].some((union) => listOf(union).length > 0 && listOf(union).every(isObjectToo))
}

// A property that two members describe has to match both, so such members are not merged.
function mergeObjects (root: MutableSchema): void {
  const { allOf, unevaluatedProperties, ...own } = root
  const members = [own, ...listOf(allOf).map((member) => resolveMember(member, root))]
  if (members.length === 1 || !members.every(isPlainObjectSchema)) return
  if (!members.some(({ type }) => type === 'object')) return
  if (unevaluatedProperties !== undefined && unevaluatedProperties !== false) return
  if (JSON.stringify(root).includes('"#/allOf')) return
  const properties = members.flatMap(({ properties }) => Object.entries(isWireObject(properties) ? properties : {}))
  if (new Set(properties.map(([name]) => name)).size < properties.length) return

  delete root.allOf
  delete root.unevaluatedProperties
  const required = [...new Set(members.flatMap((member) => listOf(member.required)))]
  Object.assign(root, {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    ...(unevaluatedProperties === false && { additionalProperties: false })
  })
}

function resolveMember (member: unknown, root: MutableSchema): unknown {
  if (!isWireObject(member) || typeof member.$ref !== 'string' || !member.$ref.startsWith('#')) return member
  const { $ref, ...rest } = member
  return Object.keys(rest).every((keyword) => ANNOTATIONS.has(keyword)) ? followLocalReference(root, $ref) : member
}

function isPlainObjectSchema (schema: unknown): schema is WireObject {
  return isWireObject(schema) && (schema.type === undefined || schema.type === 'object') &&
    Object.keys(schema).every((keyword) => OBJECT_KEYWORDS.has(keyword))
}

function listOf (value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
