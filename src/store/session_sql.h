/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of a session file, shared by session_file.c (the file, its lists) and session_ledger.c (runs). The only includer of <sqlite3.h>. */
#ifndef ELBOW_STORE_SESSION_SQL_H
#define ELBOW_STORE_SESSION_SQL_H

#include <sqlite3.h>

#include "elbow/session_file.h"

/* What of a branch is in the file. */
struct written {
	uint64_t *sum;      /* [count] of its entries */
	size_t *checkpoint; /* [count] bytes of the state there, 0: none */
	size_t count, room, bytes;
};

struct em_file {
	sqlite3 *db;
	char *path; /* for messages */
	bool journal;
	struct written *branch; /* [branches] */
	size_t branches;
	struct em_settings *last; /* the settings asked for last, and their row */
	sqlite3_int64 last_id;
};

/* What went wrong with the last call, as a message. */
enum em_status file_fail(const struct em_file *f, struct em_err *err);
enum em_status file_run(struct em_file *f, const char *sql, struct em_err *err);
enum em_status file_prepare(struct em_file *f, const char *sql, sqlite3_stmt **out, struct em_err *err);
/* Runs a statement that gives no rows, and finishes it. */
enum em_status file_done(struct em_file *f, sqlite3_stmt *s, struct em_err *err);
void file_bind_text(sqlite3_stmt *s, int i, const char *text); /* copied */
/* The row of these settings, made where there is none. */
enum em_status file_settings_id(struct em_file *f, const struct em_settings *s, sqlite3_int64 *id, struct em_err *err);
/* Row id as settings in these tables; owned. */
enum em_status file_settings(struct em_file *f, sqlite3_int64 id, const struct em_setting_table *const tables[], size_t n,
                             struct em_settings **out, struct em_err *err);
/* One word more in a checksum. */
uint64_t file_sum(uint64_t h, uint64_t word);
/* What a double, NaN included, is in it. */
uint64_t file_word(double x);
/* What is known of the file's content is no longer so. */
void file_forget(struct em_file *f);

#endif
