CREATE TABLE `registrations` (
	`source_id` text NOT NULL,
	`place` text NOT NULL,
	`id` text NOT NULL,
	`tenant_id` text NOT NULL,
	`settings` text NOT NULL,
	`credentials` text,
	`leased_until` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`source_id`, `place`)
) WITHOUT ROWID;
