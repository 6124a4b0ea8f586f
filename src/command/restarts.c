/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The same fit from many seeds: how often it ends where, and what of it is found again. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "command/branches.h"
#include "command/held.h"
#include "command/until.h"
#include "elbow/match.h"

/* Two ends are one optimum when their bounds are as near as this, and every component has its match nearer than that. */
#define NEAR_BOUND 0.05 /* nats, or that part of 1e-5 of the bound which is more */
#define NEAR_PART 0.1   /* Hellinger */
#define FOUND 0.3       /* a component of the best is found again below this distance */

/* One run that ended. */
struct end {
	size_t branch;
	const struct em_snapshot *s;
	double elbo;
	size_t optimum; /* number of its place, 0 the best */
};

static enum em_status converge(struct em_run *r, size_t most, const struct em_hooks *h, struct em_err *err)
{
	const struct condition converged = {.kind = UNTIL_CONVERGED};
	for (size_t i = 0; i < most; i++) {
		enum em_status st = em_run_step(r, EM_ITERATION, h, err);
		if (st)
			return st == EM_CANCELLED || st == EM_MEMORY ? st : EM_OK; /* stuck or broken: its verdict says so */
		if (until_reached(r, &converged, em_run_entry(r)))
			return EM_OK;
	}
	return EM_OK;
}

/* The i-th seed as a branch of its own, run to its end. Not finished: no branch. */
static enum em_status one(struct session *s, double seed, size_t n, const struct em_hooks *h, struct em_err *err)
{
	char name[BRANCH_NAME], number[32], memory[32];
	struct em_settings *settings = em_settings_retain(s->settings);
	struct branch *b;
	snprintf(name, sizeof name, "seed %.0f", seed);
	snprintf(number, sizeof number, "%.0f", seed);
	snprintf(memory, sizeof memory, "%g", fmax(1, em_settings_number(settings, "history_memory") / (double)n));
	enum em_status st = em_settings_put(&settings, "seed", number, err);
	if (!st)
		st = em_settings_put(&settings, "history_memory", memory, err);
	struct em_run *run = NULL;
	if (!st)
		st = world_run(s->world, settings, "", h, &run, err);
	if (!st)
		st = converge(run, (size_t)em_settings_number(settings, "max_iterations"), h, err);
	size_t old = branches_find(&s->branches, name);
	if (!st && old != SIZE_MAX && old != s->branches.current) {
		b = s->branches.all + old;
		em_run_free(b->run);
		em_settings_release(b->settings);
	} else if (!st) {
		st = branches_add(&s->branches, old == SIZE_MAX ? name : NULL, &b, err);
		if (!st) {
			b->world = world_retain(s->world);
			memcpy(b->path, s->path, sizeof b->path);
		}
	}
	if (st) {
		em_run_free(run);
		em_settings_release(settings);
		return st;
	}
	b->run = run;
	b->settings = settings;
	return EM_OK;
}

/* ---- what came of them ---- */

static int by_bound(const void *a, const void *b)
{
	const struct end *x = a, *y = b;
	return x->elbo < y->elbo ? 1 : x->elbo > y->elbo ? -1 : x->branch < y->branch ? -1 : x->branch > y->branch;
}

/* Largest distance of matched components; NAN where the model has none. */
static double apart(const struct end *a, const struct end *b)
{
	size_t k = a->s->problem->layout.components, *to = calloc(k + 1, sizeof *to);
	double *distance = calloc(k + 1, sizeof *distance), most = NAN;
	if (to && distance && !em_match(a->s->problem, a->s->theta, b->s->problem, b->s->theta, to, distance, NULL)) {
		most = 0;
		for (size_t i = 0; i < k; i++)
			most = fmax(most, distance[i]);
	}
	free(to);
	free(distance);
	return most;
}

static bool same_place(const struct end *a, const struct end *b)
{
	double room = fmax(NEAR_BOUND, 1e-5 * fabs(a->elbo)), d = fabs(a->elbo - b->elbo) <= room ? apart(a, b) : INFINITY;
	return isnan(d) || d < NEAR_PART;
}

static size_t places(struct end *e, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		e[i].optimum = SIZE_MAX;
		for (size_t j = 0; j < i && e[i].optimum == SIZE_MAX; j++)
			if (same_place(e + j, e + i))
				e[i].optimum = e[j].optimum;
		if (e[i].optimum == SIZE_MAX)
			e[i].optimum = count++;
	}
	return count;
}

/* The ELBO after iteration t, or the last it came to. */
static double elbo_after(const struct em_snapshot *s, size_t t)
{
	size_t lo = 0, hi = s->position + 1;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (s->ledger[mid].iteration <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return s->ledger[lo ? lo - 1 : 0].elbo;
}

/* How often two runs changed places from one iteration to the next, and the last iteration at which the first was not the first. */
static void swaps(struct buf *b, const struct end *e, size_t n)
{
	size_t longest = 0, count = 0, last = 0, early = 0;
	for (size_t i = 0; i < n; i++)
		longest = e[i].s->ledger[e[i].s->position].iteration > longest ? e[i].s->ledger[e[i].s->position].iteration : longest;
	for (size_t t = 1; t <= longest; t++) {
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < i; j++) {
				double was = elbo_after(e[i].s, t - 1) - elbo_after(e[j].s, t - 1), is = elbo_after(e[i].s, t) - elbo_after(e[j].s, t);
				count += t > 1 && was * is < 0;
			}
		for (size_t i = 1; i < n; i++)
			if (elbo_after(e[i].s, t) > elbo_after(e[0].s, t))
				last = t;
	}
	for (size_t i = 1; i < n; i++)
		early += elbo_after(e[i].s, 10) > elbo_after(e[0].s, 10);
	buf_printf(b, "Over the iterations two runs changed places %s times", number_count(count).s);
	if (last)
		buf_printf(b, "; the run that ended first was not so until after iteration %zu", last);
	buf_puts(b, ".\n");
	if (early)
		buf_printf(b, "After 10 iterations %zu of the others were ahead of it: an early stop would have picked another.\n", early);
}

static void bars(struct buf *b, const struct session *s, const struct end *e, size_t n)
{
	enum { WIDTH = 30 };
	double best = e[0].elbo, worst = e[n - 1].elbo;
	buf_printf(b, "%-16s%16s%7s  %s\n", "run", "ELBO", "iter", "optimum");
	for (size_t i = 0; i < n; i++) {
		int bar = best > worst ? (int)lround(WIDTH * (e[i].elbo - worst) / (best - worst)) : WIDTH;
		const struct em_entry *last = e[i].s->ledger + e[i].s->position;
		char place[8];
		snprintf(place, sizeof place, e[i].optimum < 26 ? "%c" : "%d", (int)(e[i].optimum < 26 ? 'A' + e[i].optimum : e[i].optimum + 1));
		buf_printf(b, "%-16s%*s%s%7zu  %-4s ", s->branches.all[e[i].branch].name, 16 - (int)text_width(number_fixed(e[i].elbo, 4).s), "",
		           number_fixed(e[i].elbo, 4).s, last->iteration, place);
		for (int j = 0; j < bar; j++)
			buf_puts(b, "█");
		buf_printf(b, "%s%s%s\n", bar ? "" : "▏", e[i].s->verdict.kind == EM_CONVERGED ? "" : " ", e[i].s->verdict.kind == EM_CONVERGED ? "" : em_verdict_word(e[i].s->verdict.kind));
	}
}

/* Each component of the best run: in how many of the others it is found again. */
static void stability(struct buf *b, const struct end *e, size_t n)
{
	size_t k = e[0].s->problem->layout.components, *to = calloc(k + 1, sizeof *to), *found = calloc(k + 1, sizeof *found);
	double *distance = calloc(k + 1, sizeof *distance), *mean = calloc(k + 1, sizeof *mean);
	bool good = to && found && distance && mean && n > 1;
	for (size_t i = 1; i < n && good; i++) {
		good = !em_match(e[0].s->problem, e[0].s->theta, e[i].s->problem, e[i].s->theta, to, distance, NULL);
		for (size_t j = 0; j < k && good; j++) {
			found[j] += distance[j] < FOUND;
			mean[j] += distance[j] / (double)(n - 1);
		}
	}
	if (good)
		buf_printf(b, "\n%ss of the best run, found again (Hellinger's distance below %g) in the other %zu:\n",
		           e[0].s->problem->model->component, FOUND, n - 1);
	for (size_t j = 0; j < k && good; j++) {
		struct em_item item[5];
		size_t items = e[0].s->problem->model->describe(e[0].s->problem, e[0].s->theta, j, item, 5);
		buf_printf(b, "%3zu  in %zu of %zu, mean distance %.3f  ", j + 1, found[j], n - 1, mean[j]);
		for (size_t i = 0; i < items; i++) {
			buf_puts(b, i ? " " : "");
			text_safe(b, item[i].label, strlen(item[i].label));
		}
		buf_putc(b, '\n');
	}
	free(to);
	free(found);
	free(distance);
	free(mean);
}

static void tell(struct buf *b, const struct session *s, struct end *e, size_t n)
{
	qsort(e, n, sizeof *e, by_bound);
	size_t count = places(e, n), best = 0;
	for (size_t i = 0; i < n; i++)
		best += e[i].optimum == 0;
	bars(b, s, e, n);
	buf_printf(b, "\n%zu run%s, %zu optim%s; the best bound was reached by %zu. `switch %s` goes on from the best.\n", n,
	           n == 1 ? "" : "s", count, count == 1 ? "um" : "a", best, s->branches.all[e[0].branch].name);
	if (n > 1)
		swaps(b, e, n);
	stability(b, e, n);
}

enum em_status branches_restarts(struct session *s, size_t n, const struct em_hooks *h, char **said, struct em_err *err)
{
	double first = em_settings_number(s->settings, "seed") + 1;
	struct end *e = calloc(n + 1, sizeof *e);
	struct em_hooks quiet = {.self = h->self, .cancelled = h->cancelled};
	struct buf b = {0};
	size_t made = 0;
	enum em_status st = e ? EM_OK : em_no_memory(err);
	if (!st && n + s->branches.count > BRANCHES_MOST)
		st = em_fail(err, EM_USAGE, "restarts: at most %d branches; there are %zu already", BRANCHES_MOST, s->branches.count);
	for (; made < n && !st; made += !st) {
		if (h->progress)
			h->progress(h->self, "restarts", made, n);
		st = one(s, first + (double)made, n, &quiet, err);
	}
	for (size_t i = 0; i < made && e; i++) {
		char name[BRANCH_NAME];
		snprintf(name, sizeof name, "seed %.0f", first + (double)i);
		e[i].branch = branches_find(&s->branches, name);
		if (branches_look(s, e[i].branch, &e[i].s, NULL)) {
			made = i;
			break;
		}
		e[i].elbo = e[i].s->ledger[e[i].s->position].elbo;
	}
	if (made) {
		tell(&b, s, e, made);
		*said = buf_take(&b);
	}
	for (size_t i = 0; i < made; i++)
		em_snapshot_release(e[i].s);
	free(e);
	buf_free(&b);
	return st;
}
