// Validates by plain JSON Schemas, with Ajv.
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { createFormats } from './formats.ts'
import { addKeywords, createRegExpEngine } from './keywords.ts'
import { toLegacyOutput } from './listed-schema.ts'
import { isSimpleSchema } from './simple-schema.ts'
import { createNativeRegExp, tryPatterns, type CreateRegExp } from './pattern-engine.ts'
import { isStackOverflow, messageOf, NESTED_TOO_DEEPLY, toProblem } from './problem.ts'
import type { JsonSchema, Validation } from './validation.ts'
import { addCosts } from './schema-cost.ts'
import { isTooMuchWork, MAX_STEPS, TOO_LARGE, WorkBudget } from './work-budget.ts'

type Direction = 'input' | 'output'

interface Dialect {
  readonly metaSchema: string
  readonly createAjv: (options: Options) => Ajv
  checkSchema?: ValidateFunction
}

const DRAFT_2020_12: Dialect = {
  metaSchema: 'https://json-schema.org/draft/2020-12/schema', createAjv: (options) => new Ajv2020(options)
}
const DRAFT_07: Dialect = {
  metaSchema: 'http://json-schema.org/draft-07/schema', createAjv: (options) => new Ajv(options)
}

const AJV_OPTIONS: Options = {
  strict: false,
  logger: false,
  formats: fullFormats,
  validateSchema: false,
  // JSON has no NaN and no Infinity.
  strictNumbers: true,
  // Without this option, Ajv finds a property 'constructor' in `{}`.
  ownProperties: true
}

const MAX_LISTED_LENGTH = 200

interface Compilation {
  readonly json: JsonSchema
  readonly direction: Direction
  readonly budget: WorkBudget
  readonly createRegExp: CreateRegExp
}

/**
 * Creates the validator of a plain schema. It writes defaults into inputs, and never into outputs of handlers.
 *
 * @param createRegExp The engine that runs patterns. @default JavaScript's own regular expressions
 * @throws Error whose message continues "the schema …"
 */
export function createJsonValidator (
  json: JsonSchema, direction: Direction, createRegExp?: CreateRegExp
): (value: unknown) => Validation {
  const isSimple = isSimpleSchema(json)
  const budget = new WorkBudget()
  const compilation: Compilation = { json, direction, budget, createRegExp: createRegExp ?? createNativeRegExp }
  if (createRegExp !== undefined) tryPatterns(json, createRegExp)
  // A simple schema is compiled by the first call of its tool, so that an app with many tools starts sooner.
  let check = isSimple ? undefined : checkAndCompile(compilation)

  return function validateJson (value) {
    const problem = direction === 'input' ? findNumberProblem(value) : undefined
    if (problem !== undefined) return { valid: false, problem }
    check ??= compile(compilation)
    budget.remaining = MAX_STEPS
    try {
      if (check(value)) return { valid: true, value }
    } catch (error) {
      if (isTooMuchWork(error)) return TOO_LARGE
      if (isStackOverflow(error)) return NESTED_TOO_DEEPLY
      throw error
    }
    return { valid: false, problem: toProblem(errorsOf(check), describeError) }
  }
}

/** Checks that all numbers of a value are finite: `JSON.parse` reads `1e400` as Infinity. */
export function checkNumbers (value: unknown): Validation {
  const problem = findNumberProblem(value)
  return problem === undefined ? { valid: true, value } : { valid: false, problem }
}

function findNumberProblem (value: unknown): string | undefined {
  try {
    const path = findNonFinite(value)
    if (path === undefined) return undefined
    const at = path.map((name) => `/${name}`).join('')
    return `${at} must be a number that a double can hold, up to about 1.8e308`.trimStart()
  } catch (error) {
    if (isStackOverflow(error)) return NESTED_TOO_DEEPLY.problem
    throw error
  }
}

function findNonFinite (value: unknown): string[] | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : []
  if (typeof value !== 'object' || value === null) return undefined
  // An index is faster than an iterator, and a body may hold a million numbers.
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const path = findNonFinite(value[index])
      if (path !== undefined) return [String(index), ...path]
    }
    return undefined
  }
  for (const name of Object.keys(value)) {
    const path = findNonFinite(Reflect.get(value, name))
    if (path !== undefined) return [name, ...path]
  }
  return undefined
}

/** Returns whether the `$schema` of a schema is draft-07. @throws Error whose message continues "the schema …" */
export function isDraft07 (json: JsonSchema): boolean {
  return resolveDialect(json) === DRAFT_07
}

function checkAndCompile (compilation: Compilation): ValidateFunction {
  const { json, direction } = compilation
  checkSchema(json, resolveDialect(json))
  try {
    // The official client v1 compiles output schemas like this. If one fails, it drops the whole list of tools.
    if (direction === 'output') DRAFT_07.createAjv(AJV_OPTIONS).compile(toLegacyOutput(json))
    return compile(compilation)
  } catch (error) {
    throw new TypeError(`does not compile: ${messageOf(error)}`, { cause: error })
  }
}

// Each schema gets its own instance of Ajv: a shared one would keep every compiled schema in its scope, even after
// removeSchema(). The meta-schemas are loaded only for schemas that may refer to them: a simple one has no references.
function compile ({ json, direction, budget, createRegExp }: Compilation): ValidateFunction {
  const ajv = resolveDialect(json).createAjv({
    ...AJV_OPTIONS,
    useDefaults: direction === 'input',
    meta: !isSimpleSchema(json),
    formats: createFormats(budget),
    code: { regExp: createRegExpEngine(budget, createRegExp) }
  })
  return addKeywords(ajv, budget).compile(addCosts(json))
}

function checkSchema (json: JsonSchema, dialect: Dialect): void {
  dialect.checkSchema ??= dialect.createAjv(AJV_OPTIONS).compile({ $ref: dialect.metaSchema })
  if (dialect.checkSchema(json)) return
  throw new TypeError(`is not a valid JSON Schema: ${toProblem(errorsOf(dialect.checkSchema), describeError)}`)
}

function resolveDialect ({ $schema }: JsonSchema): Dialect {
  if ($schema === undefined) return DRAFT_2020_12

  const id = String($schema).replace(/#$/, '').replace(/^http:/, 'https:')
  if (id === DRAFT_2020_12.metaSchema) return DRAFT_2020_12
  if (id === DRAFT_07.metaSchema.replace('http:', 'https:')) return DRAFT_07
  throw new TypeError(`has the $schema '${String($schema)}'; ` +
    `supported are ${DRAFT_2020_12.metaSchema} and ${DRAFT_07.metaSchema}#`)
}

function errorsOf (check: ValidateFunction): ErrorObject[] {
  // Ajv sets `errors` whenever it returns false.
  const errors = check.errors as ErrorObject[]
  check.errors = null
  return errors
}

function describeError ({ instancePath, message, params }: ErrorObject): string {
  const named: { readonly [param: string]: unknown } = params
  const listed = named.additionalProperty ?? named.unevaluatedProperty ?? named.allowedValues ?? named.allowedValue
  const detail = listed === undefined ? '' : `: ${JSON.stringify(listed).slice(0, MAX_LISTED_LENGTH)}`

  return `${instancePath} ${message}${detail}`.trimStart()
}
