/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/beside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/text.h"

/* Paths part where their log p differ by more, in nats. */
#define APART 0.01

struct beside {
	struct em_run *run; /* NULL: it stays as it is */
	char label[48];
	bool exact, ended;
	double *elbo, *log_p; /* [count], after iterations 0.. */
	size_t count, room;
};

static enum em_status note(struct beside *b, const struct em_entry *e, struct em_err *err)
{
	if (b->count == b->room) {
		size_t room = 2 * b->room + 64;
		double *elbo = realloc(b->elbo, room * sizeof *elbo);
		b->elbo = elbo ? elbo : b->elbo;
		double *log_p = elbo ? realloc(b->log_p, room * sizeof *log_p) : NULL;
		if (!log_p)
			return em_no_memory(err);
		b->log_p = log_p;
		b->room = room;
	}
	b->elbo[b->count] = e->elbo;
	b->log_p[b->count++] = e->log_evidence;
	return EM_OK;
}

enum em_status beside_new(const struct world *w, const struct em_settings *settings, const char *init, const char *e_step,
                          const struct em_hooks *h, struct beside **out, struct em_err *err)
{
	if (!em_settings_row(settings, "e_step"))
		return em_fail(err, EM_USAGE, "beside: the E-step of %s has one kind only; it is for lda", world_model(settings)->name);
	if (strcmp(em_settings_text(settings, "e_step"), e_step) == 0)
		return em_fail(err, EM_USAGE, "beside: the run has e_step=%s itself; the other kind goes beside it", e_step);
	struct beside *b = calloc(1, sizeof *b);
	struct em_settings *other = NULL;
	enum em_status st = b ? em_settings_with(settings, "e_step", e_step, &other, err) : em_no_memory(err);
	if (!st)
		st = world_run(w, other, init, h, &b->run, err);
	if (!st)
		st = note(b, em_run_entry(b->run), err);
	em_settings_release(other);
	if (st) {
		beside_free(b);
		return st;
	}
	b->exact = strcmp(e_step, "exact") == 0;
	snprintf(b->label, sizeof b->label, "log p, %s", b->exact ? "exact" : "mean field");
	*out = b;
	return EM_OK;
}

enum em_status beside_still(const struct em_snapshot *s, const char *name, struct beside **out, struct em_err *err)
{
	struct beside *b = calloc(1, sizeof *b);
	enum em_status st = b ? EM_OK : em_no_memory(err);
	for (size_t i = 0; i <= s->position && !st; i++) {
		const struct em_entry *e = s->ledger + i;
		if ((e->phase == EM_M || e->phase == EM_INIT) && e->iteration >= b->count)
			st = note(b, e, err);
		else if (e->phase == EM_M) /* made again: the last one counts */
			b->elbo[b->count - 1] = e->elbo;
	}
	if (st) {
		beside_free(b);
		return st;
	}
	b->ended = true;
	snprintf(b->label, sizeof b->label, "ELBO of %.32s", name);
	*out = b;
	return EM_OK;
}

void beside_free(struct beside *b)
{
	if (!b)
		return;
	em_run_free(b->run);
	free(b->elbo);
	free(b->log_p);
	free(b);
}

enum em_status beside_follow(struct beside *b, const struct em_run *run, const struct em_hooks *h, struct em_err *err)
{
	const struct em_entry *e = em_run_entry(run);
	bool whole = e->phase == EM_M || e->phase == EM_INIT;
	while (b && !b->ended && b->count <= (whole ? e->iteration : e->iteration - 1)) {
		enum em_status st = em_run_step(b->run, EM_ITERATION, h, err);
		if (st == EM_CANCELLED || st == EM_MEMORY)
			return st;
		b->ended = st != EM_OK;
		st = st ? EM_OK : note(b, em_run_entry(b->run), err);
		if (st)
			return st;
	}
	return EM_OK;
}

void beside_set(struct beside *b, const char *name, const char *value)
{
	struct em_err unused;
	if (b && b->run)
		em_run_set(b->run, name, value, &unused);
}

struct beside_path *beside_path(const struct beside *b)
{
	struct beside_path *p = b ? malloc(sizeof *p + 2 * b->count * sizeof(double)) : NULL;
	if (!p)
		return NULL;
	double *at = (double *)(void *)(p + 1);
	*p = (struct beside_path){.exact = b->exact, .bound = !b->run, .count = b->count, .elbo = at, .log_p = at + b->count};
	memcpy(p->label, b->label, sizeof p->label);
	memcpy(at, b->elbo, b->count * sizeof *at);
	memcpy(at + b->count, b->log_p, b->count * sizeof *at);
	return p;
}

/* ---- the report ---- */

/* The run's own numbers after iteration i: its last entry there. NULL: it has not come so far. */
static const struct em_entry *after(const struct em_snapshot *s, size_t i)
{
	size_t lo = 0, hi = s->position + 1; /* the first entry of a later iteration */
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (s->ledger[mid].iteration <= i)
			lo = mid + 1;
		else
			hi = mid;
	}
	const struct em_entry *e = lo ? s->ledger + lo - 1 : NULL;
	return e && e->iteration == i && (e->phase == EM_M || e->phase == EM_INIT) ? e : NULL;
}

/* Exact less variational log p after iteration i; NAN where one is unknown. */
static double ahead(const struct em_snapshot *s, const struct beside_path *p, size_t i)
{
	const struct em_entry *e = after(s, i);
	double d = e ? p->log_p[i] - e->log_evidence : NAN;
	return p->exact ? d : -d;
}

static void cells(struct buf *b, const char *first, const char *const cell[4])
{
	static const int width[] = {16, 16, 16, 14};
	buf_printf(b, "%6s", first);
	for (int i = 0; i < 4; i++)
		buf_printf(b, "%*s%s", width[i] - (int)text_width(cell[i]), "", cell[i]);
	buf_putc(b, '\n');
}

static void row(struct buf *b, const struct em_snapshot *s, const struct beside_path *p, size_t i)
{
	const struct em_entry *e = after(s, i);
	if (!e)
		return;
	double elbo = p->exact ? e->elbo : p->elbo[i], mean_field = p->exact ? e->log_evidence : p->log_p[i];
	double exact = p->exact ? p->log_p[i] : e->log_evidence;
	struct number x[] = {number_fixed(elbo, 4), number_fixed(mean_field, 4), number_fixed(exact, 4),
	                     number_signed(ahead(s, p, i), 4)};
	cells(b, number_count(i).s, (const char *const[]){x[0].s, x[1].s, x[2].s, x[3].s});
}

static void words(struct buf *b, const struct em_snapshot *s, const struct beside_path *p, size_t count)
{
	size_t last = count - 1, parted = 0, falls = 0;
	for (size_t i = 1; i < count; i++) {
		const struct em_entry *e = after(s, i), *f = after(s, i - 1);
		double rise = p->exact ? (e && f ? e->log_evidence - f->log_evidence : NAN) : p->log_p[i] - p->log_p[i - 1];
		falls += rise < -1e-6;
		if (!parted && fabs(ahead(s, p, i)) > APART)
			parted = i;
	}
	double end = ahead(s, p, last);
	if (isnan(end)) {
		buf_puts(b, "\nlog p of the variational run is unknown at the end (see evidence_budget, evidence_step), so nothing can be said of them.\n");
		return;
	}
	if (!parted)
		buf_printf(b, "\nThe two have not parted by more than %g nats: log p after iteration %zu differs by %s.\n", APART, last,
		           number_signed(end, 6).s);
	else
		buf_printf(b, "\nThe paths part at iteration %zu. After %zu the exact E-step has brought θ to a log p %s nats %s than mean field's.\n",
		           parted, last, number_fixed(fabs(end), 4).s, end < 0 ? "lower" : "higher");
	if (falls)
		buf_printf(b, "Mean field's M-steps lowered log p in %zu of %zu iterations; the exact one's never do.\n", falls, last);
	if (count < p->count)
		buf_printf(b, "The run beside has gone on to iteration %zu.\n", p->count - 1);
}

static void report(struct buf *b, const struct em_snapshot *s, const struct beside_path *p)
{
	enum { HEAD = 8, TAIL = 8 };
	size_t count = 0;
	while (count < p->count && after(s, count))
		count++;
	cells(b, "after", (const char *const[]){"mean field", "mean field", "exact", "exact −"});
	cells(b, "iter", (const char *const[]){"ELBO", "log p", "log p", "mean field"});
	for (size_t i = 0; i < count; i++) {
		if (i == HEAD && count > HEAD + TAIL + 1) {
			buf_printf(b, "%6s\n", "...");
			i = count - TAIL;
		}
		row(b, s, p, i);
	}
	if (count)
		words(b, s, p, count);
}

char *beside_report(const struct beside *b, struct em_run *run)
{
	struct beside_path *p = beside_path(b);
	const struct em_snapshot *now = NULL;
	struct buf out = {0};
	struct em_err unused;
	if (p && !em_run_snapshot(run, &now, &unused))
		report(&out, now, p);
	em_snapshot_release(now);
	free(p);
	char *said = out.len ? buf_take(&out) : NULL;
	buf_free(&out);
	return said;
}
