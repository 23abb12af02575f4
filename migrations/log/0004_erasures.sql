DROP TABLE `erasures`;--> statement-breakpoint
CREATE TABLE `erasures` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`state` text NOT NULL,
	`report` text NOT NULL,
	`subject` text NOT NULL,
	`leased_until` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `erasures_open` ON `erasures` (`id`) WHERE state <> 'done';--> statement-breakpoint
ALTER TABLE `events` ADD `ordering_key` text;--> statement-breakpoint
ALTER TABLE `events` ADD `erasure_id` text;
