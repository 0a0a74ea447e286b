// Matches a pattern by backtracking, as JavaScript does, and counts the steps. Unlike time, the count never varies.
import type { PatternAlphabet } from './pattern-alphabet.ts'
import { allPartsOf, type PatternNode, type Repetition } from './pattern-tree.ts'

/**
 * Searches a text, which consists of letters of the pattern's alphabet, and returns the number of steps. The search
 * ends after `limit` steps.
 */
export type CountSteps = (text: string, limit: number) => number

type Next = (at: number) => boolean
type Match = (at: number, next: Next) => boolean

const WORD = /^\w$/

/** Creates the step counter of one pattern. */
export function createStepCounter (root: PatternNode, alphabet: PatternAlphabet): CountSteps {
  const matcher = new Matcher(alphabet, allPartsOf(root).some(({ kind }) => kind === 'reference'))
  const match = matcher.compile(root)
  return (text, limit) => matcher.countSteps(match, text, limit)
}

// Created once: a stack trace costs time and would say nothing.
const TOO_MANY_STEPS = new RangeError('the text takes too many steps')

class Matcher {
  readonly #alphabet: PatternAlphabet
  readonly #refersToGroups: boolean
  readonly #groups = new Map<string, readonly [start: number, end: number] | undefined>()
  #text: readonly string[] = []
  #left = 0

  constructor (alphabet: PatternAlphabet, refersToGroups: boolean) {
    this.#alphabet = alphabet
    this.#refersToGroups = refersToGroups
  }

  countSteps (match: Match, text: string, limit: number): number {
    this.#text = Array.from(text)
    this.#left = limit
    try {
      for (let at = 0; at <= this.#text.length; at++) {
        this.#groups.clear()
        if (match(at, () => true)) break
      }
    } catch {
      // The search took too many steps, or overflowed the stack.
    }
    return limit - this.#left
  }

  compile (node: PatternNode): Match {
    switch (node.kind) {
      case 'character': return this.#compileCharacter(this.#alphabet.lettersOf(node.source))
      case 'sequence': return node.nodes.map((part) => this.compile(part)).reduceRight<Match>(chain, proceed)
      case 'choice': return choose(node.nodes.map((part) => this.compile(part)))
      case 'repeat': return this.#compileRepetition(node)
      case 'group': return this.#compileGroup(this.compile(node.node), node.names)
      case 'look': return look(this.compile(node.node), node.isNegative)
      case 'edge': return (at, next) => this.#isEdge(node.source, at) && next(at)
      case 'reference': return this.#compileReference(node.name)
    }
  }

  #spend (): void {
    if (this.#left === 0) throw TOO_MANY_STEPS
    this.#left--
  }

  #accepts (letters: ReadonlySet<string>, at: number): boolean {
    this.#spend()
    const character = this.#text[at]
    return character !== undefined && letters.has(character)
  }

  #compileCharacter (letters: ReadonlySet<string>): Match {
    return (at, next) => this.#accepts(letters, at) && next(at + 1)
  }

  #compileRepetition (repetition: Repetition): Match {
    const { node, min, max, isLazy } = repetition
    if (node.kind === 'character') return this.#compileRun(repetition, this.#alphabet.lettersOf(node.source))
    const body = this.compile(node)

    return (start, next) => {
      const repeat = (count: number, at: number): boolean => {
        this.#spend()
        const enough = (): boolean => count >= min && next(at)
        // JavaScript ends a repetition whose last iteration matched the empty text.
        const again = (end: number): boolean => (end > at || count < min) && repeat(count + 1, end)
        const more = (): boolean => count < max && body(at, again)
        return isLazy ? enough() || more() : more() || enough()
      }
      return repeat(0, start)
    }
  }

  // Repeats a single character in a loop, without a call for each repetition.
  #compileRun ({ min, max, isLazy }: Repetition, letters: ReadonlySet<string>): Match {
    return (start, next) => {
      let end = start
      const take = (most: number): void => { while (end - start < most && this.#accepts(letters, end)) end++ }
      take(isLazy ? min : max)
      if (!isLazy) {
        while (end - start >= min && !next(end)) end--
        return end - start >= min
      }
      for (let before = start + min - 1; end > before; take(Math.min(max, end - start + 1))) {
        if (next(end)) return true
        before = end
      }
      return false
    }
  }

  #compileGroup (body: Match, names: readonly string[]): Match {
    if (!this.#refersToGroups) return body
    return (start, next) => body(start, (end) => {
      const before = names.map((name) => this.#groups.get(name))
      for (const name of names) this.#groups.set(name, [start, end])
      if (next(end)) return true
      for (const [index, name] of names.entries()) this.#groups.set(name, before[index])
      return false
    })
  }

  #compileReference (name: string): Match {
    return (at, next) => {
      const [start, end] = this.#groups.get(name) ?? [0, 0]
      for (let index = 0; index < end - start; index++) {
        this.#spend()
        if (this.#text[start + index] !== this.#text[at + index]) return false
      }
      return next(at + end - start)
    }
  }

  #isEdge (source: string, at: number): boolean {
    if (source === '^') return at === 0
    if (source === '$') return at === this.#text.length
    const isBoundary = WORD.test(this.#text[at - 1] ?? '') !== WORD.test(this.#text[at] ?? '')
    return isBoundary === (source === '\\b')
  }
}

function proceed (at: number, next: Next): boolean {
  return next(at)
}

function chain (rest: Match, part: Match): Match {
  return (at, next) => part(at, (end) => rest(end, next))
}

function choose (alternatives: readonly Match[]): Match {
  return (at, next) => alternatives.some((alternative) => alternative(at, next))
}

function look (body: Match, isNegative: boolean): Match {
  return (at, next) => body(at, () => true) !== isNegative && next(at)
}
