import { maskJson } from './mask-json.ts'
import { descend, isNamed, parseMaskPath, type Masked, type MaskPath } from './mask-path.ts'
import { maskXml } from './mask-xml.ts'
import { MASK } from './seal.ts'

/** The body with what the paths name replaced by `***`. Undefined: it cannot be read, so nobody knows what to hide. */
export function maskBody(
  text: string,
  {
    contentType,
    paths,
    isCut = false,
  }: { contentType: string | undefined; paths: readonly string[]; isCut?: boolean },
): Masked | undefined {
  if (paths.length === 0 || text.trim() === '') return { text, hidden: [] }
  const rules = paths.map(parseMaskPath).filter((path) => path !== undefined)
  const first = text.trimStart().charAt(0)
  if (first === '<') return maskXml(text, rules, isCut)
  if (isForm(text, contentType)) return maskForm(text, rules)
  return maskJson(text, rules, isCut)
}

function isForm(text: string, contentType = ''): boolean {
  if (/^\s*application\/x-www-form-urlencoded/i.test(contentType)) return !/^\s*[[{]/.test(text)
  return /^\s*(text\/plain|$)/i.test(contentType) && /^[\w.%+[\]-]{1,100}=/.test(text)
}

/** `data[card][number]`, `data.card.number`, and the JSON that forms carry in a field of theirs. */
function maskForm(form: string, paths: readonly MaskPath[]): Masked | undefined {
  const hidden: string[] = []
  const pairs: string[] = []
  for (const pair of form.split('&')) {
    const at = pair.indexOf('=')
    const name = decoded(at < 0 ? pair : pair.slice(0, at))
    const value = decoded(at < 0 ? '' : pair.slice(at + 1))
    if (name === undefined || value === undefined) return undefined
    const below = pathsBelow(paths, name)
    if (below === 'named') hidden.push(value)
    const masked = below === 'named' ? { text: MASK, hidden: [] } : maskField(value, [...paths, ...below])
    hidden.push(...masked.hidden)
    pairs.push(masked.text === value ? pair : `${pair.slice(0, at + 1)}${encodeURIComponent(masked.text)}`)
  }
  return { text: pairs.join('&'), hidden }
}

function pathsBelow(paths: readonly MaskPath[], name: string): MaskPath[] | 'named' {
  let below = [...paths]
  for (const key of name.split(/[.[\]]+/).filter((part) => part !== '')) {
    below = descend(below, key, /^\d+$/.test(key))
    if (isNamed(below)) return 'named'
  }
  return below
}

function maskField(value: string, paths: readonly MaskPath[]): Masked {
  if (!/^\s*[[{]/.test(value)) return { text: value, hidden: [] }
  return maskJson(value, paths, false) ?? { text: MASK, hidden: [value] }
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
