// The kinds of options that tables consist of: each checks a value and says what is wrong with it.
import { isScope } from '../protocol/scope.ts'
import {
  complete, findProblem,
  type Check, type GivenOf, type JudgeUnknown, type Option, type OptionProblem, type RequiredOption, type ResolvedOf,
  type Table
} from './table.ts'

/** Creates an option of one kind, with a default or without. */
export interface Kind<Value> {
  (): Option<Value, Value | undefined>
  (fallback: Value): Option<Value, Value>
}

/** Creates a kind of option. */
export function kind<Value> (check: Check): Kind<Value> {
  function create (): Option<Value, Value | undefined>
  function create (fallback: Value): Option<Value, Value>
  function create (fallback?: Value): Option<Value, Value | undefined> {
    return { check, isRequired: false, complete: (given) => given === undefined ? fallback : given }
  }
  return create
}

/** Creates a kind of option from a condition. @param problem What is wrong with a value that does not meet it. */
export function kindOf<Value> (problem: string, isRight: (value: unknown) => boolean): Kind<Value> {
  return kind((value) => isRight(value) ? undefined : problem)
}

/** Makes an option mandatory. */
export function required<Given, Resolved> (
  { check, complete }: Option<Given, Resolved>
): RequiredOption<Given, Exclude<Resolved, undefined>> {
  // The cast holds: the check refuses undefined, so `complete` always gets a value.
  return { check, isRequired: true, complete: complete as (given: Given | undefined) => Exclude<Resolved, undefined> }
}

/** The longest delay that a timer of Node can take, in milliseconds. */
export const LONGEST_DURATION = 2 ** 31 - 1

export const flag = kindOf<boolean>('must be true or false', (value) => typeof value === 'boolean')
export const text = kindOf<string>('must be a string that is not empty', isText)
export const string = kindOf<string>('must be a string', (value) => typeof value === 'string')
export const texts = kindOf<string | readonly string[]>('must be a string or an array of strings',
  (value) => [value].flat().length > 0 && [value].flat().every(isText))
export const whole = kindOf<number>('must be a whole number above 0',
  (value) => Number.isSafeInteger(value) && Number(value) > 0)
export const duration = kindOf<number>(
  `must be a whole number of milliseconds from 0 (none) to ${LONGEST_DURATION}`, isDuration)
export const url = kindOf<string>("must be an absolute URL, such as 'https://auth.example.com'", isHttpUrl)
export const urls = kindOf<readonly string[]>("must be an array of URLs, such as ['https://auth.example.com']",
  (value) => Array.isArray(value) && value.length > 0 && value.every(isHttpUrl))
export const scopes = kindOf<readonly string[]>("must be an array of scopes, such as ['notes:read']", isScopes)
export const headerValue = kindOf<string>(
  'must be a string of visible ASCII characters, with spaces between them at most',
  (value) => typeof value === 'string' && /^[!-~](?:[ -~]*[!-~])?$/.test(value))

/** Creates an option that is a function. @param problem What is wrong with any other value. */
export function func<Value> (problem = 'must be a function'): Option<Value, Value | undefined> {
  return kindOf<Value>(problem, (value) => typeof value === 'function')()
}

/** Creates an option that is an object. @param problem What is wrong with any other value. */
export function object<Value> (problem = 'must be an object'): Option<Value, Value | undefined> {
  return kindOf<Value>(problem, isObject)()
}

/** Creates an option that is one of some words. */
export function oneOf<const Word extends string> (...words: readonly Word[]): Option<Word, Word | undefined> {
  const problem = `must be ${words.map((word) => `'${word}'`).join(' or ')}`
  return kindOf<Word>(problem, (value) => words.some((word) => word === value))()
}

/** The wording for a problem with a nested option. */
export interface Wording {
  readonly describe: (found: OptionProblem) => string
  readonly judgeUnknown?: JudgeUnknown
}

/** The usual wording: "has a 'ttl' that must be above 0". */
export const THAT: Wording = { describe: ({ name, problem }) => `has ${articleOf(name)} '${name}' that ${problem}` }

/** Another wording: "has 'path', which must begin with '/'". */
export const WHICH = {
  describe: ({ name, problem }) => `has '${name}', which ${problem}`,
  judgeUnknown: (_name, known) => `does not exist; the options are ${known.join(', ')}`
} satisfies Wording

/** Creates an option that is an object of options. @param problem What is wrong with a value that is not an object. */
export function nested<T extends Table> (
  table: T, problem: string, { describe, judgeUnknown }: Wording = THAT
): Option<GivenOf<T>, ResolvedOf<T>> {
  return {
    check (value) {
      if (!isObject(value)) return problem
      const found = findProblem(table, value, judgeUnknown)
      return found && describe(found)
    },
    isRequired: false,
    complete: (given) => complete(table, given ?? {})
  }
}

/** Lets an option be `false` as well. */
export function orFalse<Given, Resolved> (
  { check, complete }: Option<Given, Resolved>
): Option<Given | false, Resolved | false> {
  return {
    check: (value) => value === false ? undefined : check(value),
    isRequired: false,
    complete: (given) => given === false ? false : complete(given)
  }
}

/** Lets an option be turned on by `true`, with its defaults, or off by `false`, which is the default. */
export function switchable<Given extends object, Resolved> (
  { check, complete }: Option<Given, Resolved>
): Option<Given | boolean, Resolved | false> {
  return {
    check: (value) => typeof value === 'boolean' ? undefined : check(value),
    isRequired: false,
    complete: (given = false) => given === false ? false : complete(given === true ? undefined : given)
  }
}

/** A client of Redis that has commands, such as one of `ioredis`. @param commands The names of its methods. */
export function redisClient<Commands> (...commands: readonly string[]): Kind<Commands> {
  return kindOf<Commands>("must be a client of Redis, such as new Redis('redis://localhost:6379') of ioredis",
    (value) => isObject(value) && commands.every((name) => typeof Object(value)[name] === 'function'))
}

export function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

export function isText (value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

export function isDuration (value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LONGEST_DURATION
}

export function isScopes (value: unknown): boolean {
  return Array.isArray(value) && value.every(isScope)
}

// A URL parser accepts and repairs texts that begin differently, or contain whitespace or a backslash.
const HTTP_URL = /^https?:\/\/[^\s/\\][^\s\\]*$/i

/** Returns whether a value is the text of an absolute HTTP URL that a URL parser does not have to repair. */
export function isHttpUrl (value: unknown): boolean {
  return typeof value === 'string' && HTTP_URL.test(value) && URL.canParse(value)
}

function articleOf (name: string): string {
  return /^[aeiou]/i.test(name) ? 'an' : 'a'
}
