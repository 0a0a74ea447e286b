// Draws the output of a program as a picture of a terminal: SVG on a dark ground of its own, readable on light and on
// dark pages.

const COLUMN = 7.8
const ROW = 19
const MARGIN = 16
const TITLE = 34

const STYLE = `text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3 }
.bold { font-weight: 700; fill: #ffffff } .dim { fill: #9198a1 } .prompt { fill: #3fb950 } .frame { fill: #0d1117; stroke: #3d444d }`

/** Text of one style. */
interface Run { readonly style: string, readonly text: string }

/** Draws the lines that a command printed, with their colours, below the command itself. */
export function drawTerminal (title: string, command: string, output: readonly string[]): string {
  const rows = [[{ style: 'prompt', text: '$ ' }, { style: 'bold', text: command }], ...output.map(parseLine)]
  const columns = Math.max(...rows.map((runs) => runs.reduce((sum, { text }) => sum + text.length, 0)))
  const width = Math.ceil(2 * MARGIN + columns * COLUMN)
  const height = TITLE + rows.length * ROW + MARGIN
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>${STYLE}</style>
<rect class="frame" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${['#ff5f57', '#febc2e', '#28c840'].map((fill, index) => `<circle cx="${20 + index * 18}" cy="18" r="5.5" fill="${fill}"/>`).join('')}
${rows.flatMap((runs, index) => drawRow(runs, TITLE + 14 + index * ROW)).join('\n')}
</svg>
`
}

// ECMA-48 8.3.117: 1 is bold, 2 is faint, and 22 resets both.
function parseLine (line: string): readonly Run[] {
  return `22m${line}`.split('\u001b[').map((part) => {
    const [, code, text = ''] = /^(\d+)m(.*)$/.exec(part) ?? []
    return { style: code === '1' ? 'bold' : code === '2' ? 'dim' : '', text }
  })
}

// Each piece has its place and its width, so that columns stay aligned whichever font there is.
function drawRow (runs: readonly Run[], y: number): readonly string[] {
  let column = 0
  return runs.flatMap(({ style, text }) => {
    const start = column
    column += text.length
    return [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: piece, index }) => drawPiece(style, piece, start + index, y))
  })
}

function drawPiece (style: string, text: string, column: number, y: number): string {
  const x = (MARGIN + column * COLUMN).toFixed(1)
  const width = (text.length * COLUMN).toFixed(1)
  const styled = style === '' ? '' : ` class="${style}"`
  return `<text${styled} x="${x}" y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs">${escape(text)}</text>`
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
