// A button that copies a text, and says that it did.
import { useEffect, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { Icon } from './icon.tsx'

const SHOWN_MS = 1500

/** A button that copies a text. @param what The thing that is copied, for screen readers. */
export function CopyButton ({ text, what }: { text: string, what: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [isCopied])

  const copy = async (): Promise<void> => {
    await writeClipboard(text)
    setCopied(true)
  }
  return (
    <button type='button' class='icon-button' aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={copy}>
      <Icon name={isCopied ? 'check' : 'copy'} />
      <span class='hidden' role='status'>{isCopied ? 'Copied' : ''}</span>
    </button>
  )
}

// Pages that came by plain HTTP from another machine have no clipboard.
async function writeClipboard (text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
