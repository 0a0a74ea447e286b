// The keyword `uniqueItems` in linear time. Ajv compares each object with each other object.
import type { WorkBudget } from './work-budget.ts'

// Serialising a value takes as long as this many steps of other keywords.
const STEPS_PER_VALUE = 20
const STEPS_PER_ITEM = 10
const CHARACTERS_PER_STEP = 4

/** Makes a test for lists without equal items. The order of an object's properties does not matter. */
export function createUniqueTest (budget: WorkBudget): (list: readonly unknown[]) => boolean {
  return function hasUniqueItems (list) {
    return new Set(list.map((item) => keyOf(item, budget))).size === list.length
  }
}

// Two values have the same key if and only if they are equal.
function keyOf (item: unknown, budget: WorkBudget): unknown {
  if (typeof item === 'object' && item !== null) return serialise(item, budget)
  budget.spend(STEPS_PER_ITEM)
  return typeof item === 'string' ? `"${item}` : item
}

// Returns the JSON of a value, with the properties of each object sorted.
function serialise (value: unknown, budget: WorkBudget): string {
  budget.spend(STEPS_PER_VALUE)
  if (Array.isArray(value)) return `[${value.map((entry) => serialise(entry, budget)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
    return `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${serialise(entry, budget)}`).join(',')}}`
  }
  if (typeof value === 'string') budget.spend(value.length / CHARACTERS_PER_STEP)
  return String(JSON.stringify(value))
}
