/** A request as it is sent, in the parts that a mutation may take hold of. */
export interface Draft {
  method: string
  path: string
  headers: [string, string][]
  body: Uint8Array
}

/** Chance that repeats itself (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'POST', 'PROPFIND']
const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data; boundary=',
  'text/xml',
  'application/x-ndjson',
  'application/jwt',
  'text/plain',
  ';;;=,',
]
/** What parsers of headers, tokens and numbers stumble over. */
const VALUES = [
  '',
  ' ',
  ',',
  '=',
  't=,v1=',
  't=1e999,v1=00',
  '-1',
  '99999999999999999999',
  '0x10',
  'NaN',
  'null',
  '"',
  'Bearer ',
  'Basic !!!',
  'Basic Og==',
  'a.b.c',
  'eyJhbGciOiJub25lIn0.e30.',
  'sha256=',
  '====',
  '{}',
  '__proto__',
  '\u00ff\u00fe',
  '%00%zz%',
  'v1,'.repeat(500),
  'a'.repeat(9_000),
]
const QUERIES = [
  '%',
  '%zz=%',
  'a=%00',
  '&&&=',
  '__proto__=1',
  `x=${'y'.repeat(3_000)}`,
  'validationToken=',
  '?',
]
/** Bodies, and parts of bodies, that hurt. */
const BODIES = [
  '',
  'null',
  '[]',
  '[null,1,"",{}]',
  '{"__proto__":{"a":1},"constructor":{"prototype":1}}',
  '{"a":1e400,"b":-0,"c":123456789012345678901234567890}',
  '{"a":1,"a":2}',
  '[['.repeat(2_000),
  '{"a":'.repeat(2_000),
  '\ufeff{}',
  '"\\ud800"',
  'payload=%7B%22a%22%3A%5B1%5D%7D&payload=x',
  'a[b][c]=1&a=%',
  '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
  `<a>${'<b>'.repeat(1_000)}`,
  '<soap:Envelope><x/></soap:Envelope>',
  '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
  '--x\r\n\r\n',
  '{"a":1}\n{"b":\n{}',
  'eyJhbGciOiJub25lIn0.eyJhIjoxfQ.',
]

export class Mutator {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('pick: nothing to choose from')
    return item
  }

  /** The draft with one to four things changed. `secrets` may turn up anywhere. */
  mutate(draft: Draft, secrets: readonly string[]): Draft {
    let mutated = draft
    for (let left = 1 + this.below(4); left > 0; left--) mutated = this.#once(mutated, secrets)
    return mutated
  }

  #once(draft: Draft, secrets: readonly string[]): Draft {
    const { headers, body, path } = draft
    switch (this.below(12)) {
      case 0:
        return { ...draft, method: this.pick(METHODS) }
      case 1:
        return { ...draft, headers: headers.filter(() => this.below(3) > 0) }
      case 2:
        return { ...draft, headers: headers.map((each) => this.#header(each)) }
      case 3:
        return { ...draft, headers: [...headers, ['content-type', this.pick(CONTENT_TYPES)]] }
      case 4:
        return { ...draft, headers: headers.map(([name]) => [name, this.pick(headers)[1]]) }
      case 5:
        return { ...draft, path: `${path}${path.includes('?') ? '&' : '?'}${this.pick(QUERIES)}` }
      case 6:
        return { ...draft, path: this.#text(path) }
      case 7:
        return { ...draft, body: new TextEncoder().encode(this.pick(BODIES)) }
      case 8:
        return { ...draft, body: this.#spliced(body, new TextEncoder().encode(this.pick(BODIES))) }
      case 9:
        return { ...draft, body: this.#flipped(body) }
      case 10:
        return { ...draft, body: body.subarray(0, this.below(body.length + 1)) }
      default:
        return this.#withSecret(draft, secrets)
    }
  }

  /** As when a sender mixes up what to sign with and what to send. */
  #withSecret(draft: Draft, secrets: readonly string[]): Draft {
    const secret = secrets.length > 0 ? this.pick(secrets) : 'none'
    const { headers, body, path } = draft
    switch (this.below(4)) {
      case 0:
        return { ...draft, headers: headers.map(([name, value]) => [name, this.below(2) ? secret : value]) }
      case 1:
        return { ...draft, headers: [...headers, ['x-debug', `key ${secret}!`]] }
      case 2:
        return {
          ...draft,
          path: `${path}${path.includes('?') ? '&' : '?'}debug=${encodeURIComponent(secret)}`,
        }
      default:
        return { ...draft, body: this.#spliced(body, new TextEncoder().encode(secret)) }
    }
  }

  #header([name, value]: [string, string]): [string, string] {
    switch (this.below(4)) {
      case 0:
        return [name, this.pick(VALUES)]
      case 1:
        return [name, `${value}, ${value}`]
      case 2:
        return [name, this.#text(value)]
      default:
        return [name, value]
    }
  }

  #text(text: string): string {
    const at = this.below(text.length + 1)
    const inserted = this.pick(VALUES)
    return this.below(2) ? text.slice(0, at) : text.slice(0, at) + inserted + text.slice(at + this.below(3))
  }

  #spliced(body: Uint8Array, part: Uint8Array): Uint8Array {
    const at = this.below(body.length + 1)
    return Buffer.concat([body.subarray(0, at), part, body.subarray(at)])
  }

  #flipped(body: Uint8Array): Uint8Array {
    const flipped = Uint8Array.from(body)
    for (let left = 1 + this.below(8); left > 0 && flipped.length > 0; left--) {
      flipped[this.below(flipped.length)] = this.below(256)
    }
    return flipped
  }
}
