// Paths that Fastify lets you register although no request can reach them.

const PROBLEMS: ReadonlyArray<readonly [wrong: RegExp, problem: string]> = [
  [/%/, 'must not be percent-encoded: requests are decoded before they are routed, so write it as it is read, ' +
    "such as '/caf\u00e9' or '/my notes'"],
  [/\/\//, 'must not have two slashes in a row'],
  [/::/, "must not have '::'"],
  // eslint-disable-next-line no-control-regex -- URL parsers drop some of them
  [/[?#\\\0-\x1f]/, "must not have '?', '#', a backslash or a control character, which are not part of a path"],
  [/\/\.{1,2}(?:\/|$)/, "must not have a segment '.' or '..', which clients resolve"]
]

/**
 * Says why no request would reach a path. Returns undefined for a path that can be reached. Patterns of parameters, in
 * parentheses, are skipped.
 */
export function findPathProblem (path: string): string | undefined {
  const literal = path.replace(/\([^)]*\)/g, '')
  return PROBLEMS.find(([wrong]) => wrong.test(literal))?.[1]
}
