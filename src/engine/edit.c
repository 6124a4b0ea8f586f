/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A change of θ or q from outside, as a ledger entry of its own: between phases only, so that q is whole before and after it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run.h"

static const struct em_array *find(const struct em_problem *p, const char *name, bool *q)
{
	const struct em_layout *l = &p->layout;
	*q = false;
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, name) == 0)
			return l->theta + i;
	*q = true;
	for (unsigned i = 0; i < l->q_arrays; i++)
		if (strcmp(l->q[i].name, name) == 0)
			return l->q + i;
	return NULL;
}

static enum em_status allowed(const struct em_run *r, const struct em_edit *edit, const struct em_array *a, bool q, struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	if (!a)
		return em_fail(err, EM_USAGE, "no array %s of θ or q to change", edit->array);
	for (unsigned d = 0; d < a->rank; d++)
		if (edit->at[d] >= a->dim[d])
			return em_fail(err, EM_USAGE, "%s: index %u is from 1 to %zu, not %zu", a->name, d + 1, a->dim[d], edit->at[d] + 1);
	if (q && (p->model->blank || a->constraint == EM_FREE))
		return em_fail(err, EM_USAGE, "%s: this model makes q anew from θ; change θ", a->name);
	if (r->now->inside)
		return em_fail(err, EM_USAGE, "%s: not in the middle of a phase; end it first (next)", a->name);
	double v = edit->value;
	bool share = a->constraint == EM_SIMPLEX_ROWS || a->constraint == EM_PROBABILITY;
	if (!isfinite(v) || (share && !(v >= 0 && v <= 1)) || (a->constraint == EM_POSITIVE && !(v > 0)))
		return em_fail(err, EM_USAGE, "%s: %.6g is not %s", a->name, v, share ? "from 0 to 1" : a->constraint == EM_POSITIVE ? "positive" : "finite");
	return EM_OK;
}

static double *element(const struct em_array *a, double *v, const size_t at[3])
{
	size_t offset = a->offset;
	for (unsigned d = 0; d < a->rank; d++)
		offset += at[d] * a->stride[d];
	return v + offset;
}

/* The others of its row share what is left in the proportions they had; alike where they had nothing. */
static enum em_status scale_row(const struct em_array *a, double *v, const struct em_edit *edit, struct em_err *err)
{
	unsigned last = a->rank - 1;
	size_t at[3] = {edit->at[0], edit->at[1], edit->at[2]}, n = a->dim[last];
	double rest = 0, left = 1 - edit->value;
	for (at[last] = 0; at[last] < n; at[last]++)
		rest += at[last] == edit->at[last] ? 0 : *element(a, v, at);
	if (n == 1 && left != 0)
		return em_fail(err, EM_USAGE, "%s: a row of one number is 1", a->name);
	for (at[last] = 0; at[last] < n; at[last]++)
		if (at[last] != edit->at[last])
			*element(a, v, at) = rest > 0 ? *element(a, v, at) / rest * left : left / (double)(n - 1);
	return EM_OK;
}

static enum em_status apply(const struct em_array *a, double *v, const struct em_edit *edit, struct em_err *err)
{
	if (a->constraint == EM_SIMPLEX_ROWS) {
		enum em_status st = scale_row(a, v, edit, err);
		if (st)
			return st;
	}
	*element(a, v, edit->at) = edit->value;
	if (a->constraint == EM_POSITIVE_DEFINITE) { /* and so symmetric */
		size_t mirror[3] = {edit->at[0], edit->at[1], edit->at[2]};
		unsigned i = a->rank - 2;
		mirror[i] = edit->at[i + 1];
		mirror[i + 1] = edit->at[i];
		*element(a, v, mirror) = edit->value;
	}
	return EM_OK;
}

/* What the array's constraint cannot say: the model's own checks, and that nothing completed away what was asked for. */
static enum em_status check_theta(const struct em_problem *p, const struct em_array *a, const struct em_edit *edit, double *theta,
                                  struct em_err *err)
{
	if (p->model->complete)
		p->model->complete(p, theta);
	enum em_status st = p->model->check(p, theta, err);
	if (st)
		return st == EM_INPUT ? EM_USAGE : st;
	double is = *element(a, theta, edit->at);
	if (fabs(is - edit->value) > 1e-9 * fabs(edit->value))
		return em_fail(err, EM_USAGE, "%s: the settings of this run hold it at %.6g", a->name, is);
	return EM_OK;
}

static enum em_status make(const struct em_run *r, const struct em_array *a, bool q, const struct em_edit *edit,
                           const struct em_hooks *h, struct step_result *out, struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	const struct em_entry *before = &r->records[r->position].entry;
	struct block *b = block_copy(q ? r->now->q : r->now->theta);
	if (!b)
		return em_no_memory(err);
	double was = *element(a, b->v, edit->at);
	enum em_status st = apply(a, b->v, edit, err);
	if (!st && !q)
		st = check_theta(p, a, edit, b->v, err);
	/* What was possible may be so no longer, and q may have it still: where q comes from a θ, it comes from this one. */
	bool zero = (a->constraint == EM_SIMPLEX_ROWS || a->constraint == EM_PROBABILITY) && (edit->value == 0 || edit->value == 1);
	if (!st && q)
		st = step_put_q(p, r->now, before, b->v, h, out, err);
	else if (!st && !zero)
		st = step_put(p, r->evidence, r->now, before, b->v, h, out, err);
	else if (!st)
		st = step_put_made(p, r->evidence, r->now, before, b->v, h, out, err);
	block_release(b);
	if (st)
		return st;
	struct em_entry *e = &out->entry;
	if (!isfinite(e->elbo)) {
		state_release(out->state);
		return em_fail(err, EM_USAGE, "%s: this makes impossible what q takes for possible, and the ELBO %.3g; a small number instead of 0, "
		               "or an E-step and a change of q first", a->name, e->elbo);
	}
	e->was = was;
	e->moved = fabs(edit->value - was);
	e->moved_array = a->name;
	memcpy(e->moved_at, edit->at, sizeof e->moved_at);
	return EM_OK;
}

enum em_status em_run_edit(struct em_run *r, const struct em_edit *edit, const struct em_hooks *h, struct em_err *err)
{
	bool q;
	const struct em_array *a = find(&r->problem->p, edit->array, &q);
	const struct em_entry before = r->records[r->position].entry;
	struct step_result done;
	enum em_status st = allowed(r, edit, a, q, err);
	if (!st)
		st = make(r, a, q, edit, h, &done, err);
	if (st)
		return st;
	struct em_entry *e = &done.entry;
	e->step = before.step + 1;
	e->phase = EM_EDIT;
	e->size = EM_UNIT;
	e->unit = e->active = e->capped = 0;
	e->sweeps = 0;
	e->leap = EM_LEAP_NO;
	e->gain = e->elbo - before.elbo;
	e->worst_gain = NAN;
	e->decreased = false;
	e->became = edit->value;
	st = check_entry(&r->problem->p, r->now, done.state, e, err);
	if (!st)
		st = run_append(r, &done, err);
	else
		state_release(done.state);
	if (!st && h && h->stepped)
		h->stepped(h->self, em_run_entry(r));
	return st;
}
