// A JSON value as a tree. Only what is open is drawn, so depth and size cost nothing.
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { formatCount } from './format.ts'
import { visible } from './text.tsx'

const PAGE = 100
const OPEN_DEPTH = 2
const SHORT = 500

/** A JSON value as a tree. */
export function JsonTree ({ value }: { value: unknown }): JSX.Element {
  return <div class='json-tree' role='group' aria-label='JSON'><Node value={value} depth={0} /></div>
}

interface NodeProps { readonly value: unknown, readonly depth: number, readonly name?: string }

function Node ({ value, depth, name }: NodeProps): JSX.Element {
  return typeof value === 'object' && value !== null
    ? <Branch value={value} depth={depth} {...(name !== undefined && { name })} />
    : <div class='json-leaf'><Name name={name} /><Scalar value={value} /></div>
}

function Branch ({ value, depth, name }: NodeProps & { readonly value: object }): JSX.Element {
  const entries = Object.entries(value)
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH && entries.length <= PAGE)
  const [count, setCount] = useState(PAGE)
  const isArray = Array.isArray(value)
  const [open, close] = isArray ? ['[', ']'] : ['{', '}']
  if (entries.length === 0) {
    return <div class='json-leaf'><Name name={name} /><span class='json-mark'>{open}{close}</span></div>
  }
  const summary = formatCount(entries.length, isArray ? 'item' : 'key')
  return (
    <div class='json-branch'>
      <button type='button' class='json-toggle' aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class='json-arrow' aria-hidden='true' />
        <Name name={name} />
        <span class='json-mark'>{isOpen ? open : `${open} ${summary} ${close}`}</span>
      </button>
      {isOpen && (
        <>
          <div class='json-children'>
            {entries.slice(0, count).map(([key, child]) => (
              <Node key={key} value={child} depth={depth + 1} name={key} />
            ))}
            {entries.length > count && (
              <button type='button' class='link' onClick={() => setCount(count + PAGE * 10)}>
                Show more ({entries.length - count} left)
              </button>
            )}
          </div>
          <span class='json-mark'>{close}</span>
        </>
      )}
    </div>
  )
}

function Name ({ name }: { name: string | undefined }): JSX.Element | null {
  return name === undefined ? null : <span class='json-name'><bdi>{visible(name)}</bdi>: </span>
}

function Scalar ({ value }: { value: unknown }): JSX.Element {
  const [isWhole, setWhole] = useState(false)
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  const kind = value === null ? 'null' : typeof value
  return (
    <>
      <span class={`json-value ${kind}`}><bdi>{visible(isWhole ? text : text.slice(0, SHORT))}</bdi></span>
      {text.length > SHORT && !isWhole && (
        <button type='button' class='link' onClick={() => setWhole(true)}>
          … {formatCount(text.length, 'character')}
        </button>
      )}
    </>
  )
}
