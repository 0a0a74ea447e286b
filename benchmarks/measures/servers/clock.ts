// The clock that all processes of a machine share.

/** The moment, in microseconds. */
export function now (): number {
  return Number(process.hrtime.bigint() / 1000n)
}
