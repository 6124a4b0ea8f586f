/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run.h"

/* The public struct first, so that one pointer serves both. */
struct held {
	struct em_snapshot pub;
	struct problem *problem;
	struct state *now, *before;
	struct em_entry *ledger;
	struct em_obs *obs, *obs_before;
};

static struct em_obs *observe(const struct state *s, size_t n)
{
	struct em_obs *obs = calloc(n ? n : 1, sizeof *obs);
	const struct em_bound *b = state_bounds(s->bounds);
	const struct em_progress *pr = state_progress(s->progress);
	for (size_t i = 0; obs && i < n; i++)
		obs[i] = (struct em_obs){b[i].elbo,     s->log_p->v[i],
		                         isnan(b[i].kl) ? s->log_p->v[i] - b[i].elbo : b[i].kl,
		                         pr[i].sweeps,  pr[i].done,
		                         pr[i].capped,
		                         s->guess ? state_guess(s->guess)[i] : (struct em_guess){.log_p = NAN}};
	return obs;
}

static void held_free(struct held *x)
{
	free(x->ledger);
	if (x->obs_before != x->obs)
		free(x->obs_before);
	free(x->obs);
	state_release(x->now);
	state_release(x->before);
	problem_release(x->problem);
	free(x);
}

static void fill(const struct em_run *r, struct held *x)
{
	const struct state *now = x->now, *before = x->before ? x->before : x->now;
	struct em_snapshot *s = &x->pub;
	*s = (struct em_snapshot){
	    .problem = &x->problem->p,
	    .ledger = x->ledger,
	    .entries = r->count,
	    .position = r->position,
	    .theta = now->theta->v,
	    .theta_made = now->made->v,
	    .theta_before = before->theta->v,
	    .q = now->q->v,
	    .q_before = before->q->v,
	    .stats = now->stats ? now->stats->v : NULL,
	    .mass = now->mass ? now->mass->v : NULL,
	    .obs = x->obs,
	    .obs_before = x->obs_before,
	    .next_m = now->next_m,
	    .inside = now->inside,
	    .next_unit = now->cursor,
	    .seed = r->seed,
	};
	s->verdict = em_verdict_on(x->ledger, r->position, em_settings_number(s->problem->settings, "tolerance"),
	                           s->problem->model->observation);
	em_verdict_doubt(&s->verdict, s->problem, s->theta);
	if (r->broken) {
		s->verdict.kind = r->broken;
		snprintf(s->verdict.text, sizeof s->verdict.text, "%s: %.*s", em_verdict_word(r->broken), (int)sizeof r->breach, r->breach);
	}
}

const double *em_snapshot_made(const struct em_snapshot *s, size_t n)
{
	return s->inside && !s->next_m && s->obs[n].sweeps > 0 ? s->theta : s->theta_made;
}

enum em_status em_run_snapshot(struct em_run *r, const struct em_snapshot **out, struct em_err *err)
{
	struct held *x = calloc(1, sizeof *x);
	if (!x)
		return em_no_memory(err);
	size_t n = r->problem->p.layout.observations;
	x->problem = problem_retain(r->problem);
	x->now = state_retain(r->now);
	x->before = state_retain(r->before);
	x->ledger = calloc(r->count, sizeof *x->ledger);
	x->obs = observe(r->now, n);
	x->obs_before = r->before ? observe(r->before, n) : x->obs;
	if (!x->ledger || !x->obs || !x->obs_before) {
		held_free(x);
		return em_no_memory(err);
	}
	for (size_t i = 0; i < r->count; i++)
		x->ledger[i] = r->records[i].entry;
	fill(r, x);
	*out = &x->pub;
	return EM_OK;
}

void em_snapshot_release(const struct em_snapshot *s)
{
	if (s)
		held_free((struct held *)(void *)(uintptr_t)s);
}
