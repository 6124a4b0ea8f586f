/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verdict at length: how fast the run converges, where to, and what still moves. */
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "command/report.h"
#include "elbow/corpus.h"
#include "elbow/match.h"

enum { TOP = 3 };

/* The TOP largest of n; how many there are above 0. */
static size_t largest(const double *v, size_t n, size_t *out)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		size_t at = count;
		if (!(v[i] > 0) || (count == TOP && v[i] <= v[out[TOP - 1]]))
			continue;
		at = count < TOP ? count++ : TOP - 1;
		for (; at > 0 && v[out[at - 1]] < v[i]; at--)
			out[at] = out[at - 1];
		out[at] = i;
	}
	return count;
}

static void say_rate(struct buf *b, const struct em_snapshot *s)
{
	const struct em_verdict *v = &s->verdict;
	const struct em_entry *e = s->ledger + s->position;
	double units = 0;
	for (size_t n = 0; n < s->problem->layout.observations; n++)
		units += s->problem->data->corpus ? s->problem->data->corpus->length[n] : 1;
	if (isnan(v->rate)) {
		buf_puts(b, "rate            unknown yet\n");
		return;
	}
	buf_printf(b, "rate of gains   %s%s\n", number_short(v->rate, 6).s, v->steady ? "" : ", not steady: what follows is no forecast yet");
	if (!isnan(v->missing))
		buf_printf(b, "missing         %s of the information: errors of the parameters shrink by that\n", number_short(v->missing, 6).s);
	if (isnan(v->to_come))
		return;
	buf_printf(b, "to come         %s nats, %s per %s\n", number_short(v->to_come, 4).s, number_short(v->to_come / (units > 0 ? units : 1), 3).s,
	           s->problem->data->corpus ? "token" : s->problem->model->observation);
	buf_printf(b, "limit           %s (Aitken)\n", number_fixed(e->elbo + v->to_come, 6).s);
	if (isfinite(v->iterations))
		buf_printf(b, "iterations      %s more until less than the tolerance is to come\n", number_count((size_t)v->iterations).s);
}

static void say_moved(struct buf *b, const struct em_snapshot *s)
{
	const struct em_problem *p = s->problem;
	size_t k = p->layout.components, n = p->layout.observations, top[TOP];
	double *v = s->position ? malloc((k + n + 1) * sizeof *v) : NULL;
	if (!v)
		return;
	for (size_t i = 0; i < k; i++)
		v[i] = em_component_distance(p, s->theta_before, i, p, s->theta, i);
	size_t count = largest(v, k, top);
	for (size_t i = 0; i < count; i++)
		buf_printf(b, "%s%s %zu by %s", i ? ", " : "moved most      ", p->model->component, top[i] + 1, number_short(v[top[i]], 2).s);
	buf_puts(b, count ? " (Hellinger)\n" : "");
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(s->obs[i].elbo - s->obs_before[i].elbo);
	count = largest(v, n, top);
	for (size_t i = 0; i < count; i++)
		buf_printf(b, "%s%s %zu by %s", i ? ", " : "bounds moved    ", p->model->observation, top[i] + 1,
		           number_short(s->obs[top[i]].elbo - s->obs_before[top[i]].elbo, 2).s);
	buf_puts(b, count ? " nats\n" : "");
	free(v);
}

void report_pace(struct buf *b, const struct em_snapshot *s)
{
	report_verdict(b, s);
	say_rate(b, s);
	if (s->verdict.capped)
		buf_printf(b, "sweep limit     %s %s%s\n", number_count(s->verdict.capped).s, s->problem->model->observation, s->verdict.capped == 1 ? "" : "s");
	say_moved(b, s);
}
