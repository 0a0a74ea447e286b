// A button that opens a panel. The browser closes the panel at Escape and at a click elsewhere, and returns the focus.
import { useId, useState } from 'preact/hooks'
import type { ComponentChildren, JSX } from 'preact'

interface PopoverProps {
  /** The name of the button and of the panel. */
  readonly label: string
  /** What the button shows. */
  readonly button: ComponentChildren
  readonly class?: string
  /** What the panel shows, drawn while it is open. */
  readonly render: () => JSX.Element
}

/** A button that opens a panel. */
export function Popover ({ label, button, class: kind = 'icon-button', render }: PopoverProps): JSX.Element {
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button
        type='button' class={kind} aria-label={label} title={label}
        aria-expanded={isOpen} popovertarget={id}
      >
        {button}
      </button>
      <div
        id={id} class='popover' popover='auto' role='dialog' aria-label={label}
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        {isOpen && render()}
      </div>
    </>
  )
}
