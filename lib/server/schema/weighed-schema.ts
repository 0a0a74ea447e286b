// What the parts of a schema cost each time they are applied, written into the copy that a validator is compiled of.
import { isWireObject } from '../../protocol/message.ts'
import { subschemasOf, type Subschema } from '../../protocol/subschemas.ts'
import { followLocalReference, type MutableSchema } from './schema-document.ts'
import type { JsonSchema } from './validation.ts'

/** The keyword that holds what a schema costs. */
export const WORK_KEYWORD = '$work'

// Each applies its schema to any number of values; all others do so once for each value that their own schema is
// applied to.
const LOOPS: ReadonlySet<string> = new Set([
  'items', 'additionalItems', 'unevaluatedItems', 'contains', 'additionalProperties', 'unevaluatedProperties', 'patternProperties', 'propertyNames'
])
const DEFINITIONS: ReadonlySet<string> = new Set(['$defs', 'definitions'])

// What these apply may fail without the whole being wrong, and then Ajv makes an error for nothing.
const CHOICES: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'contains', 'not', 'if'])
const STEPS_PER_CHOICE = 60

// To compare with one more constant, or to look for one more property, is quicker than to apply a schema. From 200
// constants on, Ajv compares by a function.
const ENTRIES_PER_STEP = 8
const MAX_INLINED = 200
const STEPS_PER_CONSTANT = 2

/**
 * Copies a schema and writes into it what each part costs that may be applied often: where references lead, and where a
 * list or a map has it applied to each entry. What is applied once for each of these is counted with it.
 */
export function weighSchema (json: JsonSchema): JsonSchema {
  const copy: MutableSchema = structuredClone(json)
  weighAll(copy, copy)
  return copy
}

function weighAll (schema: unknown, root: MutableSchema): void {
  if (!isMutable(schema)) return
  if (typeof schema.$ref === 'string' && schema.$ref.startsWith('#')) weigh(followLocalReference(root, schema.$ref))
  for (const { path: [keyword], schema: subschema } of subschemasOf(schema)) {
    if (LOOPS.has(keyword)) weigh(subschema, CHOICES.has(keyword))
    weighAll(subschema, root)
  }
}

function weigh (schema: unknown, isChoice = false): void {
  if (isMutable(schema) && Object.keys(schema).length > 0) schema[WORK_KEYWORD] ??= countSteps(schema, isChoice)
}

function countSteps (schema: unknown, isChoice: boolean): number {
  if (!isMutable(schema)) return 0
  const applied = subschemasOf(schema).filter(isAppliedOnce).map(({ path: [keyword], schema: subschema }) => countSteps(subschema, CHOICES.has(keyword)))
  return applied.reduce((sum, steps) => sum + steps, (isChoice ? STEPS_PER_CHOICE : 1) + countConstants(schema.enum) + lengthOf(schema.required) / ENTRIES_PER_STEP)
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
