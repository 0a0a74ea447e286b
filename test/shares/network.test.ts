import t from 'tap'
import { networkOf } from '../../lib/shares/network.ts'

t.test('an IPv6 address counts as its /64 network, and an IPv4 address as itself', async (t) => {
  const networks: Readonly<Record<string, string>> = {
    '192.0.2.7': '192.0.2.7',
    '192.0.2.7:50123': '192.0.2.7',
    '::ffff:192.0.2.7': '192.0.2.7',
    '::FFFF:192.0.2.7': '192.0.2.7',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:0DB8:0001:0002:ffff::1': '2001:db8:1:2::/64',
    '[2001:db8:1:2::9]:443': '2001:db8:1:2::/64',
    '[2001:db8:1:2::9]': '2001:db8:1:2::/64',
    '2001:db8::1': '2001:db8:0:0::/64',
    '2001:db8::': '2001:db8:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '::1': '0:0:0:0::/64',
    '::': '0:0:0:0::/64',
    '1::2:3:4:5:6': '1:0:0:2::/64',
    '64:ff9b::192.0.2.7': '64:ff9b:0:0::/64',
    unknown: 'unknown'
  }

  for (const [address, network] of Object.entries(networks)) t.equal(networkOf(address), network, address)
})
