// The language of the pages, chosen for each browser.

/** The headers of a request by which its language is chosen. */
export interface LanguageHeaders {
  /** The languages that the browser prefers. */
  readonly 'accept-language'?: string | undefined
  /** The cookies of the browser. */
  readonly cookie?: string | undefined
}

/**
 * Finds the best of some languages for a header Accept-Language, by RFC 4647 3.4 (lookup) and RFC 9110 12.5.4.
 * Returns undefined if none is wanted.
 */
export function findLanguage (header: string | undefined, available: readonly string[]): string | undefined {
  const wanted = (header ?? '').split(',', MAX_RANGES).map(readRange).filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
  for (const { tag } of wanted) {
    for (let range = tag; range !== ''; range = range.slice(0, Math.max(0, range.lastIndexOf('-')))) {
      const found = available.find((language) => language.toLowerCase() === range)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const MAX_RANGES = 20

function readRange (range: string): { readonly tag: string, readonly weight: number } {
  const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  return { tag, weight: weight === undefined ? 1 : Number(weight.slice(2)) }
}

const RIGHT_TO_LEFT = new Set(['Adlm', 'Arab', 'Hebr', 'Mand', 'Nkoo', 'Rohg', 'Samr', 'Syrc', 'Thaa'])

/** Returns the direction in which a language is written. */
export function directionOf (language: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(new Intl.Locale(language).maximize().script ?? '') ? 'rtl' : 'ltr'
}
