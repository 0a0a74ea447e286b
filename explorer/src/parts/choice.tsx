// One of a few options, all of which are in sight.
import type { JSX } from 'preact'

interface ChoiceProps<Value extends string> {
  /** What is chosen, for screen readers. */
  readonly label: string
  readonly options: ReadonlyArray<readonly [value: Value, text: string]>
  readonly chosen: Value | undefined
  onChoose (value: NoInfer<Value>): void
  readonly isSmall?: boolean
}

/** One of a few options. */
export function Choice<Value extends string> (props: ChoiceProps<Value>): JSX.Element {
  const { label, options, chosen, onChoose, isSmall = false } = props
  return (
    <div class={isSmall ? 'segments small' : 'segments'} role='group' aria-label={label}>
      {options.map(([value, text]) => (
        <button key={value} type='button' aria-pressed={value === chosen} onClick={() => onChoose(value)}>
          {text}
        </button>
      ))}
    </div>
  )
}
