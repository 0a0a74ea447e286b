// Tabs (WAI-ARIA Authoring Practices, Tabs with automatic activation).
import { useId, useRef, useState } from 'preact/hooks'
import type { ComponentChildren, JSX } from 'preact'

/** One tab. */
export interface Tab {
  readonly id: string
  readonly label: ComponentChildren
  readonly render: () => JSX.Element
}

/** Tabs, of which the first is open. */
export function Tabs ({ tabs, label }: { tabs: readonly Tab[], label: string }): JSX.Element | null {
  const [chosen, setChosen] = useState(tabs[0]?.id)
  const list = useRef<HTMLDivElement>(null)
  const base = useId()
  const current = tabs.find(({ id }) => id === chosen) ?? tabs[0]
  if (current === undefined) return null

  function move (event: KeyboardEvent): void {
    const at = tabs.findIndex(({ id }) => id === current?.id)
    const to = { ArrowRight: (at + 1) % tabs.length, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key]
    const next = to === undefined ? undefined : tabs.at(to)
    if (next === undefined) return
    event.preventDefault()
    setChosen(next.id)
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus()
  }

  return (
    <div>
      <div role='tablist' aria-label={label} class='tablist' ref={list} onKeyDown={move}>
        {tabs.map(({ id, label }) => (
          <button
            key={id} type='button' role='tab' id={`${base}-${id}`} data-tab={id} aria-controls={`${base}-panel`}
            aria-selected={id === current.id} tabIndex={id === current.id ? 0 : -1} onClick={() => setChosen(id)}
          >
            {label}
          </button>
        ))}
      </div>
      <div role='tabpanel' id={`${base}-panel`} aria-labelledby={`${base}-${current.id}`} class='tabpanel'>
        {current.render()}
      </div>
    </div>
  )
}
