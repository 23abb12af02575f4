CREATE TABLE `sweeps` (
	`list` text PRIMARY KEY NOT NULL,
	`cursor` text,
	`swept_at` integer NOT NULL
) WITHOUT ROWID;
