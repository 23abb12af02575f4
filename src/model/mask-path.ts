/** A member or index by name; `*`: any; `**`: any number of any. */
export type MaskPath = readonly string[]

/** A text without what is to be hidden, and what that was. */
export interface Masked {
  text: string
  hidden: string[]
}

const ANY = '*'
const DEEP = '**'
const STEPS_MAX = 32

const PART = /\.?(?:([^.[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\])|(\.)(?=\.)/y

/** `/a/b~1c`, `a.b`, `a[*].b`, `a["odd.key"]`, each also with `$.` before it, and `$..b` for any depth; undefined: it is no path. */
export function parseMaskPath(text: string): MaskPath | undefined {
  const steps = text.startsWith('/') ? pointerSteps(text) : dottedSteps(text.replace(/^\$(?=[.[]|$)/, ''))
  return steps && steps.length > 0 && steps.length <= STEPS_MAX ? steps : undefined
}

function pointerSteps(text: string): string[] {
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function dottedSteps(text: string): string[] | undefined {
  const steps: string[] = []
  PART.lastIndex = 0
  for (let at = 0; at < text.length; at = PART.lastIndex) {
    const found = PART.exec(text)
    if (!found) return undefined
    const [, key, index, quoted, dots] = found
    steps.push(dots === undefined ? (key ?? index ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1')) : DEEP)
  }
  return steps
}

/**
 * What the paths still ask for one step below; one that asks for nothing more names the value there. Lists on the way
 * are gone through item by item, so `items.price` is the price of each.
 */
export function descend(paths: readonly MaskPath[], key: string, isItem: boolean): MaskPath[] {
  return paths.flatMap((path) => below(path, key, isItem))
}

export function isNamed(paths: readonly MaskPath[]): boolean {
  return paths.some((path) => path.length === 0)
}

function below(path: MaskPath, key: string, isItem: boolean): MaskPath[] {
  const [first, ...rest] = path
  if (first === DEEP) return [path, ...below(rest, key, isItem)]
  if (first === ANY || first === key) return [rest]
  return isItem && first !== undefined ? [path] : []
}
