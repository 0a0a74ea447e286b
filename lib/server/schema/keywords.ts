// Replaces keywords of Ajv by this package's own, and charges checks to the work budget.
import { _, type Ajv } from 'ajv'
import { createMultipleTest } from './exact-multiple.ts'
import { createUniqueTest } from './unique-items.ts'
import type { CreateRegExp } from './pattern-engine.ts'
import { COST_KEYWORD } from './schema-cost.ts'
import type { WorkBudget } from './work-budget.ts'

type RegExpEngine = NonNullable<NonNullable<ConstructorParameters<typeof Ajv>[0]>['code']>['regExp']

const STEPS_PER_TEST = 10
const CHARACTERS_PER_STEP = 4

/** Adds the keywords to the instance of Ajv that compiles one schema. */
export function addKeywords (ajv: Ajv, budget: WorkBudget): Ajv {
  ajv.removeKeyword('multipleOf').removeKeyword('uniqueItems')
  return ajv.addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    compile: createMultipleTest,
    error: { message: ({ schema }) => `must be multiple of ${String(schema)}` }
  }).addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    compile: (isDemanded: boolean) => isDemanded ? createUniqueTest(budget) : () => true,
    error: { message: 'must NOT have duplicate items' }
  }).addKeyword({
    keyword: COST_KEYWORD,
    schemaType: 'number',
    // Charges the cost before the keywords that apply subschemas run.
    before: 'not',
    code ({ gen, schema }) {
      const steps = gen.scopeValue('obj', { ref: budget })
      gen.code(_`if ((${steps}.remaining -= ${schema}) < 0) throw ${steps}.error`)
    }
  })
}

/** Creates the engine with which Ajv compiles patterns. */
export function createRegExpEngine (budget: WorkBudget, createRegExp: CreateRegExp): NonNullable<RegExpEngine> {
  function createCounted (pattern: string, flags: string): { test (text: string): boolean, toString (): string } {
    const regExp = createRegExp(pattern, flags)
    return {
      test (text) {
        budget.spend(STEPS_PER_TEST + text.length / CHARACTERS_PER_STEP)
        return regExp.test(text)
      },
      // Ajv uses this text as the key of its pattern cache.
      toString: () => `/${pattern}/${flags}`
    }
  }
  return Object.assign(createCounted, { code: 'createCounted' })
}
