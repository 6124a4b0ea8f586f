/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/leap.h"

#include <math.h>

/* E and M from a state that is before E. */
static enum em_status iterate(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                              const struct em_entry *before, const struct em_hooks *h, struct step_result *e,
                              struct step_result *m, struct em_err *err)
{
	*m = (struct step_result){0};
	enum em_status st = step_take(p, evidence, from, before, (struct action){.size = EM_PHASE}, h, e, err);
	return st ? st : step_take(p, evidence, e->state, &e->entry, (struct action){.size = EM_PHASE, .m = true}, h, m, err);
}

static void drop(struct step_result *x)
{
	state_release(x->state);
	x->state = NULL;
}

/* The iteration from where the leap ends, unless the bound there is below what two iterations reached. EM_OK without a state: refused. */
static enum em_status land(const struct em_problem *p, const struct em_evidence *evidence, const double *theta,
                           const struct step_result *two, const struct em_hooks *h, struct step_result *e, struct step_result *m,
                           struct em_err *err)
{
	struct em_err own = {0};
	struct step_result there = {0};
	enum em_status st = step_put(p, evidence, two->state, &two->entry, theta, h, &there, &own);
	if (!st)
		st = step_take(p, evidence, there.state, &there.entry, (struct action){.size = EM_PHASE}, h, e, &own);
	if (!st && e->entry.elbo >= two->entry.elbo)
		st = step_take(p, evidence, e->state, &e->entry, (struct action){.size = EM_PHASE, .m = true}, h, m, &own);
	drop(&there);
	if (st == EM_CANCELLED || st == EM_MEMORY) {
		if (err)
			*err = own;
		return st;
	}
	if (st) /* whatever is wrong there, it is the leap that led to it */
		drop(m);
	return EM_OK;
}

/* An array that has a setting of its name (alpha) stays in the range of that. */
static bool within(const struct em_problem *p, const double *theta)
{
	for (unsigned a = 0; a < p->layout.theta_arrays; a++) {
		const struct em_array *x = p->layout.theta + a;
		const struct em_setting *row = em_settings_row(p->settings, x->name);
		for (size_t i = 0; row && row->type == EM_REAL && x->rank == 1 && i < x->dim[0]; i++)
			if (!(theta[x->offset + i * x->stride[0]] >= row->min && theta[x->offset + i * x->stride[0]] <= row->max))
				return false;
	}
	return true;
}

enum em_status leap_take(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                         const struct em_entry *before, const struct em_hooks *h, struct step_result *out, struct em_err *err)
{
	struct step_result e[3] = {{0}}, m[3] = {{0}};
	struct block *theta = block_new(p->layout.theta_size);
	enum em_status st = theta ? EM_OK : em_no_memory(err);
	double length = NAN;
	*out = (struct step_result){0};
	if (!st)
		st = iterate(p, evidence, from, before, h, e, m, err);
	if (!st)
		st = iterate(p, evidence, m[0].state, &m[0].entry, h, e + 1, m + 1, err);
	if (!st && leap_theta(p, from->theta->v, m[0].state->theta->v, m[1].state->theta->v, theta->v, &length) &&
	    within(p, theta->v))
		st = land(p, evidence, theta->v, m + 1, h, e + 2, m + 2, err);
	if (!st) {
		int end = m[2].state ? 2 : 1;
		*out = m[end];
		m[end].state = NULL;
		struct em_entry *x = &out->entry;
		x->step = before->step + 1;
		x->iteration = before->iteration + 1;
		x->size = EM_ITERATION;
		x->leap = end == 2 ? EM_LEAPT : e[2].entry.step ? EM_LEAP_REFUSED : EM_LEAP_NONE;
		x->leap_length = length;
		x->e_steps = before->e_steps + 2 + (e[2].entry.step > 0);
		x->seconds = 0;
		x->sweeps = 0;
		for (int i = 0; i < 3; i++) {
			x->seconds += e[i].entry.seconds + m[i].entry.seconds;
			x->sweeps += e[i].entry.sweeps;
		}
		x->gain = x->elbo - before->elbo;
		x->decreased = x->gain < -x->allowance;
		step_moved(p, from, out->state, x);
	}
	for (int i = 0; i < 3; i++) {
		drop(e + i);
		drop(m + i);
	}
	block_release(theta);
	return st;
}
