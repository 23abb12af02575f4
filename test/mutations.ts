import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/** `npm run test:mutations [-- --count 100000]`: the whole run of mutated requests, of which a part comes with every test. */
const { values } = parseArgs({ options: { count: { type: 'string', default: '100000' } } })
const command = ['run', '--project', 'unit', 'test/unit/mutated-requests.test.ts']
const env = { ...process.env, HOOKWAY_MUTATIONS: values.count }
process.exit(spawnSync('vitest', command, { stdio: 'inherit', env }).status ?? 1)
