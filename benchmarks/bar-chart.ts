// Draws bars as SVG, readable on light and on dark pages.

/** Bars under one heading, on a scale of their own. */
export interface Panel { readonly title: string, readonly bars: readonly Bar[] }

/** One bar. */
export interface Bar { readonly label: string, readonly value: number, readonly text: string, readonly isOurs: boolean }

const WIDTH = 760
const LABEL_WIDTH = 230
const VALUE_WIDTH = 80
const ROW = 26
const BAR = 16
const HEADING = 34

const STYLE = `text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-size: 16px; font-weight: 600 } .panel { font-weight: 600 }
.bar { fill: #8c959f } .ours { fill: #0969da }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #4493f8 } }`

/** Draws panels one below the other. */
export function drawBars (title: string, panels: readonly Panel[]): string {
  let y = HEADING
  const drawn = panels.map((panel) => {
    const top = y
    y += HEADING + panel.bars.length * ROW
    return drawPanel(panel, top)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 8}" width="${WIDTH}" height="${y + 8}" role="img" aria-label="${escape(title)}">
<style>${STYLE}</style>
<text class="title" x="0" y="20">${escape(title)}</text>
${drawn.join('\n')}
</svg>
`
}

function drawPanel ({ title, bars }: Panel, top: number): string {
  const largest = Math.max(...bars.map(({ value }) => value))
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / largest
  const rows = bars.map(({ label, value, text, isOurs }, index) => {
    const y = top + HEADING + index * ROW
    const width = Math.max(1, Math.round(value * scale))
    return `<text x="${LABEL_WIDTH - 10}" y="${y + 13}" text-anchor="end">${escape(label)}</text>
<rect class="${isOurs ? 'ours' : 'bar'}" x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR}" rx="2"/>
<text x="${LABEL_WIDTH + width + 8}" y="${y + 13}">${escape(text)}</text>`
  })
  return `<text class="panel" x="0" y="${top + 22}">${escape(title)}</text>\n${rows.join('\n')}`
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
