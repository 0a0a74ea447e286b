// Copies a schema with the cost of applying each part written into it. Validators are compiled from this copy.
import { isWireObject } from '../../protocol/message.ts'
import { subschemasOf, type Subschema } from '../../protocol/subschemas.ts'
import { followLocalReference, type MutableSchema } from './schema-document.ts'
import type { JsonSchema } from './validation.ts'

/** The keyword that holds the cost of a schema, in steps of the work budget. */
export const COST_KEYWORD = '$cost'

// These keywords apply their subschema to any number of values. All others apply it once per value of their own schema.
const LOOPS: ReadonlySet<string> = new Set([
  'items', 'additionalItems', 'unevaluatedItems', 'contains', 'additionalProperties', 'unevaluatedProperties',
  'patternProperties', 'propertyNames'
])
const DEFINITIONS: ReadonlySet<string> = new Set(['$defs', 'definitions'])

// The subschemas of these keywords may fail for a valid value, and Ajv creates an error for each failure.
const CHOICES: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'contains', 'not', 'if'])
const STEPS_PER_CHOICE = 60

// Comparing with a constant, or looking up a required property, is faster than applying a schema. From 200 constants
// on, Ajv calls a function for each comparison.
const ENTRIES_PER_STEP = 8
const MAX_INLINED = 200
const STEPS_PER_CONSTANT = 2

/**
 * Copies a schema, and writes its cost into each part that may be applied often: the targets of references, and the
 * schemas of the entries of lists and maps. The cost of such a part includes the subschemas that it applies once.
 */
export function addCosts (json: JsonSchema): JsonSchema {
  const copy: MutableSchema = structuredClone(json)
  addAllCosts(copy, copy)
  return copy
}

function addAllCosts (schema: unknown, root: MutableSchema): void {
  if (!isMutable(schema)) return
  if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#')) addCost(followLocalReference(root, schema.$ref))
  for (const { path: [keyword], schema: subschema } of subschemasOf(schema)) {
    if (LOOPS.has(keyword)) addCost(subschema, CHOICES.has(keyword))
    addAllCosts(subschema, root)
  }
}

function addCost (schema: unknown, isChoice = false): void {
  if (isMutable(schema) && Object.keys(schema).length > 0) schema[COST_KEYWORD] ??= countSteps(schema, isChoice)
}

function countSteps (schema: unknown, isChoice: boolean): number {
  if (!isMutable(schema)) return 0
  const base = isChoice ? STEPS_PER_CHOICE : 1
  const own = base + countConstants(schema.enum) + lengthOf(schema.required) / ENTRIES_PER_STEP
  const applied = subschemasOf(schema).filter(isAppliedOnce)
    .map(({ path: [keyword], schema: subschema }) => countSteps(subschema, CHOICES.has(keyword)))
  return applied.reduce((sum, steps) => sum + steps, own)
}

function countConstants (constants: unknown): number {
  const count = lengthOf(constants)
  return count > MAX_INLINED ? count * STEPS_PER_CONSTANT : count / ENTRIES_PER_STEP
}

function lengthOf (list: unknown): number {
  return Array.isArray(list) ? list.length : 0
}

function isAppliedOnce ({ path: [keyword] }: Subschema): boolean {
  return !LOOPS.has(keyword) && !DEFINITIONS.has(keyword)
}

function isMutable (value: unknown): value is MutableSchema {
  return isWireObject(value)
}
