// The authorization server: a call with one of its tokens compared with a token of another issuer, a call with a proof
// of a key, and whole sign-ins. All run in one process in turn, and the results are medians.
import { median, medianRatio } from '../figures.ts'
import type { Row, RunSettings, Scenario } from '../scenario.ts'
import { Child, withChild } from './child.ts'

const CALLS = ['own', 'other', 'proof'] as const
const CONTENDERS: Readonly<Record<typeof CALLS[number], string>> = {
  own: 'a token of authorizationServer()', other: 'a token for jwtVerifier()', proof: 'a token with a DPoP proof'
}
const CALLS_PER_ROUND = 3000
const SIGN_INS_PER_ROUND = 100
const WARM_UP = 2
// A call costs the same, but for noise.
const CALL_TARGET = { atMost: 1.05 }

/** The scenario. */
export const SIGN_IN: Scenario = {
  name: 'sign-in',
  async run (settings) {
    return await withChild(async () => await Child.start('sign-in', {}), (child) => compare(child, settings))
  }
}

async function compare (child: Child, { quick, rounds }: RunSettings): Promise<readonly Row[]> {
  const micros: Readonly<Record<typeof CALLS[number] | 'signIn', number[]>> =
    { own: [], other: [], proof: [], signIn: [] }
  for (let round = quick ? 0 : -WARM_UP; round < rounds; round++) {
    for (const command of [...CALLS, 'signIn'] as const) {
      const usual = command === 'signIn' ? SIGN_INS_PER_ROUND : CALLS_PER_ROUND
      const figure = await child.askFor('micros', command, quick ? 5 : usual)
      if (round >= 0) micros[command].push(figure)
    }
  }
  const calls = CALLS.map((command): Row => ({
    contender: CONTENDERS[command],
    figures: { 'CPU µs/call': median(micros[command]) },
    ratios: command === 'other'
      ? []
      : [{
          to: CONTENDERS.other,
          of: 'CPU µs/call',
          value: medianRatio(micros[command], micros.other),
          ...(command === 'own' && { target: CALL_TARGET })
        }]
  }))
  const figures = {
    'CPU ms/sign-in': median(micros.signIn) / 1000, 'sign-ins/CPU second': 1_000_000 / median(micros.signIn)
  }
  return [...calls, { contender: 'a whole sign-in', figures, ratios: [] }]
}
