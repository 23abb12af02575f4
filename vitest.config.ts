import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { LongFirst } from './test/long-first.ts'

/** Deliberately worthless secrets: nothing sealed with them leaves a test. */
const SECRETS = {
  HOOKWAY_ROOT_TOKEN: 'hwk_root_test',
  HOOKWAY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  HOOKWAY_ALLOW_TARGETS: '127.0.0.0/8,::1/128',
}

// Wrangler would report that the secrets, given below, are missing from its own sources.
process.env.WRANGLER_LOG ??= 'error'

/** Of many modules, each of which the runtime would else fetch by itself for every test file. */
const BUNDLED = [
  '@cfworker/json-schema',
  'aws4fetch',
  'drizzle-orm',
  'drizzle-orm/d1',
  'drizzle-orm/sqlite-core',
  'fast-check',
  'fast-xml-parser',
  'hono',
  'ipaddr.js',
  'jose',
  'jsonata',
  'liquidjs',
  'zod',
]

/** By itself vitest would leave one of the processors idle, which of two is half of the time. */
const maxWorkers = '100%'

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      { test: { name: 'architecture', include: ['test/architecture.test.ts'], maxWorkers } },
      // A property over a million cases takes its time on a busy machine; none waits for anything.
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], maxWorkers } },
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000, maxWorkers } },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            // The Worker itself, and an object class that only tests use.
            main: './test/worker/main.ts',
            miniflare: {
              durableObjects: { BARE: { className: 'BareObject', useSQLite: true } },
              bindings: {
                ...SECRETS,
                TEST_MIGRATIONS: await readD1Migrations('migrations/config'),
                TEST_LOG_MIGRATIONS: await readD1Migrations('migrations/log'),
                TEST_LOG_ROWS: process.env.HOOKWAY_TEST_LOG_ROWS ?? '100000',
              },
            },
          })),
        ],
        // Explicit: the plugin would otherwise take every test file, also those that need Node.
        test: {
          name: 'worker',
          include: ['test/worker/**/*.test.ts'],
          maxWorkers,
          deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
        },
      },
      {
        test: {
          name: 'end',
          include: ['test/end/**/*.test.ts'],
          globalSetup: 'test/end/setup.ts',
          // Each file starts servers of its own and then mostly waits. What limits a time from above is generous.
          maxWorkers: 3,
          // Within a file most tests wait for the clock or the log, so they wait together.
          maxConcurrency: 32,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
