/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/until.h"

/* What the entries of the last iteration gained together. */
static double iteration_gain(const struct em_snapshot *s)
{
	double gain = 0;
	for (size_t i = s->position; i > 0 && s->ledger[i].iteration == s->ledger[s->position].iteration; i--)
		gain += s->ledger[i].gain;
	return gain;
}

bool until_reached(struct em_run *run, const struct condition *c, const struct em_entry *e)
{
	struct em_err err;
	const struct em_snapshot *snap = NULL;
	switch (c->kind) {
	case UNTIL_ITERATION: return (double)e->iteration >= c->value;
	case UNTIL_ELBO: return e->elbo > c->value;
	case UNTIL_KL: return e->kl < c->value;
	case UNTIL_HOLDS: return false; /* told after every entry, elsewhere */
	case UNTIL_GAIN:
	case UNTIL_CONVERGED: break;
	}
	if (em_run_snapshot(run, &snap, &err))
		return true; /* no memory left: a good time to stop */
	bool done = snap->verdict.kind == EM_CONVERGED || snap->verdict.kind == EM_STALLED;
	if (c->kind == UNTIL_GAIN)
		done = iteration_gain(snap) < c->value;
	em_snapshot_release(snap);
	return done;
}
