// Suggests a known name for an unknown one.

/**
 * Returns the known name that an unknown name probably stands for: a name that differs by a typing error, or else the
 * name that shares the most words, such as `maxSessions` for `maxConnections` or `auth` for `authenticate`.
 */
export function findMeant (name: string, known: readonly string[]): string | undefined {
  return known.find((other) => isTypingError(name.toLowerCase(), other.toLowerCase())) ?? findSharingWords(name, known)
}

// Up to two characters may be missing, added or changed. Short names allow fewer, because two would be most of them.
function isTypingError (a: string, b: string): boolean {
  return countEdits(a, b) <= Math.min(2, Math.floor(b.length / 3))
}

// Levenshtein's distance, computed row by row.
function countEdits (a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [row, character] of [...a].entries()) {
    const current = [row + 1]
    for (let column = 1; column <= b.length; column++) {
      const changed = Number(above[column - 1]) + (b[column - 1] === character ? 0 : 1)
      current.push(Math.min(changed, Number(above[column]) + 1, Number(current[column - 1]) + 1))
    }
    above = current
  }
  return Number(above[b.length])
}

function findSharingWords (name: string, known: readonly string[]): string | undefined {
  const words = wordsOf(name)
  const isShared = (word: string): boolean => words.some((own) => isSameWord(word, own))
  const counts = known.map((other) => wordsOf(other).filter(isShared).length)
  const most = Math.max(...counts)
  return most === 0 ? undefined : known[counts.indexOf(most)]
}

// Splits a name in camel case into words, in the singular.
function wordsOf (name: string): readonly string[] {
  return [...name.matchAll(/[A-Z]*[a-z]+|[A-Z]+/g)].map(([word]) => word.toLowerCase().replace(/s$/, ''))
}

// A word matches its abbreviation: 'authenticate' and 'authorize' begin with 'auth'.
function isSameWord (a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short === long || (short.length >= 4 && long.startsWith(short))
}
