CREATE TABLE `holds` (
	`tenant_id` text NOT NULL,
	`subscription_id` text NOT NULL,
	`intake` text NOT NULL,
	`segment` integer NOT NULL,
	`idx` integer NOT NULL,
	`event_id` text NOT NULL,
	`due_at` integer,
	PRIMARY KEY(`tenant_id`, `subscription_id`, `intake`, `segment`, `idx`)
) WITHOUT ROWID;
