// Finds what reached the wrong client.

/** Something a client received: whose it should be, and what it carried. */
export interface Received {
  readonly kind: string
  readonly token: string
  readonly carried: unknown
}

/** A message that reached a client although it lacks the client's token, or has another token as well. */
export function findStrays (received: readonly Received[], tokens: readonly string[]): readonly Received[] {
  return received.filter(({ token, carried }) => {
    const text = JSON.stringify(carried) ?? ''
    return tokens.filter((one) => text.includes(one)).join() !== token
  })
}
