// Parts of the page that are loaded when they are first drawn.
import { useEffect, useState } from 'preact/hooks'
import type { ComponentType, JSX } from 'preact'

/** Creates a component that is loaded when it is first drawn. @param Waiting Is drawn until then. */
export function lazyPart<Props extends object> (
  load: () => Promise<ComponentType<Props>>, Waiting: () => JSX.Element
): (props: Props) => JSX.Element {
  let loaded: ComponentType<Props> | undefined
  let loading: Promise<void> | undefined
  const start = (): Promise<void> => {
    loading ??= load().then((component) => { loaded = component })
    return loading
  }
  return function Lazy (props) {
    const [, setReady] = useState(loaded !== undefined)
    useEffect(() => {
      if (loaded === undefined) start().then(() => setReady(true))
    }, [])
    const Loaded = loaded
    return Loaded === undefined ? <Waiting /> : <Loaded {...props} />
  }
}
