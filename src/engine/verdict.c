/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading the ledger: has it converged, how fast does it, how much is still to come, and what stands in the way. */
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "elbow/run.h"

const char *em_phase_name(enum em_phase p)
{
	static const char *const names[] = {"init", "E", "M", "e", "m"};
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
		if ((ledger[i].phase == kind && (n == 0 || out[n - 1]->iteration != ledger[i].iteration)) ||
		    (ledger[i].phase == EM_INIT && kind == EM_M))
			out[n++] = ledger + i;
	return n;
}

/* What is to come when the slower of the last two rates holds: one small gain after a large one proves nothing. */
static double worst_case(double gain, double rate, double before)
{
	double slow = fmax(rate, before);
	return slow < 1 ? gain * slow / (1 - slow) : INFINITY;
}

static void say_unfinished(struct em_verdict *v, double gain, bool steady, const char *observation)
{
	char rate[64] = "", capped[96] = "";
	if (isfinite(v->to_come) && steady)
		snprintf(rate, sizeof rate, "rate %.4f, about %s nats to come", v->rate, number_short(v->to_come, 3).s);
	else
		snprintf(rate, sizeof rate, "no steady rate yet");
	if (v->capped)
		snprintf(capped, sizeof capped, "; %s %s%s hit the sweep limit", number_count(v->capped).s, observation,
		         v->capped == 1 ? "" : "s");
	snprintf(v->text, sizeof v->text, "not converged: the last iteration gained %s nats; %s%s", number_short(gain, 3).s,
	         rate, capped);
}

struct em_verdict em_verdict_on(const struct em_entry *ledger, size_t position, double tolerance,
                                const char *observation)
{
	const struct em_entry *end[4] = {NULL};
	struct em_verdict v = {.kind = EM_NOT_CONVERGED, .rate = NAN, .to_come = NAN};
	size_t n = iteration_ends(ledger, position, end, 4);
	for (size_t i = position + 1; i-- > 0;)
		if (ledger[i].phase == EM_E) {
			v.capped = ledger[i].capped;
			break;
		}
	if (ledger[position].decreased && (ledger[position].phase == EM_E || ledger[position].phase == EM_M)) {
		v.kind = EM_DECREASED;
		snprintf(v.text, sizeof v.text, "decreased: step %zu lost %s nats; %s %zu lost most", position,
		         number_short(-ledger[position].gain, 3).s, observation, ledger[position].worst + 1);
		return v;
	}
	if (n < 2) {
		snprintf(v.text, sizeof v.text, "not converged: no iteration is complete yet");
		return v;
	}
	double gain = end[0]->elbo - end[1]->elbo, last = n > 2 ? end[1]->elbo - end[2]->elbo : NAN;
	double rounding = end[0]->allowance, before = NAN;
	if (n > 3)
		before = last / (end[2]->elbo - end[3]->elbo);
	if (gain > 0 && last > 0) {
		v.rate = gain / last;
		if (v.rate < 1)
			v.to_come = gain * v.rate / (1 - v.rate); /* Aitken */
	}
	if (n == 2 && fabs(gain) <= rounding) {
		v.kind = EM_STALLED;
		snprintf(v.text, sizeof v.text,
		         "stalled: nothing moved from the start, a fixed point that may be a saddle; try another seed or init");
	} else if (fabs(gain) <= rounding || (gain > 0 && gain < 1e-3 * tolerance) ||
	           (gain < tolerance && worst_case(gain, v.rate, before) < tolerance)) {
		v.kind = EM_CONVERGED;
		snprintf(v.text, sizeof v.text, "converged: the last iteration gained %s nats, %s are to come (tolerance %s)",
		         number_short(gain, 3).s, isfinite(v.to_come) ? number_short(v.to_come, 3).s : "none above rounding",
		         number_short(tolerance, 3).s);
	} else {
		say_unfinished(&v, gain, fabs(v.rate - before) <= 0.05, observation);
	}
	return v;
}
