CREATE TABLE `replays` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`query` text NOT NULL,
	`endpoint_id` text,
	`rate_per_second` integer,
	`state` text NOT NULL,
	`matched` integer NOT NULL,
	`done` integer NOT NULL,
	`failed` integer NOT NULL,
	`error` text,
	`cursor` text,
	`leased_until` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `replays_tenant` ON `replays` (`tenant_id`);--> statement-breakpoint
CREATE INDEX `replays_open` ON `replays` (`id`) WHERE state IN ('planned', 'running');--> statement-breakpoint
ALTER TABLE `endpoints` ADD `shards` integer DEFAULT 1 NOT NULL;
