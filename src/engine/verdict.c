/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading the ledger: has it converged, how fast does it, how much is still to come, and what stands in the way. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "elbow/run.h"

enum { ENDS = 6 };

const char *em_verdict_word(enum em_verdict_kind kind)
{
	static const char *const words[] = {
	    [EM_NOT_CONVERGED] = "still moving", [EM_CONVERGED] = "converged", [EM_STALLED] = "stalled", [EM_DECREASED] = "fell",
	    [EM_LIMIT] = "hit a limit",          [EM_STUCK] = "broken",        [EM_BROKEN] = "broken"};
	return words[kind];
}

const char *em_phase_name(enum em_phase p)
{
	static const char *const names[] = {"init", "E", "M", "e", "m", "edit"};
	return names[p];
}

/* The ELBO at the ends of the last iterations: newest first. An iteration ends with an M; the newest may be an E. Of a
 * phase made again by name the last one counts: what the second E-step in a row gains says nothing about convergence. */
static size_t iteration_ends(const struct em_entry *ledger, size_t position, const struct em_entry **out, size_t max)
{
	size_t n = 0;
	enum em_phase kind = EM_M;
	for (size_t i = position + 1; i-- > 0;) /* the last whole phase says which ends to compare */
		if (ledger[i].phase == EM_E || ledger[i].phase == EM_M) {
			kind = ledger[i].phase;
			break;
		}
	for (size_t i = position + 1; i-- > 0 && n < max;)
		if (ledger[i].phase == EM_EDIT) { /* what came before a change from outside says nothing about now */
			if (kind == EM_M)
				out[n++] = ledger + i;
			break;
		} else if ((ledger[i].phase == kind && (n == 0 || out[n - 1]->iteration != ledger[i].iteration)) ||
		    (ledger[i].phase == EM_INIT && kind == EM_M))
			out[n++] = ledger + i;
	return n;
}

/* The ratio of successive gains. Where there are enough of them it is taken over four, for LDA's gains jump when documents
 * change their optimum; newer and older are its two halves, to see whether it holds. NAN where unknown. */
struct pace {
	double rate, newer, older;
};

static double ratio(double new, double old, double steps)
{
	return new > 0 && old > 0 ? pow(new / old, 1 / steps) : NAN;
}

static struct pace pace_of(const struct em_entry *const *end, size_t n)
{
	struct pace p = {NAN, NAN, NAN};
	double gain[ENDS];
	for (size_t i = 0; i + 1 < n; i++)
		gain[i] = end[i]->elbo - end[i + 1]->elbo;
	if (n == ENDS) {
		p.rate = ratio(gain[0], gain[4], 4);
		p.newer = ratio(gain[0], gain[2], 2);
		p.older = ratio(gain[2], gain[4], 2);
	} else if (n > 2) {
		p.rate = p.newer = ratio(gain[0], gain[1], 1);
		if (n > 3)
			p.older = ratio(gain[1], gain[2], 1);
	}
	return p;
}

/* What is to come when the slower of the last rates holds: one small gain after a large one proves nothing. */
static double worst_case(double gain, const struct pace *p)
{
	double slow = fmax(p->rate, fmax(p->newer, p->older));
	return slow < 1 ? gain * slow / (1 - slow) : INFINITY;
}

static void say_unfinished(struct em_verdict *v, double gain, const struct pace *p, const char *observation)
{
	char rate[128] = "no steady rate yet", capped[96] = "";
	double low = fmin(p->newer, p->older), high = fmax(p->newer, p->older);
	if (isfinite(v->to_come) && !isnan(p->older) && fabs(high - low) <= 0.01) /* two gains alone forecast nothing */
		snprintf(rate, sizeof rate, "rate %.4f; if it holds, about %s nats to come", v->rate, number_short(v->to_come, 3).s);
	else if (isfinite(v->to_come) && !isnan(p->older) && high < 1)
		snprintf(rate, sizeof rate, "rate %.2f to %.2f; if they hold, %s to %s nats to come", low, high,
		         number_short(gain * low / (1 - low), 2).s, number_short(gain * high / (1 - high), 2).s);
	if (v->capped)
		snprintf(capped, sizeof capped, "; %s %s%s hit the sweep limit", number_count(v->capped).s, observation,
		         v->capped == 1 ? "" : "s");
	snprintf(v->text, sizeof v->text, "still moving: the last iteration gained %s nats; %s%s", number_short(gain, 3).s,
	         rate, capped);
}

struct em_verdict em_verdict_on(const struct em_entry *ledger, size_t position, double tolerance,
                                const char *observation)
{
	const struct em_entry *end[ENDS] = {NULL};
	struct em_verdict v = {.kind = EM_NOT_CONVERGED, .rate = NAN, .to_come = NAN, .missing = NAN, .iterations = NAN};
	size_t n = iteration_ends(ledger, position, end, ENDS);
	for (size_t i = position + 1; i-- > 0;)
		if (ledger[i].phase == EM_E) {
			v.capped = ledger[i].capped;
			break;
		}
	if (ledger[position].decreased && (ledger[position].phase == EM_E || ledger[position].phase == EM_M)) {
		v.kind = EM_DECREASED;
		snprintf(v.text, sizeof v.text, "fell: step %zu lost %s nats; %s %zu lost most", position,
		         number_short(-ledger[position].gain, 3).s, observation, ledger[position].worst + 1);
		return v;
	}
	if (n < 2) {
		snprintf(v.text, sizeof v.text, "still moving: no iteration is complete yet");
		return v;
	}
	double gain = end[0]->elbo - end[1]->elbo, rounding = end[0]->allowance, worst;
	struct pace pace = pace_of(end, n);
	for (size_t i = 0; i < n; i++)
		if (end[i]->leap) /* macro steps have no steady rate */
			pace = (struct pace){NAN, NAN, NAN};
	worst = worst_case(gain, &pace);
	v.rate = pace.rate;
	v.missing = v.rate >= 0 && v.rate < 1 ? sqrt(v.rate) : NAN;
	v.steady = fabs(pace.newer - pace.older) <= 0.01;
	if (gain > 0 && v.rate < 1)
		v.to_come = gain * v.rate / (1 - v.rate); /* Aitken */
	if (v.to_come > 0)
		v.iterations = v.to_come <= tolerance ? 0 : ceil(log(tolerance / v.to_come) / log(v.rate));
	if (gain < -2 * rounding) { /* each of its two steps may lose to rounding */
		v.kind = EM_DECREASED;
		snprintf(v.text, sizeof v.text, "fell: the last iteration lost %s nats", number_short(-gain, 3).s);
	} else if (n == 2 && fabs(gain) <= rounding) {
		v.kind = EM_STALLED;
		snprintf(v.text, sizeof v.text,
		         "stalled: nothing moved from the start, a fixed point that may be a saddle; try another seed or init");
	} else if (fabs(gain) <= rounding || (gain > 0 && gain < 1e-3 * tolerance && !(isfinite(worst) && worst >= tolerance)) ||
	           (gain < tolerance && worst < tolerance)) {
		v.kind = EM_CONVERGED;
		double rest = fabs(gain) <= rounding ? NAN : worst;
		if (isfinite(rest))
			snprintf(v.text, sizeof v.text, "converged: the last iteration gained %s nats; at the slowest of the last rates %s are to come "
			         "(tolerance %s)", number_short(gain, 3).s, number_short(rest, 3).s, number_short(tolerance, 3).s);
		else
			snprintf(v.text, sizeof v.text, "converged: the last iteration gained %s nats, %s (tolerance %s)", number_short(gain, 3).s,
			         fabs(gain) <= rounding ? "nothing beyond rounding" : "far below the tolerance", number_short(tolerance, 3).s);
	} else {
		say_unfinished(&v, gain, &pace, observation);
	}
	return v;
}

/* What tells a component from another: not how often it comes up, nor what state comes after it. */
static bool tells_apart(const struct em_array *a, size_t components)
{
	if (strcmp(a->name, "transitions") == 0)
		return false;
	return a->rank > 1 || (a->rank == 1 && a->constraint != EM_SIMPLEX_ROWS && a->dim[0] == components && components > 1);
}

static bool same(const struct em_array *a, const double *theta, size_t i, size_t j)
{
	const double *x = theta + a->offset + i * a->stride[0], *y = theta + a->offset + j * a->stride[0];
	for (size_t r = 0; r < (a->rank > 1 ? a->dim[1] : 1); r++)
		for (size_t c = 0; c < (a->rank > 2 ? a->dim[2] : 1); c++) {
			size_t at = (a->rank > 1 ? r * a->stride[1] : 0) + (a->rank > 2 ? c * a->stride[2] : 0);
			if (!(fabs(x[at] - y[at]) <= 1e-9 * (fabs(x[at]) + fabs(y[at]))))
				return false;
		}
	return true;
}

static bool alike(const struct em_problem *p, const double *theta, size_t i, size_t j)
{
	const struct em_layout *l = &p->layout;
	bool any = false;
	for (unsigned a = 0; a < l->theta_arrays; a++)
		if (l->theta[a].dim[0] == l->components && tells_apart(l->theta + a, l->components)) {
			any = true;
			if (!same(l->theta + a, theta, i, j))
				return false;
		}
	return any;
}

void em_verdict_doubt(struct em_verdict *v, const struct em_problem *p, const double *theta)
{
	size_t k = p->layout.components;
	if (v->kind != EM_CONVERGED && v->kind != EM_STALLED)
		return;
	for (size_t i = 0; i < k; i++)
		for (size_t j = i + 1; j < k; j++)
			if (alike(p, theta, i, j)) {
				v->kind = EM_STALLED;
				snprintf(v->text, sizeof v->text,
				         "stalled: %ss %zu and %zu are the same, and EM keeps them so: a saddle, unless %zu are "
				         "more than the data need; start them apart (set seed)",
				         p->model->component, i + 1, j + 1, k);
				return;
			}
}
