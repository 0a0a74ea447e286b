import t from 'tap'
import type { Question } from '../../../lib/protocol/question.ts'
import { Rounds, type RoundState } from '../../../lib/server/call/rounds.ts'

const ask = (message: string): Question => ({ method: 'elicitation/create', params: { message } })

async function nextRound (rounds: Rounds, responses = {}): Promise<Rounds> {
  // A state travels to the client and back as JSON.
  return new Rounds(responses, JSON.parse(JSON.stringify(await rounds.save(undefined) ?? null)) as RoundState)
}

t.test('a question keeps its key in each round, in whatever order questions are asked', async (t) => {
  const [first, second] = [new Rounds(), new Rounds()]

  const names = [first.identify(ask('a'), undefined), first.identify(ask('b'), undefined)]

  t.strictSame([second.identify(ask('b'), undefined), second.identify(ask('a'), undefined)], names.toReversed())
  t.not(names[0], names[1])
})

t.test('each repetition of an equal question has its own key', async (t) => {
  const rounds = new Rounds()
  const names = [1, 2, 3].map(() => rounds.identify(ask('a'), undefined))

  t.strictSame(names, [names[0], `${names[0]}-2`, `${names[0]}-3`])
})

t.test('a key given by the handler can be used for one question only', async (t) => {
  const rounds = new Rounds()

  t.equal(rounds.identify(ask('a'), 'k'), 'k')
  t.throws(
    () => rounds.identify(ask('b'), 'k'),
    new TypeError("the key 'k' has been used for another question of this call; give each question its own")
  )
  rounds.next({}, undefined)
  t.equal(rounds.identify(ask('a'), 'k'), 'k')
})

t.test('a stored answer takes precedence over a later one', async (t) => {
  const rounds = new Rounds({ a: { n: 1 }, b: 5, toString: { n: 2 } })

  t.strictSame(rounds.answersTo('a'), [{ n: 1 }])
  t.strictSame(rounds.answersTo('b'), [])
  t.strictSame(rounds.answersTo('toString'), [{ n: 2 }])
  t.strictSame(rounds.answersTo('valueOf'), [])
  rounds.take('a', { n: 1 })

  t.strictSame((await nextRound(rounds, { a: { n: 3 } })).answersTo('a'), [{ n: 1 }, { n: 3 }])
  t.strictSame((await nextRound(rounds)).answersTo('b'), [])
})

t.test('answers that the handler has not used yet are kept for later rounds', async (t) => {
  const rounds = new Rounds({ a: { n: 1 }, b: { n: 2 }, c: { n: 3 } }, {
    answers: {}, onces: {}, asked: ['a', 'b', 'toString']
  })
  rounds.take('a', { n: 0 })

  rounds.keepResponses()

  const next = await nextRound(rounds)
  t.strictSame([next.answersTo('a'), next.answersTo('b')], [[{ n: 0 }], [{ n: 2 }]])
  t.strictSame([next.answersTo('c'), next.answersTo('toString')], [[], []], 'what was not asked for is not kept')
})

t.test('nothing is saved if a round brings nothing new', async (t) => {
  t.equal(await new Rounds({ a: {} }).save(undefined), undefined)
  t.strictSame(await new Rounds().save(null), { answers: {}, onces: {}, own: null, asked: [] })
  t.equal(await new Rounds().save(undefined, ['a']), undefined)
  t.strictSame(await new Rounds().save(undefined, ['a', 'b']), {
    answers: {}, onces: {}, own: undefined, asked: ['a', 'b']
  })
})

t.test('a side effect runs once, and returns the same value in all rounds', async (t) => {
  let runs = 0
  const rounds = new Rounds()
  const run = async () => ({ run: ++runs })

  t.strictSame(await Promise.all([rounds.once('a', run), rounds.once('a', run)]), [{ run: 1 }, { run: 1 }])
  t.strictSame(await rounds.once('a', run), { run: 1 })
  t.strictSame(await (await nextRound(rounds)).once('a', run), { run: 1 })
  t.strictSame(await rounds.once('b', run), { run: 2 })
})

t.test('a side effect that resolves to undefined does not run again', async (t) => {
  let runs = 0
  const rounds = new Rounds()
  await rounds.once('a', () => { runs++ })

  t.equal(await (await nextRound(rounds)).once('a', () => { runs++ }), undefined)
  t.equal(runs, 1)
})

t.test('a failed side effect runs again', async (t) => {
  const rounds = new Rounds()

  for (const fail of [() => { throw new Error('no') }, async () => { throw new Error('no') }]) {
    await t.rejects(rounds.once('a', fail), { message: 'no' })
  }

  t.equal(await rounds.save(undefined), undefined)
  t.equal(await rounds.once('a', () => 1), 1)
})

t.test('saving waits for running side effects', async (t) => {
  const rounds = new Rounds()
  let finish = (_value: number): void => {}
  const effect = rounds.once('a', () => new Promise<number>((resolve) => { finish = resolve }))
  const failing = rounds.once('b', async () => { throw new Error('no') }).catch(() => {})

  const saved = rounds.save(undefined)
  finish(7)

  t.strictSame(await saved, { answers: {}, onces: { a: { value: 7 } }, own: undefined, asked: [] })
  t.equal(await effect, 7)
  await failing
})

t.test('the next round in the same process has the earlier answers and its own', async (t) => {
  const rounds = new Rounds()
  rounds.take('a', { n: 1 })

  rounds.next({ b: { n: 2 } }, 'kept')

  t.strictSame([rounds.responses, rounds.own], [{ b: { n: 2 } }, 'kept'])
  t.strictSame(rounds.answersTo('a'), [{ n: 1 }])
})
