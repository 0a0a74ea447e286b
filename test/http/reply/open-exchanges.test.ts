import t from 'tap'
import { OpenExchanges, type OpenExchange } from '../../../lib/http/reply/open-exchanges.ts'
import { stopClock } from '../../support/definition-client.ts'

interface Counted extends OpenExchange { readonly beats: number, readonly cuts: number, readonly aborts: number }

/** An exchange that ends when it is cut, or else when it is aborted. */
function createExchange (open: OpenExchanges, { isRead = true } = {}): Counted {
  let beats = 0
  let cuts = 0
  let aborts = 0
  const exchange = {
    unreadBytes: 2,
    get beats () { return beats },
    get cuts () { return cuts },
    get aborts () { return aborts },
    beat () { beats++ },
    cut () { cuts++; if (isRead) open.delete(exchange) },
    abort () { aborts++; open.delete(exchange) }
  }
  open.add(exchange)
  return exchange
}

t.test('each beat reaches every open exchange', async (t) => {
  const open = new OpenExchanges(0)
  const first = createExchange(open)
  const second = createExchange(open)

  open.beat()
  open.delete(first)
  open.beat()

  t.equal(first.beats, 1)
  t.equal(second.beats, 2)
  t.equal(open.size, 1)
  t.equal(open.unreadBytes, 2)
})

t.test('once started, beats come automatically until stop()', async (t) => {
  const tick = stopClock(t)
  const open = new OpenExchanges(10)
  const exchange = createExchange(open)
  open.start()

  tick(12)
  t.equal(exchange.beats, 2)

  open.stop()
  tick(100)
  t.equal(exchange.beats, 2)
})

t.test('without a keep-alive interval starting and stopping does nothing', async (t) => {
  const open = new OpenExchanges(0)
  open.add({ unreadBytes: 0, beat: () => t.fail('no beat'), cut () {}, abort () {} })

  open.start()
  open.stop()

  t.equal(open.size, 1)
})

t.test('draining without open exchanges resolves at once', async (t) => {
  await t.resolves(new OpenExchanges(0).drain(1_000_000))
})

t.test('draining waits for the last exchange and cuts none that ends in time', async (t) => {
  const open = new OpenExchanges(0)
  const first = createExchange(open)
  const second = createExchange(open)

  const drained = open.drain(1_000_000)
  open.delete(first)
  open.delete(second)
  await drained

  t.equal(first.cuts + second.cuts, 0)
})

t.test('draining cuts exchanges that outlive the grace period', async (t) => {
  const open = new OpenExchanges(0)
  const quick = createExchange(open)
  const slow = createExchange(open)

  const drained = open.drain(1)
  open.delete(quick)
  await drained

  t.equal(quick.cuts, 0)
  t.same([slow.cuts, slow.aborts], [1, 0])
  t.equal(open.size, 0)
})

t.test('without a grace period draining cuts at once', async (t) => {
  const open = new OpenExchanges(0)
  const exchange = createExchange(open)

  const drained = open.drain(0)

  t.equal(exchange.cuts, 1)
  await drained
})

t.test('draining aborts exchanges that were cut but are not read', async (t) => {
  const tick = stopClock(t)
  const open = new OpenExchanges(0)
  const exchange = createExchange(open, { isRead: false })

  const drained = open.drain(0)
  const atOnce = [exchange.cuts, exchange.aborts]
  tick(1000)
  await drained

  t.same(atOnce, [1, 0])
  t.equal(exchange.aborts, 1)
  t.equal(open.size, 0)
})

t.test('an exchange that is added after the cut is cut at once', async (t) => {
  const open = new OpenExchanges(0)
  await open.drain(0)

  t.equal(createExchange(open).cuts, 1)
})
