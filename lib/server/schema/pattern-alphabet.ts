// A few characters that stand for all that a pattern tells apart.
import { allPartsOf, type PatternNode } from './pattern-tree.ts'

/** The characters by which a pattern is tried. */
export interface PatternAlphabet {
  /** One character of each kind; those come first that most places of the pattern accept. */
  readonly letters: readonly string[]
  /** Which letters a character, an escape or a class of the pattern accepts, in the order of the letters. */
  lettersOf (source: string): ReadonlySet<string>
}

const ESCAPE = /\\[ux]\{?([\da-f]{2,6})/gi
// ASCII, and letters, digits, spaces and signs of other kinds.
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
const COMMON = ['a', 'A', '0', ...PRINTABLE, ...'\n\t\r\0é\u00a0\u2028Ж中٣€😀']

/** Finds the characters that a pattern can be tried by. */
export function createAlphabet (pattern: string, root: PatternNode): PatternAlphabet {
  const sources = Array.from(new Set(allPartsOf(root).flatMap((part) => part.kind === 'character' ? part.source : [])))
  const tests = sources.map((source) => new RegExp(`^${source}$`, 'u'))
  const kinds = new Map<string, string>()
  for (const character of [...COMMON, ...pattern, ...listEscaped(pattern)]) {
    const kind = tests.map((test) => test.test(character) ? '1' : '0').join('')
    if (!kinds.has(kind)) kinds.set(kind, character)
  }
  const letters = Array.from(kinds).sort(([a], [b]) => countPlaces(b) - countPlaces(a))
  const lettersAt = (place: number): string[] => letters.flatMap(([kind, letter]) => kind[place] === '1' ? letter : [])
  const accepted = new Map(sources.map((source, place) => [source, new Set(lettersAt(place))]))

  return {
    letters: letters.map(([, letter]) => letter),
    // Those of all parts are there.
    lettersOf: (source) => accepted.get(source) as ReadonlySet<string>
  }
}

// An escape may be the end of a range.
function listEscaped (pattern: string): string[] {
  return Array.from(pattern.matchAll(ESCAPE), ([, digits = '']) => Number.parseInt(digits, 16))
    .flatMap((code) => [code, Math.max(0, code - 1), Math.min(code + 1, 0x10ffff)])
    .map((code) => String.fromCodePoint(code))
}

function countPlaces (kind: string): number {
  return kind.replaceAll('0', '').length
}
