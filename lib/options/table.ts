// A table describes a set of options: the values that each option accepts, and its default.
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'

/** Returns what is wrong with a value; undefined if it is valid. */
export type Check = (value: unknown) => string | undefined

/** One option: `Given` is what users may pass, `Resolved` what the code reads. */
export interface Option<Given, Resolved> {
  readonly check: Check
  readonly isRequired: boolean
  /** Returns the value to use. @param given A value that passed the check; undefined if the option is left out. */
  readonly complete: (given: Given | undefined) => Resolved
}

/** An option that must not be left out. */
export interface RequiredOption<Given, Resolved> extends Option<Given, Resolved> {
  readonly isRequired: true
}

/** The options of a set, by their names. */
export interface Table {
  readonly [name: string]: Option<never, unknown>
}

/** A table that has exactly the options of an interface. Each accepts all values that the interface allows. */
export type TableOf<Options> = {
  readonly [Name in keyof Options]-?: Pick<Options, Name> extends Required<Pick<Options, Name>>
    ? RequiredOption<Options[Name], unknown>
    : Option<Exclude<Options[Name], undefined>, unknown>
}

/** The options that users may pass for a table. */
export type GivenOf<T extends Table> = {
  readonly [Name in keyof T]?: T[Name] extends Option<infer Given, unknown> ? Given : never
}

/** The options of a table, completed. */
export type ResolvedOf<T extends Table> = {
  readonly [Name in keyof T]: T[Name] extends Option<never, infer Resolved> ? Resolved : never
}

/** The first option that is unknown, missing or wrong. */
export interface OptionProblem {
  readonly name: string
  readonly problem: string
}

/** Returns what is wrong with an option that the table does not have; undefined to ignore the option. */
export type JudgeUnknown = (name: string, known: readonly string[]) => string | undefined

const refuseUnknown: JudgeUnknown = (_name, known) => `does not exist; the options are ${known.join(', ')}`

/** Finds the first option that is unknown, missing or wrong; undefined if there is none. */
export function findProblem (
  table: Table, given: unknown, judgeUnknown: JudgeUnknown = refuseUnknown
): OptionProblem | undefined {
  if (typeof given !== 'object' || given === null) return { name: 'options', problem: 'must be an object' }
  for (const [name, value] of Object.entries(given)) {
    const isUnknown = value !== undefined && !Object.hasOwn(table, name)
    const problem = isUnknown ? judgeUnknown(name, Object.keys(table)) : undefined
    if (problem !== undefined) return { name, problem }
  }
  for (const [name, { check, isRequired }] of Object.entries(table)) {
    const value = read(given, name)
    const problem = value === undefined && !isRequired ? undefined : check(value)
    if (problem !== undefined) return { name, problem }
  }
  return undefined
}

/** Completes options that have been checked. The given object is not modified. */
export function complete<T extends Table> (table: T, given: object): ResolvedOf<T> {
  // The check of an option accepts only what its `complete` takes.
  const entries = Object.entries(table).map(([name, option]) => [name, option.complete(read(given, name) as never)])
  return Object.freeze(Object.fromEntries(entries)) as ResolvedOf<T>
}

/**
 * Checks and completes options. The given object is not modified.
 * @param prefix A text that precedes the option's name in errors.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function resolve<T extends Table> (table: T, given: object, prefix = ''): ResolvedOf<T> {
  const found = findProblem(table, given)
  if (found !== undefined) throw new MCP_ERR_INVALID_OPTION(prefix + found.name, found.problem)
  return complete(table, given)
}

// Like destructuring, this also reads inherited properties.
function read (given: object, name: string): unknown {
  return (given as Readonly<Record<string, unknown>>)[name]
}
