// What options may be.
import { isScope } from './protocol/scope.ts'

/** Tells what is wrong with a value; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined

/** A check for each option. */
export type Checks<Options> = { readonly [name in keyof Options]-?: Check }

/** Makes a check that lets a missing value pass. */
export function optional (check: Check): Check {
  return (value) => value === undefined ? undefined : check(value)
}

export const isFunction: Check = (value) => typeof value === 'function' ? undefined : 'must be a function'
export const isBoolean: Check = (value) => typeof value === 'boolean' ? undefined : 'must be true or false'
export const isText: Check = (value) => typeof value === 'string' && value !== '' ? undefined : 'must be a string that is not empty'
export const isHeaderValue: Check = (value) =>
  typeof value === 'string' && /^[!-~](?:[ -~]*[!-~])?$/.test(value) ? undefined : 'must be a string of visible ASCII characters, with spaces between them at most'
export const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) > 0 ? undefined : 'must be a whole number above 0'
export const isUrl: Check = (value) => isHttpUrl(value) ? undefined : "must be an absolute URL, such as 'https://auth.example.com'"
export const isUrls: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isHttpUrl) ? undefined : "must be an array of URLs, such as ['https://auth.example.com']"
export const isTextOrTexts: Check = (value) =>
  [value].flat().length > 0 && [value].flat().every((entry) => isText(entry) === undefined) ? undefined : 'must be a string or an array of strings'
export const isScopes: Check = (value) =>
  Array.isArray(value) && value.every(isScope) ? undefined : "must be an array of scopes, such as ['notes:read']"

/** Finds the first option that is unknown, missing or wrong. */
export function findOptionProblem (options: object, checks: Readonly<Record<string, Check>>): { readonly name: string, readonly problem: string } | undefined {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(checks, name))
  if (unknown !== undefined) return { name: unknown, problem: `does not exist; there may be ${Object.keys(checks).join(', ')}` }
  const values: Readonly<Record<string, unknown>> = { ...options }
  for (const [name, check] of Object.entries(checks)) {
    const problem = check(values[name])
    if (problem !== undefined) return { name, problem }
  }
  return undefined
}

// A URL parser would repair what does not begin like this, or has whitespace or a backslash in it.
const HTTP_URL = /^https?:\/\/[^\s/\\][^\s\\]*$/i

/** Whether a value is the absolute URL of something on the web, as a text that needs no repair. */
export function isHttpUrl (value: unknown): boolean {
  return typeof value === 'string' && HTTP_URL.test(value) && URL.canParse(value)
}
