/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The session file: an SQLite database of runs, their ledgers and checkpoints, and of what was commanded. Schema: docs/session-file.md.
 *
 * Functions that write belong between em_file_begin and em_file_commit: a transaction is in the file whole or not at all, whenever the program ends. */
#ifndef ELBOW_SESSION_FILE_H
#define ELBOW_SESSION_FILE_H

#include "elbow/kept.h"

struct em_file;

/* Data as a reference: where they came from and what they were. */
struct em_file_data {
	char path[1024];   /* absolute; "" for an example or the built-in corpus */
	char example[32];  /* "" for none */
	char model[32];    /* whose kind of data it is */
	uint64_t sum;      /* em_data_sum */
};

/* A branch and where it stands. */
struct em_file_branch {
	char name[32], from[32]; /* from: forked from that one, "" for none, */
	size_t at;               /* after this step */
	char init[1024];         /* the state file that entry 0 came from, "" for none */
	struct em_file_data data;
	size_t position;
};

/* True where a regular file begins as an SQLite database does. */
bool em_file_is(const char *path);
/* A new one: in memory with a path of NULL, else a file, which must not be there yet: EM_USAGE. Owned: em_file_close. */
enum em_status em_file_create(const char *path, struct em_file **out, struct em_err *err);
/* One that is there, to read, and with `write` to go on in. EM_INPUT: no session file, one of a newer elbow, or one damaged at the root. */
enum em_status em_file_open(const char *path, bool write, struct em_file **out, struct em_err *err);
/* NULL is allowed. What was not committed is not in it. */
void em_file_close(struct em_file *f);
/* All of it, as a file put at a path whole or not at all (base/file.h). Between transactions. */
enum em_status em_file_copy(struct em_file *f, const char *path, bool replace, struct em_err *err);

enum em_status em_file_begin(struct em_file *f, struct em_err *err);
enum em_status em_file_commit(struct em_file *f, struct em_err *err);
void em_file_undo(struct em_file *f);

/* ---- to write ---- */

/* Branch i as it stands: what of its run is not in the file yet is added, what is no more is taken out. settings: all of the branch's.
 * from: entries before it are known to be as the file has them. last: states at its position and before even where the distance to the one before would not ask for it. */
enum em_status em_file_put_branch(struct em_file *f, size_t i, const struct em_file_branch *b, const struct em_settings *settings,
                                  const struct em_run *run, size_t from, bool last, struct em_err *err);
/* There are `count` branches; the session stands in `current`. */
enum em_status em_file_put_current(struct em_file *f, size_t current, size_t count, struct em_err *err);
/* Row n of a list, from 0: "command", "breakpoint" or "label". Rows above are left alone; em_file_cut takes those from n on out. */
enum em_status em_file_put_line(struct em_file *f, const char *list, size_t n, const char *text, struct em_err *err);
enum em_status em_file_cut(struct em_file *f, const char *list, size_t n, struct em_err *err);

/* ---- to read ---- */

enum em_status em_file_current(struct em_file *f, size_t *current, size_t *count, struct em_err *err);
/* Branch i, its settings in these tables (names they do not have are passed over). */
enum em_status em_file_branch(struct em_file *f, size_t i, const struct em_setting_table *const tables[], size_t n,
                              struct em_file_branch *out, struct em_settings **settings, struct em_err *err);
/* The name of branch i's model, before its tables are known. */
enum em_status em_file_model(struct em_file *f, size_t i, char *out, size_t size, struct em_err *err);
/* The ledger of branch i, as far as it can be read from step 0 without a gap; *damaged says that something is missing or does not agree
 * with its checksum. Owned: em_file_kept_free. */
struct em_file_kept {
	struct em_kept *all; /* [count] */
	size_t count;
	bool damaged;
	struct em_file_part *part; /* private: settings, names */
};
enum em_status em_file_ledger(struct em_file *f, size_t i, const struct em_setting_table *const tables[], size_t n,
                              struct em_file_kept *out, struct em_err *err);
void em_file_kept_free(struct em_file_kept *k);
/* Row n of a list; owned: free. NULL with EM_OK: there is none. */
enum em_status em_file_line(struct em_file *f, const char *list, size_t n, char **out, struct em_err *err);

#endif
