// The keyword `uniqueItems` in linear time. Ajv compares each object with each other one.
import type { WorkBudget } from './work-budget.ts'

// To write a value down takes as long as some steps of other keywords.
const STEPS_PER_VALUE = 20
const STEPS_PER_ITEM = 10
const CHARACTERS_PER_STEP = 4

/** Makes a test for lists without equal items. Objects are equal whatever the order of their properties. */
export function createUniqueTest (budget: WorkBudget): (list: readonly unknown[]) => boolean {
  return function hasUniqueItems (list) {
    return new Set(list.map((item) => keyOf(item, budget))).size === list.length
  }
}

// Of equal values, and of no others, the keys are the same.
function keyOf (item: unknown, budget: WorkBudget): unknown {
  if (typeof item === 'object' && item !== null) return write(item, budget)
  budget.spend(STEPS_PER_ITEM)
  return typeof item === 'string' ? `"${item}` : item
}

/** The JSON of a value, with the properties of each object in order. */
function write (value: unknown, budget: WorkBudget): string {
  budget.spend(STEPS_PER_VALUE)
  if (Array.isArray(value)) return `[${value.map((entry) => write(entry, budget)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
    return `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${write(entry, budget)}`).join(',')}}`
  }
  if (typeof value === 'string') budget.spend(value.length / CHARACTERS_PER_STEP)
  return String(JSON.stringify(value))
}
