// The keyword `multipleOf` for decimal fractions, which division of doubles gets wrong.

// Doubles represent powers of ten exactly only up to 10^22.
const MAX_DECIMALS = 22

// The quotient of large doubles may round to a neighbour of the right whole number.
const NEIGHBOURS = [0, -1, 1]

/**
 * Makes a test for multiples of a number above 0. A value passes when it is the double closest to a multiple: 19.99 is
 * a multiple of 0.01, although 19.99 / 0.01 is 1998.9999999999998.
 */
export function createMultipleTest (divisor: number): (value: number) => boolean {
  const decimals = countDecimals(divisor)
  if (decimals === 0) return (value) => value % divisor === 0
  if (decimals > MAX_DECIMALS) return (value) => Number.isInteger(value / divisor)

  const scale = 10 ** decimals
  const step = Math.round(divisor * scale)
  return function isMultiple (value) {
    const nearest = Math.round(value / divisor)
    // At larger values, neighbouring doubles are further apart than multiples.
    if (!Number.isSafeInteger((Math.abs(nearest) + 1) * step)) return Number.isInteger(value / divisor)
    return NEIGHBOURS.some((offset) => (nearest + offset) * step / scale === value)
  }
}

function countDecimals (value: number): number {
  const [, fraction = '', exponent = '0'] = /^\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  return Math.max(0, fraction.length - Number(exponent))
}
