/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs in a session file: branches, ledgers, checkpoints.
 *
 * A checkpoint is a state after an entry. Entry 0 and changes from outside always have one; the others by distance: SPACING bytes an entry, or
 * SECONDS of work. Beyond MOST bytes every second one goes. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/session_sql.h"

enum { SPACING = 16384, MOST = 256 << 20 };
static const double SECONDS = 5;

/* ---- an entry's columns ---- */

enum kind { REAL, SIZE, COUNT, NAME, FLAG, ACTION };

struct column {
	const char *name;
	enum kind kind;
	size_t at;
};

#define IN(member) offsetof(struct em_entry, member)
static const struct column columns[] = {
	{"iteration", SIZE, IN(iteration)},
	{"phase", ACTION, IN(phase)},
	{"size", ACTION, IN(size)},
	{"elbo", REAL, IN(elbo)},
	{"gain", REAL, IN(gain)},
	{"energy", REAL, IN(energy)},
	{"entropy", REAL, IN(entropy)},
	{"log_p", REAL, IN(log_evidence)},
	{"log_p_se", REAL, IN(log_evidence_se)},
	{"log_p_kind", ACTION, IN(evidence)},
	{"log_p_change", REAL, IN(log_p_change)},
	{"log_p_change_se", REAL, IN(log_p_change_se)},
	{"estimated", SIZE, IN(estimated)},
	{"doubtful", SIZE, IN(doubtful)},
	{"kl", REAL, IN(kl)},
	{"allowance", REAL, IN(allowance)},
	{"seconds", REAL, IN(seconds)},
	{"e_steps", SIZE, IN(e_steps)},
	{"leap", ACTION, IN(leap)},
	{"leap_length", REAL, IN(leap_length)},
	{"unit", SIZE, IN(unit)},
	{"moved", REAL, IN(moved)},
	{"moved_array", NAME, IN(moved_array)},
	{"moved_at_1", SIZE, IN(moved_at[0])},
	{"moved_at_2", SIZE, IN(moved_at[1])},
	{"moved_at_3", SIZE, IN(moved_at[2])},
	{"sweeps", COUNT, IN(sweeps)},
	{"active", SIZE, IN(active)},
	{"capped", SIZE, IN(capped)},
	{"worst_gain", REAL, IN(worst_gain)},
	{"worst", SIZE, IN(worst)},
	{"was", REAL, IN(was)},
	{"became", REAL, IN(became)},
	{"decreased", FLAG, IN(decreased)},
};
#undef IN
enum { COLUMNS = sizeof columns / sizeof columns[0] };
enum { FIRST = 6, SUM = FIRST + COLUMNS }; /* places of the parameters: branch, step, settings, action, m, columns, checksum */

_Static_assert(sizeof(enum em_phase) == sizeof(unsigned) && sizeof(enum em_size) == sizeof(unsigned) && sizeof(enum em_leap) == sizeof(unsigned) &&
               sizeof(enum em_evidence_kind) == sizeof(unsigned), "the enums of an entry are read and written as unsigned");

static uint64_t integer_of(const struct em_entry *e, const struct column *c)
{
	const char *at = (const char *)e + c->at;
	switch (c->kind) {
	case SIZE: return *(const size_t *)(const void *)at;
	case COUNT: return *(const uint64_t *)(const void *)at;
	case FLAG: return *(const bool *)(const void *)at;
	default: return *(const unsigned *)(const void *)at;
	}
}

static void integer_into(struct em_entry *e, const struct column *c, uint64_t x)
{
	char *at = (char *)e + c->at;
	switch (c->kind) {
	case SIZE: *(size_t *)(void *)at = (size_t)x; break;
	case COUNT: *(uint64_t *)(void *)at = x; break;
	case FLAG: *(bool *)(void *)at = x & 1; break;
	default: *(unsigned *)(void *)at = (unsigned)x; break;
	}
}

static double real_of(const struct em_entry *e, const struct column *c)
{
	return *(const double *)(const void *)((const char *)e + c->at);
}

static const char *name_of(const struct em_entry *e)
{
	return e->moved_array ? e->moved_array : "";
}

static uint64_t entry_sum(const struct em_kept *k, size_t terms, sqlite3_int64 settings)
{
	uint64_t h = file_sum(file_sum(file_sum(file_sum(0x656c6277u, k->entry.step), k->size), k->m), (uint64_t)settings);
	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].kind != NAME)
			h = file_sum(h, columns[i].kind == REAL ? file_word(real_of(&k->entry, columns + i)) : integer_of(&k->entry, columns + i));
	for (const char *s = name_of(&k->entry); *s; s++)
		h = file_sum(h, (unsigned char)*s);
	for (size_t i = 0; i < terms; i++)
		h = file_sum(h, file_word(k->entry.terms[i]));
	return h;
}

/* ---- writing ---- */

static enum em_status put_row(struct em_file *f, size_t branch, const struct em_kept *k, sqlite3_int64 settings, uint64_t sum, struct em_err *err)
{
	char sql[1200];
	int n = snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO ledger(branch, step, settings, action, m");
	for (size_t i = 0; i < COLUMNS; i++)
		n += snprintf(sql + n, sizeof sql - (size_t)n, ", %s", columns[i].name);
	n += snprintf(sql + n, sizeof sql - (size_t)n, ", checksum) VALUES(?1");
	for (int i = 2; i <= SUM; i++)
		n += snprintf(sql + n, sizeof sql - (size_t)n, ", ?%d", i);
	snprintf(sql + n, sizeof sql - (size_t)n, ")");
	sqlite3_stmt *s = NULL;
	enum em_status st = file_prepare(f, sql, &s, err);
	if (st)
		return st;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)branch);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)k->entry.step);
	sqlite3_bind_int64(s, 3, settings);
	sqlite3_bind_int(s, 4, (int)k->size);
	sqlite3_bind_int(s, 5, k->m);
	for (int i = 0; i < (int)COLUMNS; i++)
		if (columns[i].kind == REAL)
			sqlite3_bind_double(s, FIRST + i, real_of(&k->entry, columns + i));
		else if (columns[i].kind == NAME)
			file_bind_text(s, FIRST + i, name_of(&k->entry));
		else
			sqlite3_bind_int64(s, FIRST + i, (sqlite3_int64)integer_of(&k->entry, columns + i));
	sqlite3_bind_int64(s, SUM, (sqlite3_int64)sum);
	return file_done(f, s, err);
}

static enum em_status put_terms(struct em_file *f, size_t branch, const struct em_kept *k, const struct em_model *m, size_t terms, struct em_err *err)
{
	enum em_status st = EM_OK;
	for (size_t i = 0; i < terms && !st; i++) {
		sqlite3_stmt *s = NULL;
		st = file_prepare(f, "INSERT OR REPLACE INTO term VALUES(?1, ?2, ?3, ?4, ?5)", &s, err);
		if (st)
			break;
		sqlite3_bind_int64(s, 1, (sqlite3_int64)branch);
		sqlite3_bind_int64(s, 2, (sqlite3_int64)k->entry.step);
		sqlite3_bind_int64(s, 3, (sqlite3_int64)i);
		file_bind_text(s, 4, m->terms[i].name);
		sqlite3_bind_double(s, 5, k->entry.terms[i]);
		st = file_done(f, s, err);
	}
	return st;
}

/* Rows of a branch from a step on (only that one without `above`) out of a table. */
static enum em_status drop(struct em_file *f, const char *table, size_t branch, size_t step, bool above, struct em_err *err)
{
	char sql[160];
	snprintf(sql, sizeof sql, "DELETE FROM %s WHERE branch = %zu AND step %s %zu", table, branch, above ? ">=" : "=", step);
	return file_run(f, sql, err);
}

static enum em_status put_state(struct em_file *f, size_t branch, const struct em_run *run, size_t step, struct written *w, struct em_err *err)
{
	void *bytes = NULL;
	size_t size = 0;
	sqlite3_stmt *s = NULL;
	enum em_status st = em_run_pack(run, step, &bytes, &size, err);
	if (!st && bytes)
		st = file_prepare(f, "INSERT OR REPLACE INTO checkpoint VALUES(?1, ?2, ?3)", &s, err);
	if (!st && bytes) {
		sqlite3_bind_int64(s, 1, (sqlite3_int64)branch);
		sqlite3_bind_int64(s, 2, (sqlite3_int64)step);
		sqlite3_bind_blob64(s, 3, bytes, size, SQLITE_STATIC);
		st = file_done(f, s, err);
	}
	if (!st) {
		w->bytes += size - w->checkpoint[step];
		w->checkpoint[step] = size;
	}
	free(bytes);
	return st;
}

/* Lets every second one go that may, until the rest fits. */
static enum em_status thin(struct em_file *f, size_t branch, const struct em_run *run, struct written *w, struct em_err *err)
{
	enum em_status st = EM_OK;
	for (int round = 0; w->bytes > MOST && round < 20 && !st; round++) {
		bool out = true;
		for (size_t i = 1; i + 1 < w->count && !st; i++) {
			struct em_kept k;
			em_run_kept(run, i, &k);
			if (!w->checkpoint[i] || k.entry.phase == EM_EDIT)
				continue;
			if (out) {
				st = drop(f, "checkpoint", branch, i, false, err);
				w->bytes -= w->checkpoint[i];
				w->checkpoint[i] = 0;
			}
			out = !out;
		}
	}
	return st;
}

static enum em_status room_for(struct written *w, size_t count, struct em_err *err)
{
	if (count <= w->room)
		return EM_OK;
	size_t room = 2 * count + 64;
	uint64_t *sum = realloc(w->sum, room * sizeof *sum);
	if (sum)
		w->sum = sum;
	size_t *checkpoint = sum ? realloc(w->checkpoint, room * sizeof *checkpoint) : NULL;
	if (!checkpoint)
		return em_no_memory(err);
	w->checkpoint = checkpoint;
	w->room = room;
	return EM_OK;
}

/* What is in the file of a branch, read once after opening. */
static enum em_status recall(struct em_file *f, size_t branch, struct written *w, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = file_prepare(f, "SELECT l.step, l.checksum, coalesce(length(c.state), 0) FROM ledger l LEFT JOIN checkpoint c USING(branch, step)"
	                                    " WHERE l.branch = ?1 ORDER BY l.step", &s, err);
	if (st)
		return st;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)branch);
	while (!st && sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 0) == (sqlite3_int64)w->count) {
		st = room_for(w, w->count + 1, err);
		if (st)
			break;
		w->sum[w->count] = (uint64_t)sqlite3_column_int64(s, 1);
		w->checkpoint[w->count] = (size_t)sqlite3_column_int64(s, 2);
		w->bytes += w->checkpoint[w->count++];
	}
	sqlite3_finalize(s);
	return st;
}

static enum em_status written_of(struct em_file *f, size_t branch, struct written **out, struct em_err *err)
{
	if (branch >= f->branches) {
		struct written *grown = realloc(f->branch, (branch + 1) * sizeof *grown);
		if (!grown)
			return em_no_memory(err);
		f->branch = grown;
		while (f->branches <= branch) {
			grown[f->branches] = (struct written){0};
			enum em_status st = recall(f, f->branches, grown + f->branches, err);
			f->branches++;
			if (st)
				return st;
		}
	}
	*out = f->branch + branch;
	return EM_OK;
}

/* Whether the distance to the checkpoint before asks for one here. */
static bool far(const struct em_run *run, size_t step, const struct written *w, size_t bytes)
{
	double seconds = 0;
	size_t i = step;
	struct em_kept k;
	while (i > 0 && !w->checkpoint[i] && step - i <= bytes / SPACING && seconds < SECONDS) {
		em_run_kept(run, i--, &k);
		seconds += k.entry.seconds > 0 ? k.entry.seconds : 0;
	}
	return step - i > bytes / SPACING || seconds >= SECONDS;
}

static enum em_status put_entry(struct em_file *f, size_t branch, const struct em_run *run, size_t step, const struct em_model *m, size_t terms,
                                sqlite3_int64 settings, struct written *w, struct em_err *err)
{
	struct em_kept k;
	em_run_kept(run, step, &k);
	uint64_t sum = entry_sum(&k, terms, settings);
	if (step < w->count && w->sum[step] == sum)
		return EM_OK;
	enum em_status st = room_for(w, step + 1, err);
	if (!st && step < w->count && w->checkpoint[step]) { /* of what was there */
		st = drop(f, "checkpoint", branch, step, false, err);
		w->bytes -= w->checkpoint[step];
	}
	if (!st && step < w->count)
		st = drop(f, "term", branch, step, false, err); /* another model has others */
	if (!st)
		st = put_row(f, branch, &k, settings, sum, err);
	if (!st)
		st = put_terms(f, branch, &k, m, terms, err);
	if (st)
		return st;
	w->sum[step] = sum;
	w->checkpoint[step] = 0;
	if (step >= w->count)
		w->count = step + 1;
	size_t typical = w->checkpoint[0];
	return step == 0 || k.entry.phase == EM_EDIT || far(run, step, w, typical) ? put_state(f, branch, run, step, w, err) : EM_OK;
}

static enum em_status put_head(struct em_file *f, size_t i, const struct em_file_branch *b, const struct em_settings *settings, struct em_err *err)
{
	sqlite3_int64 id = 0;
	sqlite3_stmt *s = NULL;
	enum em_status st = file_settings_id(f, settings, &id, err);
	if (!st)
		st = file_prepare(f, "INSERT OR REPLACE INTO branch VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", &s, err);
	if (st)
		return st;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)i);
	file_bind_text(s, 2, b->name);
	file_bind_text(s, 3, b->from);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)b->at);
	file_bind_text(s, 5, b->data.path);
	file_bind_text(s, 6, b->data.example);
	file_bind_text(s, 7, b->data.model);
	sqlite3_bind_int64(s, 8, (sqlite3_int64)b->data.sum);
	file_bind_text(s, 9, b->init);
	sqlite3_bind_int64(s, 10, id);
	sqlite3_bind_int64(s, 11, (sqlite3_int64)b->position);
	return file_done(f, s, err);
}

enum em_status em_file_put_branch(struct em_file *f, size_t i, const struct em_file_branch *b, const struct em_settings *settings,
                                  const struct em_run *run, size_t from, bool last, struct em_err *err)
{
	struct written *w = NULL;
	size_t count = em_run_entries(run);
	const struct em_settings *before = NULL;
	const struct em_problem *p = em_run_problem(run);
	sqlite3_int64 id = 0;
	enum em_status st = written_of(f, i, &w, err);
	if (!st)
		st = put_head(f, i, b, settings, err);
	for (size_t step = w && from < w->count ? from : w ? w->count : 0; step < count && !st; step++) {
		struct em_kept k;
		em_run_kept(run, step, &k);
		if (k.settings != before)
			st = file_settings_id(f, k.settings, &id, err);
		before = k.settings;
		if (!st)
			st = put_entry(f, i, run, step, p->model, p->layout.terms, id, w, err);
	}
	if (!st && w->count > count) {
		static const char *const tables[] = {"ledger", "term", "checkpoint"};
		for (size_t t = 0; t < 3 && !st; t++)
			st = drop(f, tables[t], i, count, true, err);
		for (size_t k = count; k < w->count; k++)
			w->bytes -= w->checkpoint[k];
		w->count = count;
	}
	for (size_t step = b->position ? b->position - 1 : 0; last && step <= b->position && !st; step++) /* what a run stands on */
		if (!w->checkpoint[step])
			st = put_state(f, i, run, step, w, err);
	return st ? st : thin(f, i, run, w, err);
}

/* ---- reading ---- */

/* The settings of the rows read so far, by their ids. */
struct em_file_part {
	sqlite3_int64 *id;
	struct em_settings **settings;
	size_t count, room;
	char array[8][32]; /* names of arrays that entries point to */
};

static enum em_status settings_of(struct em_file *f, sqlite3_int64 id, const struct em_setting_table *const tables[], size_t n, struct em_file_part *part,
                                  const struct em_settings **out, struct em_err *err)
{
	for (size_t i = part->count; i-- > 0;)
		if (part->id[i] == id) {
			*out = part->settings[i];
			return EM_OK;
		}
	if (part->count == part->room) {
		size_t room = 2 * part->room + 8;
		sqlite3_int64 *ids = realloc(part->id, room * sizeof *ids);
		if (ids)
			part->id = ids;
		struct em_settings **settings = ids ? realloc(part->settings, room * sizeof *settings) : NULL;
		if (!settings)
			return em_no_memory(err);
		part->settings = settings;
		part->room = room;
	}
	enum em_status st = file_settings(f, id, tables, n, part->settings + part->count, err);
	if (st)
		return st;
	part->id[part->count] = id;
	*out = part->settings[part->count++];
	return EM_OK;
}

static const char *array_name(struct em_file_part *part, const char *name)
{
	for (size_t i = 0; name && *name && i < sizeof part->array / sizeof part->array[0]; i++) {
		if (!part->array[i][0])
			snprintf(part->array[i], sizeof part->array[i], "%s", name);
		if (strcmp(part->array[i], name) == 0)
			return part->array[i];
	}
	return "";
}

enum { COLUMN_FIRST = 4, COLUMN_SUM = COLUMN_FIRST + COLUMNS };

static void read_row(sqlite3_stmt *s, struct em_file_part *part, struct em_kept *k)
{
	k->entry.step = (size_t)sqlite3_column_int64(s, 0);
	k->size = (enum em_size)sqlite3_column_int(s, 2);
	k->m = sqlite3_column_int(s, 3) != 0;
	for (int i = 0; i < (int)COLUMNS; i++) {
		int at = COLUMN_FIRST + i;
		if (columns[i].kind == REAL)
			*(double *)(void *)((char *)&k->entry + columns[i].at) = sqlite3_column_type(s, at) == SQLITE_NULL ? NAN : sqlite3_column_double(s, at);
		else if (columns[i].kind == NAME)
			k->entry.moved_array = array_name(part, (const char *)sqlite3_column_text(s, at));
		else
			integer_into(&k->entry, columns + i, (uint64_t)sqlite3_column_int64(s, at));
	}
}

/* Of what is counted on from here on. */
static bool possible(const struct em_kept *k)
{
	const struct em_entry *e = &k->entry;
	return (unsigned)k->size <= EM_ITERATION && (unsigned)e->phase <= EM_EDIT && (unsigned)e->size <= EM_ITERATION &&
	       (unsigned)e->evidence <= EM_EVIDENCE_ESTIMATE && (unsigned)e->leap <= EM_LEAP_REFUSED;
}

static size_t read_terms(struct em_file *f, size_t branch, struct em_kept *k)
{
	sqlite3_stmt *s = NULL;
	size_t n = 0;
	if (file_prepare(f, "SELECT n, value FROM term WHERE branch = ?1 AND step = ?2 ORDER BY n", &s, NULL))
		return 0;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)branch);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)k->entry.step);
	while (n < EM_TERMS && sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 0) == (sqlite3_int64)n)
		k->entry.terms[n++] = sqlite3_column_type(s, 1) == SQLITE_NULL ? NAN : sqlite3_column_double(s, 1);
	sqlite3_finalize(s);
	return n;
}

/* One that cannot be read is as good as none. */
static enum em_status read_state(struct em_file *f, size_t branch, struct em_kept *k, bool *damaged, struct em_err *err)
{
	sqlite3_stmt *s = NULL;
	enum em_status st = EM_OK;
	if (file_prepare(f, "SELECT state FROM checkpoint WHERE branch = ?1 AND step = ?2", &s, NULL))
		return EM_OK;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)branch);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)k->entry.step);
	int got = sqlite3_step(s);
	const void *blob = got == SQLITE_ROW ? sqlite3_column_blob(s, 0) : NULL;
	size_t size = blob ? (size_t)sqlite3_column_bytes(s, 0) : 0;
	void *bytes = size ? malloc(size) : NULL;
	*damaged |= got != SQLITE_DONE && !blob;
	if (size && !bytes)
		st = em_no_memory(err);
	if (bytes) {
		k->state = memcpy(bytes, blob, size);
		k->bytes = size;
	}
	sqlite3_finalize(s);
	return st;
}

static enum em_status add_kept(struct em_file_kept *out, const struct em_kept *k, size_t *room, struct em_err *err)
{
	if (out->count == *room) {
		*room = 2 * *room + 64;
		struct em_kept *grown = realloc(out->all, *room * sizeof *grown);
		if (!grown)
			return em_no_memory(err);
		out->all = grown;
	}
	out->all[out->count++] = *k;
	return EM_OK;
}

/* Rows in order until one is missing or wrong. */
static enum em_status read_rows(struct em_file *f, size_t branch, sqlite3_stmt *s, const struct em_setting_table *const tables[], size_t n,
                                struct em_file_kept *out, struct em_err *err)
{
	size_t room = 0;
	enum em_status st = EM_OK;
	int got;
	while (!st && (got = sqlite3_step(s)) == SQLITE_ROW) {
		struct em_kept k = {.entry.moved_array = ""};
		sqlite3_int64 id = sqlite3_column_int64(s, 1);
		read_row(s, out->part, &k);
		size_t terms = read_terms(f, branch, &k);
		bool agrees = possible(&k) && k.entry.step == out->count && (uint64_t)sqlite3_column_int64(s, COLUMN_SUM) == entry_sum(&k, terms, id);
		if (agrees)
			st = settings_of(f, id, tables, n, out->part, &k.settings, err);
		if (!agrees || st) {
			out->damaged = true;
			return st == EM_INPUT ? EM_OK : st;
		}
		st = read_state(f, branch, &k, &out->damaged, err);
		if (!st && (st = add_kept(out, &k, &room, err)))
			free((void *)(uintptr_t)k.state);
	}
	out->damaged |= !st && got != SQLITE_DONE;
	return st;
}

enum em_status em_file_ledger(struct em_file *f, size_t i, const struct em_setting_table *const tables[], size_t n, struct em_file_kept *out,
                              struct em_err *err)
{
	char sql[1200];
	int at = snprintf(sql, sizeof sql, "SELECT step, settings, action, m");
	for (size_t c = 0; c < COLUMNS; c++)
		at += snprintf(sql + at, sizeof sql - (size_t)at, ", %s", columns[c].name);
	snprintf(sql + at, sizeof sql - (size_t)at, ", checksum FROM ledger WHERE branch = ?1 ORDER BY step");
	sqlite3_stmt *s = NULL;
	*out = (struct em_file_kept){.part = calloc(1, sizeof *out->part)};
	enum em_status st = out->part ? file_prepare(f, sql, &s, err) : em_no_memory(err);
	if (!st) {
		sqlite3_bind_int64(s, 1, (sqlite3_int64)i);
		st = read_rows(f, i, s, tables, n, out, err);
	}
	sqlite3_finalize(s);
	if (st)
		em_file_kept_free(out);
	return st;
}

void em_file_kept_free(struct em_file_kept *k)
{
	for (size_t i = 0; i < k->count; i++)
		free((void *)(uintptr_t)k->all[i].state);
	free(k->all);
	for (size_t i = 0; k->part && i < k->part->count; i++)
		em_settings_release(k->part->settings[i]);
	if (k->part) {
		free(k->part->id);
		free(k->part->settings);
	}
	free(k->part);
	*k = (struct em_file_kept){0};
}
