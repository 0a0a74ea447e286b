// The root of a schema, where clients look for `type: 'object'` and for `properties`, and nowhere else.
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import { followLocalReference, type MutableSchema } from './schema-document.ts'

// What says nothing on which values are valid, and what holds schemas that only references lead to.
const SILENT: ReadonlySet<string> = new Set([
  '$schema', '$comment', '$defs', 'definitions', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'
])
const OBJECT_KEYWORDS: ReadonlySet<string> = new Set([...SILENT, 'type', 'properties', 'required'])

// References may lead in circles.
const MAX_DEPTH = 32

/** Puts what the root refers to in the place of its `$ref`. No reference leads back to itself. */
export function inlineRoot (root: MutableSchema): void {
  while (typeof root.$ref === 'string' && root.$ref.startsWith('#')) {
    const { $ref, ...own } = root
    const target = followLocalReference(root, $ref)
    if (!isWireObject(target)) return

    delete root.$ref
    const isBare = Object.keys(own).every((keyword) => SILENT.has(keyword) || (keyword === 'type' && (target.type ?? own.type) === own.type))
    if (isBare) Object.assign(root, target, own)
    else root.allOf = [...listOf(own.allOf), { $ref }]
  }
}

/**
 * Writes `type: 'object'` to the root where nothing but objects is valid, and merges objects that all have to fit, as
 * intersections are rendered. What is valid stays the same. Inputs are objects anyway, so `properties` are enough
 * there.
 */
export function describeObject (root: MutableSchema, direction: 'input' | 'output'): void {
  mergeObjects(root)
  const isMeantAsObject = direction === 'input' && isWireObject(root.properties)
  if (root.type !== undefined || !(isMeantAsObject || isObject(root, root, 0))) return

  // First, as authors write it.
  const rest = { ...root }
  for (const keyword of Object.keys(rest)) delete root[keyword]
  Object.assign(root, { type: 'object' }, rest)
}

function isObject (schema: unknown, root: MutableSchema, depth: number): boolean {
  if (!isWireObject(schema) || depth > MAX_DEPTH) return false
  const { type, $ref, anyOf, oneOf, allOf } = schema
  if (type !== undefined) return type === 'object'

  const isOneToo = (entry: unknown): boolean => isObject(entry, root, depth + 1)
  const target = typeof $ref === 'string' && $ref.startsWith('#') ? followLocalReference(root, $ref) : undefined
  return isOneToo(target) || listOf(allOf).some(isOneToo) ||
    [anyOf, oneOf].some((union) => listOf(union).length > 0 && listOf(union).every(isOneToo))
}

// A property that two of them describe would have to fit both; such objects stay apart.
function mergeObjects (root: MutableSchema): void {
  const { allOf, unevaluatedProperties, ...own } = root
  const members = [own, ...listOf(allOf).map((member) => resolveMember(member, root))]
  if (members.length === 1 || !members.every(isPlainObjectSchema) || !members.some(({ type }) => type === 'object')) return
  if ((unevaluatedProperties !== undefined && unevaluatedProperties !== false) || JSON.stringify(root).includes('"#/allOf')) return
  const properties = members.flatMap((member) => Object.entries(isWireObject(member.properties) ? member.properties : {}))
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
  return Object.keys(rest).every((keyword) => SILENT.has(keyword)) ? followLocalReference(root, $ref) : member
}

function isPlainObjectSchema (schema: unknown): schema is WireObject {
  return isWireObject(schema) && (schema.type === undefined || schema.type === 'object') &&
    Object.keys(schema).every((keyword) => OBJECT_KEYWORDS.has(keyword))
}

function listOf (value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
