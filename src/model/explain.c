/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a step of a model with an exact E-step did, in words, with the step's own numbers. */
#include <math.h>

#include "base/buf.h"
#include "base/number.h"
#include "elbow/run.h"
#include "model/mixture.h"

/* A parameter that moves by no more has come to rest. */
#define FIXED 1e-9

static int decimals(double x)
{
	double size = fabs(x);
	return !isfinite(x) || size >= 10 ? 2 : size >= 0.1 ? 4 : size >= 1e-4 ? 6 : 9;
}

bool exact_monotone(const struct em_problem *p)
{
	(void)p;
	return true;
}

static void sentence_start(const struct em_problem *p, const struct em_entry *now, struct buf *b)
{
	const struct em_model *m = p->model;
	if (fabs(now->kl) <= now->allowance) { /* one component, or a q from a state file */
		buf_printf(b, "The start: %zu %s%s, and a q that is the posterior already: log p %s = ELBO, KL is 0. The next E-step will "
		              "find nothing to move; the M-step will.",
		           p->layout.components, m->component, p->layout.components == 1 ? "" : "s",
		           number_fixed(now->log_evidence, 4).s);
		return;
	}
	buf_printf(b, "The start: %zu %s%s, and a q that %s. log p %s = ELBO %s + KL %s. "
	              "The first E-step makes q the posterior under these parameters: KL falls to 0 and the ELBO rises to log p; "
	              "θ waits.",
	           p->layout.components, m->component, p->layout.components == 1 ? "" : "s",
	           m->picture == EM_PICTURE_FACTORS ? "knows nothing of the data: the prior N(0, I)"
	                                            : "takes everything possible for equally likely",
	           number_fixed(now->log_evidence, 4).s, number_fixed(now->elbo, 4).s,
	           number_fixed(now->kl, decimals(now->kl)).s);
}

static void sentence_e(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, struct buf *b)
{
	double gain = now->gain;
	if (now->phase == EM_E)
		buf_printf(b, "E-step %zu: q is now the posterior of every %s. ", now->iteration, p->model->observation);
	else
		buf_printf(b, "%s %zu: its q is now its posterior; the others wait. ", p->model->observation, now->unit + 1);
	buf_printf(b, "θ did not move, so log p stayed at %s. ", number_fixed(now->log_evidence, decimals(gain)).s);
	if (fabs(gain) <= now->allowance)
		buf_puts(b, "q was the posterior already: nothing moved.");
	else if (now->phase == EM_E)
		buf_printf(b, "KL fell %s → 0 and the ELBO rose by the same %s, up to log p: the bound touches.",
		           number_fixed(before->kl, decimals(gain)).s, number_fixed(gain, decimals(gain)).s);
	else
		buf_printf(b, "KL fell %s → %s and the ELBO rose by the same %s.", number_fixed(before->kl, decimals(gain)).s,
		           number_fixed(now->kl, decimals(gain)).s, number_fixed(gain, decimals(gain)).s);
}

static void sentence_m(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, struct buf *b)
{
	double gain = now->gain, opened = now->kl - before->kl;
	const char *name = p->model->block(p, (unsigned)now->unit);
	if (now->phase == EM_M)
		buf_printf(b, "M-step %zu: θ maximizes the bound for this q. ", now->iteration);
	else
		buf_printf(b, "One block of M-step %zu, %s, maximizes the bound for this q. ", now->iteration, name ? name : "θ");
	if (fabs(gain) <= now->allowance && fabs(opened) <= now->allowance) {
		buf_printf(b, "%s[%zu] moved most, by %s: ", now->moved_array, now->moved_at[0] + 1, number_short(now->moved, 3).s);
		buf_puts(b, now->moved <= FIXED ? "θ stands at a fixed point, of this q and so of EM."
		                                : "the bound moved by less than rounding, as it does near a maximum; θ still moves.");
		return;
	}
	buf_printf(b, "The ELBO rose by %s; ", number_fixed(gain, decimals(gain)).s);
	bool whole = now->phase == EM_M && before->phase == EM_E;
	buf_printf(b, whole ? "q is not the posterior of the new θ any more, so KL opened %s → %s; together log p %s by %s."
	                    : "KL went %s → %s, for the posterior moved and q did not; together log p %s by %s.",
	           number_fixed(before->kl, decimals(opened)).s, number_fixed(now->kl, decimals(opened)).s,
	           gain + opened < 0 ? "fell" : "rose", number_fixed(fabs(gain + opened), decimals(gain + opened)).s);
	if (!whole && gain + opened < -now->allowance)
		buf_puts(b, " From one block to the next it may: EM promises it from E-step to E-step.");
}

void exact_explain(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out,
                   size_t size)
{
	struct buf b = {0};
	if (now->phase == EM_INIT || !before)
		sentence_start(p, now, &b);
	else if (now->phase == EM_E || now->phase == EM_E_PART)
		sentence_e(p, before, now, &b);
	else
		sentence_m(p, before, now, &b);
	buf_copy(&b, out, size);
	buf_free(&b);
}
