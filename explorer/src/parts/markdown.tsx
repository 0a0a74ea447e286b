// Markdown of servers. It is drawn from the tokens of the parser and never becomes HTML, so nothing in it can run, and
// no picture is loaded.
import { Fragment, type ComponentChildren, type JSX } from 'preact'
import { lexer, type Token, type Tokens } from 'marked'
import { useMemo } from 'preact/hooks'
import { SafeLink } from './safe-link.tsx'
import { LongText, visible } from './text.tsx'

const MAX_TEXT = 100_000
const MAX_DEPTH = 20

/** A text of Markdown. */
export function Markdown ({ text }: { text: string }): JSX.Element {
  const tokens = useMemo(() => parse(text), [text])
  if (tokens === undefined) return <LongText text={text} />
  return <div class='markdown' dir='auto'>{blocks(tokens, 0)}</div>
}

// The parser fails where quotes are nested so deeply that its stack overflows.
function parse (text: string): readonly Token[] | undefined {
  try {
    return lexer(text.slice(0, MAX_TEXT))
  } catch {
    return undefined
  }
}

function blocks (tokens: readonly Token[], depth: number): ComponentChildren {
  return tokens.map((token, index) => <Fragment key={index}>{block(token, depth)}</Fragment>)
}

function block (token: Token, depth: number): ComponentChildren {
  if (depth > MAX_DEPTH) return visible(token.raw)
  // `Token` has a generic member, so its type alone does not narrow it.
  switch (token.type) {
    case 'space': case 'def': return null
    case 'hr': return <hr />
    case 'heading': return <Heading token={token as Tokens.Heading}>{inline(token.tokens, depth + 1)}</Heading>
    case 'code': return <pre class='code' tabIndex={0}>{visible(token['text'])}</pre>
    case 'blockquote': return <blockquote>{blocks(token.tokens ?? [], depth + 1)}</blockquote>
    case 'list': return <List token={token as Tokens.List} depth={depth + 1} />
    case 'table': return <Table token={token as Tokens.Table} depth={depth + 1} />
    case 'paragraph': return <p>{inline(token.tokens, depth + 1)}</p>
    case 'text': return token.tokens === undefined ? visible(token['text']) : inline(token.tokens, depth + 1)
    default: return <p>{visible(token.raw)}</p>
  }
}

// The outline of the page has the page's own headings only, so those of a server are paragraphs.
function Heading ({ token, children }: { token: Tokens.Heading, children: ComponentChildren }): JSX.Element {
  return <p class={`heading h${token.depth}`}>{children}</p>
}

function List ({ token, depth }: { token: Tokens.List, depth: number }): JSX.Element {
  const items = token.items.map((item, index) => (
    <li key={index}>
      {item.task && <input type='checkbox' disabled checked={item.checked === true} aria-label='task' />}
      {blocks(item.tokens, depth)}
    </li>
  ))
  return token.ordered ? <ol start={token.start === '' ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>
}

function Table ({ token, depth }: { token: Tokens.Table, depth: number }): JSX.Element {
  return (
    <div class='scroller' tabIndex={0} role='region' aria-label='Table'>
      <table class='data'>
        <thead>
          <tr>
            {token.header.map((cell, index) => <th key={index} scope='col'>{inline(cell.tokens, depth)}</th>)}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>{row.map((cell, column) => <td key={column}>{inline(cell.tokens, depth)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function inline (tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
  return tokens?.map((token, index) => <Fragment key={index}>{span(token, depth)}</Fragment>)
}

function span (token: Token, depth: number): ComponentChildren {
  if (depth > MAX_DEPTH) return visible(token.raw)
  switch (token.type) {
    case 'br': return <br />
    case 'strong': return <strong>{inline(token.tokens, depth + 1)}</strong>
    case 'em': return <em>{inline(token.tokens, depth + 1)}</em>
    case 'del': return <del>{inline(token.tokens, depth + 1)}</del>
    case 'codespan': return <code>{visible(token['text'])}</code>
    case 'link': return <SafeLink href={token['href']}>{inline(token.tokens, depth + 1)}</SafeLink>
    case 'image': return <SafeLink href={token['href']}>picture: {visible(token['text'])}</SafeLink>
    case 'escape': return visible(token['text'])
    case 'text': return 'tokens' in token ? inline(token.tokens, depth + 1) : visible(token['text'])
    default: return visible(token.raw)
  }
}
