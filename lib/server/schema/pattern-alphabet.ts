// Finds a few characters that represent every kind of character that a pattern distinguishes.
import { allPartsOf, type PatternNode } from './pattern-tree.ts'

/** The characters with which a pattern is tried. */
export interface PatternAlphabet {
  /** One character of each kind, sorted by how many parts of the pattern accept it, the most accepted first. */
  readonly letters: readonly string[]
  /** Returns the letters that a character, an escape or a class of the pattern accepts, in the order of `letters`. */
  lettersOf (source: string): ReadonlySet<string>
}

const ESCAPE = /\\[ux]\{?([\da-f]{2,6})/gi
// Printable ASCII, and letters, digits, spaces and symbols from beyond it.
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
const COMMON = ['a', 'A', '0', ...PRINTABLE, ...'\n\t\r\0é\u00a0\u2028Ж中٣€😀']

/** Creates the alphabet of a pattern. */
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
    // The map has an entry for each part of the pattern.
    lettersOf: (source) => accepted.get(source) as ReadonlySet<string>
  }
}

// An escape may end a range, so its neighbours are tried as well.
function listEscaped (pattern: string): string[] {
  return Array.from(pattern.matchAll(ESCAPE), ([, digits = '']) => Number.parseInt(digits, 16))
    .flatMap((code) => [code, Math.max(0, code - 1), Math.min(code + 1, 0x10ffff)])
    .map((code) => String.fromCodePoint(code))
}

function countPlaces (kind: string): number {
  return kind.replaceAll('0', '').length
}
