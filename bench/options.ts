import { parseArgs } from 'node:util'

/** Sizes of the published run, and of the short one that comes without a name. */
const SIZES = {
  seconds: { published: '5', short: '2', about: 'of each slice' },
  rounds: { published: '3', short: '3', about: 'slices of each row; rows take turns' },
  connections: { published: '16,64,256', short: '64', about: 'ingest: a table for each' },
  rate: { published: '100', short: '100', about: 'e2e: events a second while the machine has time' },
  sustained: { published: '1000', short: '1000', about: 'e2e: events a second to be kept up' },
  'sustained-seconds': { published: '30', short: '5', about: 'e2e: for so long' },
  deliveries: { published: '20000', short: '5000', about: 'deliver: backlog of each round' },
  'key-deliveries': { published: '50000', short: '5000', about: 'keys: in all rounds together' },
  endpoints: { published: '10000', short: '500', about: 'fanout: that get the one event' },
  'hung-rate': {
    published: '12',
    short: '12',
    about: 'hung: events a second at most, each with nine deliveries',
  },
  'cost-seconds': { published: '60', short: '30', about: 'cost: of each load, after 30 to warm up' },
  overload: { published: '10', short: '5', about: 'burst: seconds' },
} as const

type SizeName = keyof typeof SIZES

export interface Options {
  seconds: number
  rounds: number
  connections: number[]
  rate: number
  sustained: number
  sustainedSeconds: number
  deliveries: number
  keyDeliveries: number
  endpoints: number
  hungRate: number
  costSeconds: number
  overloadSeconds: number
}

export interface Invocation {
  /** Empty: those of the short run. */
  names: string[]
  isAll: boolean
  isHelp: boolean
  isPublished: boolean
  json: string | undefined
  options: Options
}

export function parseInvocation(args: string[]): Invocation {
  const sizes = Object.fromEntries(Object.keys(SIZES).map((name) => [name, { type: 'string' as const }]))
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...sizes,
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  const isShort = !values.all && positionals.length === 0
  const given = values as Partial<Record<SizeName, string>>
  return {
    names: positionals,
    isAll: values.all === true,
    isHelp: values.help === true,
    isPublished: values.publish === true,
    json: values.json as string | undefined,
    options: optionsOf((name) => given[name] ?? SIZES[name][isShort ? 'short' : 'published']),
  }
}

export function sizesHelp(): string {
  const lines = Object.entries(SIZES).map(
    ([name, { published, short, about }]) =>
      `  --${name} N`.padEnd(26) +
      `${about} (${published === short ? published : `${published}; without a name ${short}`})`,
  )
  return lines.join('\n')
}

function optionsOf(size: (name: SizeName) => string): Options {
  const number = (name: SizeName) => positive(name, size(name))
  return {
    seconds: number('seconds'),
    rounds: number('rounds'),
    connections: size('connections')
      .split(',')
      .map((each) => positive('connections', each)),
    rate: number('rate'),
    sustained: number('sustained'),
    sustainedSeconds: number('sustained-seconds'),
    deliveries: number('deliveries'),
    keyDeliveries: number('key-deliveries'),
    endpoints: number('endpoints'),
    hungRate: number('hung-rate'),
    costSeconds: number('cost-seconds'),
    overloadSeconds: number('overload'),
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} is ${text}: give a whole number from 1 on`)
  return value
}
