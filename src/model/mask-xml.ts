import { descend, isNamed, type Masked, type MaskPath } from './mask-path.ts'
import { MASK } from './seal.ts'

const TOKEN =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<[?!][^>]*>|<\/([^\s>]+)\s*>|<([^\s/>!?]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>/g
const ATTRIBUTE = /([^\s=]+)(\s*=\s*)("[^"]*"|'[^']*')/g
const DEPTH_MAX = 100

interface Open {
  name: string
  paths: MaskPath[]
}

/**
 * XML with the content of the named elements replaced: local names as members, attributes as `@name`, as rules read it.
 * Undefined: its elements do not close as they open.
 */
export function maskXml(xml: string, paths: readonly MaskPath[], isCut: boolean): Masked | undefined {
  const hidden: string[] = []
  const open: Open[] = [{ name: '', paths: [...paths] }]
  let text = ''
  let from = 0
  /** Where what is being hidden began, and how deep. */
  let hiding: { start: number; depth: number } | undefined
  for (const token of xml.matchAll(TOKEN)) {
    const [whole, closing, opening, attributes = '', slash] = token
    if (closing !== undefined) {
      if (open.length < 2 || open.pop()?.name !== closing) return undefined
      if (hiding?.depth !== open.length) continue
      hidden.push(...contentOf(xml.slice(hiding.start, token.index)))
      text += `${xml.slice(from, hiding.start)}${MASK}`
      from = token.index
      hiding = undefined
    } else if (opening !== undefined) {
      const below = descend(open.at(-1)?.paths ?? [], localName(opening), false)
      if (!hiding) {
        const shown = maskAttributes(attributes, isNamed(below) ? undefined : below, hidden)
        text += `${xml.slice(from, token.index)}<${opening}${shown}${slash}>`
        from = token.index + whole.length
      }
      if (slash === '/') continue
      if (open.length > DEPTH_MAX) return undefined
      if (!hiding && isNamed(below)) hiding = { start: from, depth: open.length }
      open.push({ name: opening, paths: below })
    }
  }
  if (open.length > 1 && !isCut) return undefined
  if (!hiding) return { text: text + cutTail(xml.slice(from), isCut), hidden }
  return {
    text: `${text}${xml.slice(from, hiding.start)}${MASK}`,
    hidden: [...hidden, ...contentOf(xml.slice(hiding.start))],
  }
}

/** Without paths all of them are hidden. */
function maskAttributes(
  attributes: string,
  paths: readonly MaskPath[] | undefined,
  hidden: string[],
): string {
  return attributes.replaceAll(ATTRIBUTE, (whole, name: string, equals: string, quoted: string) => {
    if (paths && !isNamed(descend(paths, `@${localName(name)}`, false))) return whole
    hidden.push(quoted.slice(1, -1))
    return `${name}${equals}"${MASK}"`
  })
}

function contentOf(xml: string): string[] {
  return xml
    .split(/<[^>]*>|\s{2,}/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** A tag whose end is missing may hold an attribute that is to be hidden. */
function cutTail(tail: string, isCut: boolean): string {
  const tag = tail.lastIndexOf('<')
  return isCut && tag >= 0 && !tail.includes('>', tag) ? tail.slice(0, tag) : tail
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
