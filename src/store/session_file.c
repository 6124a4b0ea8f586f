/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The session file: its schema, transactions, settings, lists and heads of branches. Ledgers: session_ledger.c. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/session_sql.h"

/* Of the format, not of the program. A file with a greater one is a newer elbow's. */
enum { FORMAT = 1, APPLICATION = 0x656c6277 }; /* "elbw" */

/* Numbers have no declared type, so that SQLite keeps each double as it is; NULL is NaN: unknown. */
static const char schema[] =
    "CREATE TABLE settings(id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE);"
    "CREATE TABLE branch(id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent TEXT, parent_step INTEGER, path TEXT, example TEXT, model TEXT,"
    " checksum INTEGER, init TEXT, settings INTEGER REFERENCES settings, position INTEGER);"
    "CREATE TABLE current(branch INTEGER, branches INTEGER);"
    "INSERT INTO current VALUES(0, 0);"
    "CREATE TABLE ledger(branch INTEGER, step INTEGER, settings INTEGER REFERENCES settings, action INTEGER, m INTEGER, iteration INTEGER,"
    " phase INTEGER, size INTEGER, elbo, gain, energy, entropy, log_p, log_p_se, log_p_kind INTEGER, log_p_change, log_p_change_se,"
    " estimated INTEGER, doubtful INTEGER, kl, allowance, seconds, e_steps INTEGER, leap INTEGER, leap_length, unit INTEGER, moved,"
    " moved_array TEXT, moved_at_1 INTEGER, moved_at_2 INTEGER, moved_at_3 INTEGER, sweeps INTEGER, active INTEGER, capped INTEGER,"
    " worst_gain, worst INTEGER, was, became, decreased INTEGER, checksum INTEGER, PRIMARY KEY(branch, step)) WITHOUT ROWID;"
    "CREATE TABLE term(branch INTEGER, step INTEGER, n INTEGER, name TEXT, value, PRIMARY KEY(branch, step, n)) WITHOUT ROWID;"
    "CREATE TABLE checkpoint(branch INTEGER, step INTEGER, state BLOB, PRIMARY KEY(branch, step));"
    "CREATE TABLE command(n INTEGER PRIMARY KEY, text TEXT);"
    "CREATE TABLE breakpoint(n INTEGER PRIMARY KEY, text TEXT);"
    "CREATE TABLE label(n INTEGER PRIMARY KEY, text TEXT);"
    "CREATE VIEW steps AS SELECT b.name AS branch, step, iteration,"
    " CASE WHEN leap > 0 THEN 'S' ELSE CASE phase WHEN 0 THEN 'init' WHEN 1 THEN 'E' WHEN 2 THEN 'M' WHEN 3 THEN 'e' WHEN 4 THEN 'm' ELSE 'edit' END END"
    " AS phase, elbo, gain, log_p, kl, CASE log_p_kind WHEN 1 THEN 'exact' WHEN 2 THEN 'estimate' ELSE 'none' END AS log_p_kind, sweeps, capped, moved,"
    " moved_array, seconds, step <= b.position AS done FROM ledger JOIN branch b ON b.id = ledger.branch;";

/* ---- SQLite's errors as ours ---- */

enum em_status file_fail(const struct em_file *f, struct em_err *err)
{
	int why = f->db ? sqlite3_errcode(f->db) & 0xff : SQLITE_NOMEM;
	const char *path = f->path ? f->path : "the session";
	switch (why) {
	case SQLITE_NOMEM: return em_no_memory(err);
	case SQLITE_NOTADB: return em_fail(err, EM_INPUT, "%s: not a session file of elbow", path);
	case SQLITE_CORRUPT:
	case SQLITE_ERROR: return em_fail(err, EM_INPUT, "%s: damaged: %s", path, sqlite3_errmsg(f->db));
	case SQLITE_FULL: return em_fail(err, EM_IO, "%s: cannot write: the disk is full", path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return em_fail(err, EM_IO, "%s: another elbow has it open; close that first, or take another file", path);
	case SQLITE_READONLY:
	case SQLITE_PERM: return em_fail(err, EM_IO, "%s: cannot write: read-only", path);
	default: return em_fail(err, EM_IO, "%s: %s%s%s", path, sqlite3_errmsg(f->db), sqlite3_system_errno(f->db) ? ": " : "",
		                sqlite3_system_errno(f->db) ? strerror(sqlite3_system_errno(f->db)) : "");
	}
}

enum em_status file_run(struct em_file *f, const char *sql, struct em_err *err)
{
	return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK ? EM_OK : file_fail(f, err);
}

enum em_status file_prepare(struct em_file *f, const char *sql, sqlite3_stmt **out, struct em_err *err)
{
	return sqlite3_prepare_v2(f->db, sql, -1, out, NULL) == SQLITE_OK ? EM_OK : file_fail(f, err);
}

enum em_status file_done(struct em_file *f, sqlite3_stmt *s, struct em_err *err)
{
	enum em_status st = sqlite3_step(s) == SQLITE_DONE ? EM_OK : file_fail(f, err);
	sqlite3_finalize(s);
	return st;
}

void file_bind_text(sqlite3_stmt *s, int i, const char *text)
{
	sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT);
}

uint64_t file_sum(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

uint64_t file_word(double x)
{
	uint64_t w = 0x7ff8u;
	if (!isnan(x))
		memcpy(&w, &x, sizeof w);
	return w;
}

/* ---- opening ---- */

bool em_file_is(const char *path)
{
	char head[16] = "";
	struct stat st;
	FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rbe") : NULL;
	bool is = f && fread(head, 1, sizeof head, f) == sizeof head && memcmp(head, "SQLite format 3", 16) == 0;
	if (f)
		fclose(f);
	return is;
}

static enum em_status file_new(const char *path, int flags, struct em_file **out, struct em_err *err)
{
	struct em_file *f = calloc(1, sizeof *f);
	enum em_status st = EM_OK;
	if (!f || (path && !(f->path = strdup(path)))) {
		free(f);
		return em_no_memory(err);
	}
	if (sqlite3_open_v2(path ? path : ":memory:", &f->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		st = file_fail(f, err);
	if (st) {
		em_file_close(f);
		return st;
	}
	sqlite3_busy_timeout(f->db, 0);
	*out = f;
	return EM_OK;
}

/* A journal that is not lost with the process, and costs no wait for the disk at each step. */
static enum em_status as_journal(struct em_file *f, struct em_err *err)
{
	f->journal = true;
	return file_run(f, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", err);
}

enum em_status em_file_create(const char *path, struct em_file **out, struct em_err *err)
{
	struct em_file *f = NULL;
	char stamp[120];
	if (path && access(path, F_OK) == 0)
		return em_fail(err, EM_USAGE, "%s: exists, and is no session file; give another name", path);
	enum em_status st = file_new(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &f, err);
	if (st)
		return st;
	snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION, FORMAT);
	if (path)
		st = as_journal(f, err);
	st = st ? st : file_run(f, "BEGIN IMMEDIATE", err);
	st = st ? st : file_run(f, stamp, err);
	st = st ? st : file_run(f, schema, err);
	st = st ? st : file_run(f, "COMMIT", err);
	if (st) {
		em_file_close(f);
		if (path)
			unlink(path);
		return st;
	}
	*out = f;
	return EM_OK;
}

static enum em_status pragma(struct em_file *f, const char *sql, int *out, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = file_prepare(f, sql, &s, err);
	if (!st && sqlite3_step(s) != SQLITE_ROW)
		st = file_fail(f, err);
	if (!st)
		*out = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return st;
}

enum em_status em_file_open(const char *path, bool write, struct em_file **out, struct em_err *err)
{
	struct em_file *f = NULL;
	int application = 0, format = 0;
	/* A journal that its writer was killed at is recovered, which writes: read-only is what is left where that cannot be. */
	int flags = write || access(path, W_OK) == 0 ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	enum em_status st = file_new(path, flags, &f, err);
	if (st)
		return st;
	st = write ? as_journal(f, err) : file_run(f, "PRAGMA locking_mode=EXCLUSIVE", err); /* needs no file beside it to read a journal */
	st = st ? st : pragma(f, "PRAGMA application_id", &application, err);
	if (st == EM_INPUT && !write) { /* a file that lost its end; what is there can be read like this */
		st = file_run(f, "PRAGMA writable_schema=ON", err);
		st = st ? st : pragma(f, "PRAGMA application_id", &application, err);
	}
	st = st ? st : pragma(f, "PRAGMA user_version", &format, err);
	if (!st && application != APPLICATION)
		st = em_fail(err, EM_INPUT, "%s: an SQLite database, but no session file of elbow", path);
	else if (!st && format > FORMAT)
		st = em_fail(err, EM_INPUT, "%s: of a newer elbow (format %d; this one reads up to %d); open it with that", path, format, FORMAT);
	if (st) {
		em_file_close(f);
		return st;
	}
	*out = f;
	return EM_OK;
}

void file_forget(struct em_file *f)
{
	for (size_t i = 0; i < f->branches; i++) {
		free(f->branch[i].sum);
		free(f->branch[i].checkpoint);
	}
	free(f->branch);
	em_settings_release(f->last);
	f->branch = NULL;
	f->branches = 0;
	f->last = NULL;
}

void em_file_close(struct em_file *f)
{
	if (!f)
		return;
	file_forget(f);
	if (f->journal) /* one plain file again */
		sqlite3_exec(f->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	sqlite3_close(f->db);
	free(f->path);
	free(f);
}

enum em_status em_file_copy(struct em_file *f, const char *path, bool replace, struct em_err *err)
{
	sqlite3_int64 size = 0;
	unsigned char *bytes = sqlite3_serialize(f->db, "main", &size, 0);
	if (!bytes)
		return em_no_memory(err);
	enum em_status st = file_write_whole(path, replace, (const char *)bytes, (size_t)size, err);
	sqlite3_free(bytes);
	return st;
}

enum em_status em_file_begin(struct em_file *f, struct em_err *err)
{
	return file_run(f, "BEGIN IMMEDIATE", err);
}

enum em_status em_file_commit(struct em_file *f, struct em_err *err)
{
	return file_run(f, "COMMIT", err);
}

void em_file_undo(struct em_file *f)
{
	sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
	file_forget(f); /* what is in the file is no longer known: all is compared anew */
}

/* ---- settings ---- */

static char *settings_json(const struct em_settings *s)
{
	const struct em_setting *row;
	char value[1100];
	json_t *o = json_object();
	for (size_t i = 0; o && (row = em_settings_at(s, i)); i++)
		json_object_set_new(o, row->name, json_string_nocheck(em_settings_show(s, row->name, value, sizeof value)));
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	json_decref(o);
	return text;
}

enum em_status file_settings_id(struct em_file *f, const struct em_settings *settings, sqlite3_int64 *id, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	if (f->last == settings) {
		*id = f->last_id;
		return EM_OK;
	}
	char *text = settings_json(settings);
	if (!text)
		return em_no_memory(err);
	enum em_status st = file_prepare(f, "INSERT OR IGNORE INTO settings(json) VALUES(?1)", &s, err);
	if (!st) {
		file_bind_text(s, 1, text);
		st = file_done(f, s, err);
	}
	s = NULL;
	if (!st)
		st = file_prepare(f, "SELECT id FROM settings WHERE json = ?1", &s, err);
	if (!st) {
		file_bind_text(s, 1, text);
		if (sqlite3_step(s) == SQLITE_ROW)
			*id = sqlite3_column_int64(s, 0);
		else
			st = file_fail(f, err);
	}
	sqlite3_finalize(s);
	free(text);
	if (!st) {
		em_settings_release(f->last);
		f->last = em_settings_retain(settings);
		f->last_id = *id;
	}
	return st;
}

enum em_status file_settings(struct em_file *f, sqlite3_int64 id, const struct em_setting_table *const tables[], size_t n,
                             struct em_settings **out, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	json_t *o = NULL, *value;
	const char *name;
	enum em_status st = file_prepare(f, "SELECT json FROM settings WHERE id = ?1", &s, err);
	*out = NULL;
	if (!st) {
		sqlite3_bind_int64(s, 1, id);
		const char *text = sqlite3_step(s) == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
		o = text ? json_loads(text, 0, NULL) : NULL;
		if (!json_is_object(o))
			st = em_fail(err, EM_INPUT, "%s: damaged: settings %lld cannot be read", f->path, (long long)id);
	}
	sqlite3_finalize(s);
	if (!st && !(*out = em_settings_new(tables, n)))
		st = em_no_memory(err);
	if (!st)
		json_object_foreach(o, name, value)
			if (!st && json_is_string(value) && em_settings_row(*out, name))
				st = em_settings_put(out, name, json_string_value(value), err);
	json_decref(o);
	if (st) {
		em_settings_release(*out);
		*out = NULL;
	}
	return st;
}

/* ---- lists ---- */

static enum em_status list_prepare(struct em_file *f, const char *format, const char *list, size_t n, sqlite3_stmt **out, struct em_err *err)
{
	char sql[120];
	snprintf(sql, sizeof sql, format, list);
	enum em_status st = file_prepare(f, sql, out, err);
	if (!st)
		sqlite3_bind_int64(*out, 1, (sqlite3_int64)n);
	return st;
}

enum em_status em_file_put_line(struct em_file *f, const char *list, size_t n, const char *text, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = list_prepare(f, "INSERT OR REPLACE INTO %s(n, text) VALUES(?1, ?2)", list, n, &s, err);
	if (st)
		return st;
	file_bind_text(s, 2, text);
	return file_done(f, s, err);
}

enum em_status em_file_cut(struct em_file *f, const char *list, size_t n, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = list_prepare(f, "DELETE FROM %s WHERE n >= ?1", list, n, &s, err);
	return st ? st : file_done(f, s, err);
}

enum em_status em_file_line(struct em_file *f, const char *list, size_t n, char **out, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = list_prepare(f, "SELECT text FROM %s WHERE n = ?1", list, n, &s, err);
	*out = NULL;
	if (st)
		return st;
	int got = sqlite3_step(s);
	const char *text = got == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
	if (got == SQLITE_ROW && !(*out = strdup(text ? text : "")))
		st = em_no_memory(err);
	else if (got != SQLITE_ROW && got != SQLITE_DONE)
		st = file_fail(f, err);
	sqlite3_finalize(s);
	return st;
}

enum em_status em_file_put_current(struct em_file *f, size_t current, size_t count, struct em_err *err)
{
	char sql[240];
	snprintf(sql, sizeof sql, "UPDATE current SET branch = %zu, branches = %zu; DELETE FROM branch WHERE id >= %zu; DELETE FROM ledger WHERE branch >= %zu;"
	         " DELETE FROM term WHERE branch >= %zu; DELETE FROM checkpoint WHERE branch >= %zu", current, count, count, count, count, count);
	return file_run(f, sql, err);
}

enum em_status em_file_current(struct em_file *f, size_t *current, size_t *count, struct em_err *err)
{
	int a = 0, b = 0;
	enum em_status st = pragma(f, "SELECT branch FROM current", &a, err);
	st = st ? st : pragma(f, "SELECT branches FROM current", &b, err);
	if (!st && (a < 0 || b < 0 || (b && a >= b)))
		st = em_fail(err, EM_INPUT, "%s: damaged: branch %d of %d", f->path, a, b);
	*current = (size_t)a;
	*count = (size_t)b;
	return st;
}

/* ---- heads of branches ---- */

static void text_into(char *to, size_t size, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	snprintf(to, size, "%s", text ? text : "");
}

static enum em_status branch_row(struct em_file *f, size_t i, const char *sql, sqlite3_stmt **s, struct em_err *err)
{
	enum em_status st = file_prepare(f, sql, s, err);
	if (st)
		return st;
	sqlite3_bind_int64(*s, 1, (sqlite3_int64)i);
	int got = sqlite3_step(*s);
	if (got == SQLITE_ROW)
		return EM_OK;
	st = got == SQLITE_DONE ? em_fail(err, EM_INPUT, "%s: damaged: branch %zu is missing", f->path, i) : file_fail(f, err);
	sqlite3_finalize(*s);
	return st;
}

enum em_status em_file_model(struct em_file *f, size_t i, char *out, size_t size, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = branch_row(f, i, "SELECT model FROM branch WHERE id = ?1", &s, err);
	if (st)
		return st;
	text_into(out, size, s, 0);
	sqlite3_finalize(s);
	return EM_OK;
}

enum em_status em_file_branch(struct em_file *f, size_t i, const struct em_setting_table *const tables[], size_t n,
                              struct em_file_branch *out, struct em_settings **settings, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = branch_row(f, i, "SELECT name, parent, parent_step, path, example, model, checksum, init, settings, position FROM branch WHERE id = ?1",
	                               &s, err);
	if (st)
		return st;
	*out = (struct em_file_branch){.at = (size_t)sqlite3_column_int64(s, 2), .position = (size_t)sqlite3_column_int64(s, 9)};
	text_into(out->name, sizeof out->name, s, 0);
	text_into(out->from, sizeof out->from, s, 1);
	text_into(out->data.path, sizeof out->data.path, s, 3);
	text_into(out->data.example, sizeof out->data.example, s, 4);
	text_into(out->data.model, sizeof out->data.model, s, 5);
	out->data.sum = (uint64_t)sqlite3_column_int64(s, 6);
	text_into(out->init, sizeof out->init, s, 7);
	sqlite3_int64 id = sqlite3_column_int64(s, 8);
	sqlite3_finalize(s);
	return file_settings(f, id, tables, n, settings, err);
}
