import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderUrl, sampleUrl, urlTemplateSchema } from '../../src/model/url-template.ts'

const VALUES: Record<string, string> = {
  eventType: 'lead.created',
  'data.name': 'Ann & Bob/ü?#',
  'data.up': '..',
  'data.long': 'x'.repeat(501),
  'data.surrogate': '\ud800',
}
const render = (template: string) => renderUrl(template, (name) => VALUES[name])

describe('a URL template', () => {
  it.each([
    'https://a.example/hook',
    'https://a.example/{{eventType}}/{{ data.a.b }}?x={{metadata.country}}#{{eventId}}',
    'https://a.example/{literal}',
  ])('is accepted: %s', (url) => expect(urlTemplateSchema.safeParse(url).success).toBe(true))

  it.each([
    ['https://{{data.host}}/x', 'only after the host'],
    ['https://a.example{{data.x}}/', 'only after the host'],
    ['https://a.example\\{{data.x}}', undefined],
    ['https:{{data.x}}', 'only after the host'],
    ['{{data.x}}', 'only after the host'],
    ['https://u:{{data.p}}@a.example/', 'only after the host'],
    ['https://a.example/{{secret}}', 'is none of'],
    ['https://a.example/{{data}}', 'is none of'],
    ['https://a.example/{{data.a', '{{ without }}'],
    ['https://a.example/a}}', '}} without {{'],
    ['https://a.example/\t{{eventType}}', 'tabs'],
  ])('is judged at creation: %s', (url, reason) => {
    const { error } = urlTemplateSchema.safeParse(url)
    expect(error?.issues[0]?.message).toEqual(reason && expect.stringContaining(reason))
  })

  it('percent-encodes values', () => {
    expect(render('https://a.example/{{eventType}}/{{data.name}}?q={{data.name}}')).toEqual({
      ok: true,
      value: `https://a.example/lead.created/${encodeURIComponent('Ann & Bob/ü?#')}?q=${encodeURIComponent('Ann & Bob/ü?#')}`,
    })
    expect(render('https://a.example/{{data.surrogate}}')).toMatchObject({ ok: true })
  })

  it.each([
    ['https://a.example/{{data.none}}', 'no usable value for {{data.none}}'],
    ['https://a.example/{{data.long}}', 'no usable value'],
    ['https://a.example/a/{{data.up}}/b', 'climb'],
    ['https://a.example/a/.{{eventType}}', undefined],
  ])('says why an event does not fit: %s', (template, reason) => {
    const result = render(template)
    expect(result.ok ? undefined : result.error).toEqual(reason && expect.stringContaining(reason))
  })

  it('never leaves its host, whatever the values', () => {
    const template = 'https://a.example/{{data.x}}?{{data.x}}#{{data.x}}'
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
        const result = renderUrl(template, () => value)
        if (result.ok) expect(new URL(result.value).host).toBe('a.example')
      }),
    )
    expect(new URL(sampleUrl(template)).host).toBe('a.example')
  })
})
