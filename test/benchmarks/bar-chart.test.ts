import t from 'tap'
import { drawBars } from '../../benchmarks/bar-chart.ts'

t.test('panels stand one below the other, each on a scale of its own', async (t) => {
  const svg = drawBars('Two <panels>', [
    {
      title: 'first',
      bars: [
        { label: 'a & b', value: 10, text: '10', isOurs: true },
        { label: 'c', value: 0, text: '0', isOurs: false }
      ]
    },
    { title: 'second', bars: [{ label: 'd', value: 1000, text: '1,000', isOurs: false }] }
  ])

  t.same([...svg.matchAll(/<rect class="(\w+)" x="230" y="(\d+)" width="(\d+)"/g)].map(([, ...found]) => found), [
    ['ours', '68', '450'], ['bar', '94', '1'], ['bar', '154', '450']
  ])
  t.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 760 188"/)
  t.match(svg, 'aria-label="Two &lt;panels&gt;"')
  t.match(svg, '>a &amp; b<')
})
