import fc from 'fast-check'
import t from 'tap'
import { colors, contrastOf, describeScheme, logo, policySourceOf } from '../../../lib/oauth/pages/look.ts'
import { createStyle } from '../../../lib/oauth/pages/style.ts'

t.test('the contrast of colours is that of WCAG', async (t) => {
  t.equal(contrastOf('#000', '#ffffff'), 21)
  t.equal(contrastOf('#777', '#777777'), 1)
  t.equal(contrastOf('#767676', '#fff').toFixed(2), '4.54')
})

t.test('colours that cannot be read as text are not used for it', async (t) => {
  t.match(describeScheme({ accent: '#ffeb3b', background: undefined }, 'light'),
    '--accent: #ffeb3b; --on: #000; --link: #1b1f24; --edge: #57606a;')
  t.match(describeScheme({ accent: '#0b5fce', background: '#eee' }, 'light'),
    '--ground: #eee; --accent: #0b5fce; --on: #fff; --link: #0b5fce; --edge: #0b5fce;')
})

t.test('whatever the accent is, texts have a contrast of 4.5 and the edges of controls one of 3', async (t) => {
  const accents = fc.integer({ min: 0, max: 0xffffff }).map((number) => `#${number.toString(16).padStart(6, '0')}`)
  fc.assert(fc.property(accents, fc.constantFrom('light' as const, 'dark' as const), (accent, scheme) => {
    const text = describeScheme({ accent, background: undefined }, scheme)
    const find = (name: string): string => String(new RegExp(`--${name}: ([^;]+);`).exec(text)?.[1])
    return contrastOf(find('on'), accent) >= 4.5 && contrastOf(find('link'), find('card')) >= 4.5 &&
      contrastOf(find('soft'), find('card')) >= 4.5 && contrastOf(find('edge'), find('card')) >= 3
  }))
  t.pass('for every accent that was tried')
})

t.test('dark pages have the accent of light ones, unless they have their own', async (t) => {
  const accents = (given: object): string[] =>
    [...createStyle(colors.complete(given)).matchAll(/--accent: (#\w+)/g)].map(([, accent]) => String(accent))

  t.same(accents({}), ['#0b5fce', '#7ab4ff'])
  t.same(accents({ accent: '#123456' }), ['#123456', '#123456'])
  t.same(accents({ accent: '#123456', dark: { accent: '#abcdef' } }), ['#123456', '#abcdef'])
})

t.test('colours and logos are checked', async (t) => {
  for (const wrong of ['red', '#12345', '#0b5fce;', 7]) t.match(colors.check({ accent: wrong }), /'accent' that must be/)
  t.match(colors.check({ dark: { accent: 'x' } }), /'dark' that has an 'accent' that must be/)
  t.match(colors.check({ ink: '#000' }), /does not exist/)
  const { check } = logo()
  for (const right of ['https://cdn.example.com/logo.svg?v=2', 'data:image/png;base64,iVBORw0KGgo=']) {
    t.equal(check(right), undefined, right)
  }
  for (const wrong of [
    'http://cdn.example.com/logo.svg', '/logo.svg', 'data:text/html,<b>', 'https://', 'https://a.example/"x',
    `data:image/png;base64,${'A'.repeat(64 * 1024)}`, 'javascript:alert(1)', 7
  ]) t.match(check(wrong), /must be the https URL of a picture/, String(wrong).slice(0, 40))
})

t.test('the policy names the logo and nothing else', async (t) => {
  t.equal(policySourceOf('https://cdn.example.com/a;b,c/logo.svg?v=2'), 'https://cdn.example.com/a%3Bb%2Cc/logo.svg')
  t.equal(policySourceOf('data:image/png;base64,iVBORw0KGgo='), 'data:')
})
