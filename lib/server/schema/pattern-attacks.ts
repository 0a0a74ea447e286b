// Builds texts for which a pattern may take long: a prefix that begins a match, a pump that a loop repeats, and a
// suffix that does not match, so that the engine backtracks through every other way to read the text.
import type { PatternAlphabet } from './pattern-alphabet.ts'
import { allPartsOf, partsOf, type PatternNode, type Repetition } from './pattern-tree.ts'

/** A family of texts: the prefix, any number of pumps, the suffix. */
export interface Attack {
  readonly prefix: string
  readonly pump: string
  readonly suffix: string
}

interface Loop {
  readonly node: Repetition
  /** The shortest text that leads a match to the loop. */
  readonly prefix: string
  readonly following: readonly PatternNode[]
}

// A text can be read in only a few ways by a part that repeats less often.
const MIN_REPETITIONS = 5

const MAX_WORDS = 8
const MAX_PUMPS = 24
const MAX_PUMP_LENGTH = 64

/** Lists the attacks to try on a pattern. */
export function listAttacks (root: PatternNode, alphabet: PatternAlphabet): Attack[] {
  const attacks = new Map<string, Attack>()
  const [rare = '', rarest = rare] = alphabet.letters.slice(-2)
  const suffixes = [rarest, rare + rarest + rare]

  function visit (node: PatternNode, prefix: string, following: readonly PatternNode[]): void {
    if (isLoop(node)) {
      for (const pump of listPumps({ prefix, node, following }, alphabet)) {
        for (const suffix of suffixes) attacks.set(JSON.stringify([prefix, pump, suffix]), { prefix, pump, suffix })
      }
    }
    let before = prefix
    for (const [index, part] of partsOf(node).entries()) {
      visit(part, before, node.kind === 'sequence' ? [...node.nodes.slice(index + 1), ...following] : following)
      if (node.kind === 'sequence') before += shortestOf(part, alphabet)
    }
  }

  visit(root, '', [])
  return [...attacks.values()]
}

function isLoop (node: PatternNode): node is Repetition {
  return node.kind === 'repeat' && node.max >= MIN_REPETITIONS
}

function listPumps (loop: Loop, alphabet: PatternAlphabet): string[] {
  const { prefix, node, following } = loop
  const accepted = new Set(allPartsOf(node).flatMap((part) => acceptedBy(part, alphabet)))
  const letters = alphabet.letters.filter((letter) => accepted.has(letter))
  const words = wordsOf(node.node, alphabet)
  // A search starts again at each place where a match can begin, so repeating the prefix may multiply the work.
  const beginnings = [prefix, ...words.slice(0, 2).map((word) => prefix + word)]
  const pumps = new Set([...letters, ...words, ...leadsTo(following, alphabet), ...beginnings].map(withoutRepetition))
  return [...pumps].filter(({ length }) => length > 0 && length <= MAX_PUMP_LENGTH).slice(0, MAX_PUMPS)
}

function acceptedBy (part: PatternNode, alphabet: PatternAlphabet): string[] {
  return part.kind === 'character' ? [...alphabet.lettersOf(part.source)] : []
}

// Returns the shortest text whose repetition gives the word: 'ab' for 'abab'.
function withoutRepetition (word: string): string {
  return word.slice(0, (word + word).indexOf(word, 1))
}

// Lists the texts that lead from a loop to each later loop. If the first loop also accepts such a text, the later loop
// can begin at many places.
function leadsTo (following: readonly PatternNode[], alphabet: PatternAlphabet): string[] {
  let lead = ''
  return following.flatMap((part) => {
    lead += shortestOf(part, alphabet)
    return allPartsOf(part).some(isLoop) ? lead : []
  })
}

function shortestOf (node: PatternNode, alphabet: PatternAlphabet): string {
  return wordsOf(node, alphabet)[0] ?? ''
}

// Lists texts that a part matches, with as few repetitions as possible.
function wordsOf (node: PatternNode, alphabet: PatternAlphabet): string[] {
  switch (node.kind) {
    case 'character': return [...alphabet.lettersOf(node.source)].slice(0, 2)
    case 'sequence': return node.nodes.map((part) => wordsOf(part, alphabet)).reduce(combine, [''])
    case 'choice': return node.nodes.flatMap((part) => wordsOf(part, alphabet)).slice(0, MAX_WORDS)
    case 'repeat': {
      const words = wordsOf(node.node, alphabet).map((word) => word.repeat(Math.max(1, node.min)))
      return (node.min === 0 ? ['', ...words] : words).slice(0, MAX_WORDS)
    }
    case 'group': return wordsOf(node.node, alphabet)
    default: return ['']
  }
}

function combine (heads: readonly string[], tails: readonly string[]): string[] {
  return heads.flatMap((head) => tails.map((tail) => head + tail)).slice(0, MAX_WORDS)
}
