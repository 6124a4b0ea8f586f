/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/race.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/text.h"

enum { SCHEMES = 2, MARKS = 5, QUIET = 3 /* steps without a gain in a row */ };
static const char *const schemes[SCHEMES] = {"none", "squarem"}, *const titles[SCHEMES] = {"plain EM", "SQUAREM"};
static const double marks[MARKS] = {1, 1e-2, 1e-4, 1e-6, 1e-8};

/* One contestant. */
struct lane {
	size_t *e_steps;
	double *elbo;
	size_t count, room, taken, refused;
	bool limited;
	char ended[160]; /* a step without a result: why */
};

static enum em_status note(struct lane *x, const struct em_entry *e, struct em_err *err)
{
	if (x->count == x->room) {
		size_t room = 2 * x->room + 256;
		size_t *steps = realloc(x->e_steps, room * sizeof *steps);
		x->e_steps = steps ? steps : x->e_steps;
		double *elbo = steps ? realloc(x->elbo, room * sizeof *elbo) : NULL;
		if (!elbo)
			return em_no_memory(err);
		x->elbo = elbo;
		x->room = room;
	}
	x->e_steps[x->count] = e->e_steps;
	x->elbo[x->count++] = e->elbo;
	x->taken += e->leap == EM_LEAPT;
	x->refused += e->leap == EM_LEAP_REFUSED;
	return EM_OK;
}

static enum em_status go(struct em_run *r, size_t most, const struct em_hooks *h, struct lane *x, struct em_err *err)
{
	struct em_err own = {0};
	size_t quiet = 0;
	enum em_status st = EM_OK;
	double before = em_run_entry(r)->elbo;
	while (!st && quiet < QUIET) {
		const struct em_entry *e;
		if (em_run_entry(r)->e_steps >= most) {
			x->limited = true;
			return EM_OK;
		}
		st = em_run_step(r, EM_ITERATION, h, &own);
		if (st)
			break;
		e = em_run_entry(r);
		st = note(x, e, &own);
		quiet = e->elbo - before > 1e-3 * e->allowance ? 0 : quiet + 1;
		before = e->elbo;
	}
	if (st == EM_CANCELLED || st == EM_MEMORY) {
		if (err)
			*err = own;
		return st;
	}
	if (st)
		snprintf(x->ended, sizeof x->ended, "%.159s", own.msg);
	return EM_OK;
}

static enum em_status enter(const struct em_snapshot *s, int scheme, size_t most, const struct em_hooks *h, struct lane *x,
                            struct em_err *err)
{
	struct em_settings *settings = em_settings_retain(s->problem->settings);
	struct em_given given = {.theta = s->theta};
	struct em_run *r = NULL;
	enum em_status st = em_settings_put(&settings, "accelerate", schemes[scheme], err);
	if (!st) /* nobody goes back */
		st = em_settings_put(&settings, "history_memory", "1", err);
	if (!st)
		st = em_run_new(em_model_named(s->problem->model->name), s->problem->data, settings, NULL, &given, NULL, &r, err);
	if (!st)
		st = go(r, most, h, x, err);
	em_run_free(r);
	em_settings_release(settings);
	return st;
}

/* E-steps until the bound is within `near` of the best, for good; 0: never. */
static size_t reached(const struct lane *x, double best, double near)
{
	size_t i = x->count;
	while (i > 0 && x->elbo[i - 1] >= best - near)
		i--;
	return i < x->count ? x->e_steps[i] : 0;
}

static void table(struct buf *b, const struct em_snapshot *s, const struct lane *lane)
{
	double best = -INFINITY;
	bool exact = s->problem->model->exact;
	for (int i = 0; i < SCHEMES; i++)
		if (lane[i].count)
			best = fmax(best, lane[i].elbo[lane[i].count - 1]);
	buf_printf(b, "E-steps until the %s is within so many nats of the best, %s\n\n", exact ? "ELBO (log p at convergence)" : "ELBO",
	           number_fixed(best, 6).s);
	buf_printf(b, "%-10s%8s%8s%8s%8s%8s  %s\n", "", "1", "1e-2", "1e-4", "1e-6", "1e-8", "at the end");
	for (int i = 0; i < SCHEMES; i++) {
		const struct lane *x = lane + i;
		buf_printf(b, "%-10s", titles[i]);
		for (int m = 0; m < MARKS; m++) {
			size_t n = reached(x, best, marks[m]);
			buf_printf(b, "%*s%s", 8 - (int)text_width(n ? number_count(n).s : "–"), "", n ? number_count(n).s : "–");
		}
		buf_printf(b, "  %s after %s E-steps%s", x->count ? number_fixed(x->elbo[x->count - 1], 6).s : "no step",
		           number_count(x->count ? x->e_steps[x->count - 1] : 0).s, x->limited ? ", the limit" : "");
		if (i == 1)
			buf_printf(b, "; %zu leaps taken, %zu refused", x->taken, x->refused);
		buf_puts(b, *x->ended ? ", ended: " : "\n");
		if (*x->ended)
			buf_printf(b, "%s\n", x->ended);
	}
	const struct lane *p = lane, *q = lane + 1;
	double apart = p->count && q->count ? q->elbo[q->count - 1] - p->elbo[p->count - 1] : NAN;
	size_t slow = reached(p, best, 1e-6), fast = reached(q, best, 1e-6);
	if (fabs(apart) > 1e-3 && !p->limited && !q->limited)
		buf_printf(b, "\nThe two ended in different places: SQUAREM's bound is %s nats %s.\n", number_fixed(fabs(apart), 4).s,
		           apart > 0 ? "higher" : "lower");
	else if (slow && fast)
		buf_printf(b, "\nTo 1e-6 nats SQUAREM takes %s times the E-steps of plain EM.\n",
		           number_short((double)fast / (double)slow, 2).s);
}

enum em_status race_run(const struct em_snapshot *s, size_t most, const struct em_hooks *h, char **out, struct em_err *err)
{
	struct lane lane[SCHEMES] = {{0}};
	struct buf b = {0};
	enum em_status st = EM_OK;
	for (int i = 0; i < SCHEMES && !st; i++)
		st = enter(s, i, most, h, lane + i, err);
	if (!st) {
		table(&b, s, lane);
		*out = b.len ? buf_take(&b) : NULL;
	}
	for (int i = 0; i < SCHEMES; i++) {
		free(lane[i].e_steps);
		free(lane[i].elbo);
	}
	buf_free(&b);
	return st;
}
