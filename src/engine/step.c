/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/step.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/sum.h"
#include "engine/pass.h"

static double clock_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What belongs to theta and to no observation. */
static double global_terms(const struct em_problem *p, const double *theta, double *terms)
{
	return p->model->global ? p->model->global(p, theta, terms) : 0;
}

/* The bounds of all observations as the entry's ELBO and terms; also the sum of sizes, for the rounding allowance. */
static void total_bounds(const struct em_problem *p, const struct state *s, struct em_entry *e)
{
	const struct em_bound *b = state_bounds(s->bounds);
	struct sum elbo = {0}, term[EM_TERMS] = {{0}};
	double size = 0;
	for (size_t n = 0; n < p->layout.observations; n++) {
		sum_add(&elbo, b[n].elbo);
		for (size_t i = 0; i < p->layout.terms; i++) {
			sum_add(&term[i], b[n].terms[i]);
			size += fabs(b[n].terms[i]);
		}
	}
	e->elbo = sum_of(&elbo);
	for (size_t i = 0; i < p->layout.terms; i++)
		e->terms[i] = sum_of(&term[i]);
	double own[EM_TERMS] = {0};
	e->elbo += global_terms(p, s->theta->v, own);
	for (size_t i = 0; i < p->layout.terms; i++) {
		e->terms[i] += own[i];
		size += fabs(own[i]);
	}
	e->allowance = 1e-9 + 1e-12 * size;
}

static void split(const struct em_problem *p, struct em_entry *e)
{
	e->energy = e->entropy = 0;
	for (size_t i = 0; i < p->layout.terms; i++)
		*(p->model->terms[i].entropy ? &e->entropy : &e->energy) += e->terms[i];
}

static void total_evidence(const struct em_problem *p, const struct state *s, struct em_entry *e)
{
	struct sum sum = {0};
	bool all = true;
	for (size_t n = 0; n < p->layout.observations; n++) {
		all &= !isnan(s->log_p->v[n]);
		sum_add(&sum, s->log_p->v[n]);
	}
	e->evidence = all ? EM_EVIDENCE_EXACT : EM_EVIDENCE_NONE;
	e->log_evidence = all ? sum_of(&sum) : NAN;
	e->log_evidence_se = all ? 0 : NAN;
}

/* By its own definition where the model has it, so that the identity is a check and not a tautology. */
static void total_kl(const struct em_problem *p, const struct state *s, struct em_entry *e)
{
	const struct em_bound *b = state_bounds(s->bounds);
	struct sum kl = {0};
	for (size_t n = 0; n < p->layout.observations; n++)
		sum_add(&kl, b[n].kl);
	e->kl = p->model->exact ? sum_of(&kl) : e->log_evidence - e->elbo;
	if (p->model->exact && fabs(e->kl) <= 1e-5 * e->allowance) /* the last bits of sums that cancel to 0 */
		e->kl = 0;
}

/* The largest change of an element between two blocks, through the arrays that name it. */
static void find_moved(const struct em_array *arrays, unsigned count, const double *a, const double *b,
                       struct em_entry *e)
{
	e->moved = 0;
	e->moved_array = count ? arrays[0].name : "";
	for (unsigned i = 0; i < count; i++) {
		const struct em_array *r = arrays + i;
		size_t d0 = r->dim[0], d1 = r->rank > 1 ? r->dim[1] : 1, d2 = r->rank > 2 ? r->dim[2] : 1;
		for (size_t x = 0; x < d0; x++)
			for (size_t y = 0; y < d1; y++)
				for (size_t z = 0; z < d2; z++) {
					size_t at = r->offset + x * r->stride[0] + y * r->stride[1] + z * r->stride[2];
					double d = fabs(a[at] - b[at]);
					if (d > e->moved) {
						e->moved = d;
						e->moved_array = r->name;
						memcpy(e->moved_at, (size_t[]){x, y, z}, sizeof e->moved_at);
					}
				}
	}
}

static enum em_status derive(const struct em_problem *p, const double *now, const double *made, struct block **out,
                             struct em_err *err)
{
	*out = block_new(p->layout.derived_size);
	if (!*out)
		return em_no_memory(err);
	p->model->derive(p, now, made, (*out)->v);
	return EM_OK;
}

/* Bounds (and statistics) of every observation for q as it stands; an E phase that has just ended, or the start. Twice
 * where the model can only now say what its statistics are best taken about. */
static enum em_status gather(const struct em_problem *p, struct state *s, const struct pass *moves, double *derived,
                             const struct em_hooks *h, struct em_err *err)
{
	struct pass x = *moves;
	state_put(&s->stats, block_new(p->layout.stats_size));
	state_put(&s->mass, block_new(p->layout.components));
	if (!s->stats || !s->mass)
		return em_no_memory(err);
	x.stats = s->stats->v;
	enum em_status st = pass_run(&x, h, err);
	if (!st && p->model->again && p->model->again(p, s->stats->v, derived)) {
		memset(s->stats->v, 0, p->layout.stats_size * sizeof(double));
		x.budget = 0;
		st = pass_run(&x, h, err);
	}
	if (!st)
		p->model->masses(p, s->stats->v, s->mass->v);
	return st;
}

/* log p of every observation under theta: from the bounds, or by the method at hand. */
static enum em_status take_evidence(const struct em_problem *p, struct state *s, const struct em_evidence *evidence,
                                    const struct em_hooks *h, struct em_err *err)
{
	if (!p->model->exact)
		return pass_evidence(p, s->theta->v, evidence, s->log_p->v, h, err);
	for (size_t n = 0; n < p->layout.observations; n++)
		s->log_p->v[n] = state_bounds(s->bounds)[n].log_p;
	return EM_OK;
}

/* A q from outside must keep its arrays' constraints, as far as one element shows them. */
static enum em_status check_given_q(const struct em_problem *p, const double *q, struct em_err *err)
{
	for (unsigned i = 0; i < p->layout.q_arrays; i++) {
		const struct em_array *a = p->layout.q + i;
		size_t d1 = a->rank > 1 ? a->dim[1] : 1;
		for (size_t x = 0; x < a->dim[0]; x++)
			for (size_t y = 0; y < d1; y++) {
				double v = q[a->offset + x * a->stride[0] + y * a->stride[1]];
				if (!isfinite(v) || (a->constraint == EM_POSITIVE && v <= 0) ||
				    (a->constraint == EM_SIMPLEX_ROWS && v < 0))
					return em_fail(err, EM_INPUT, "%s[%zu][%zu] is %g; it must be finite and %s", a->name, x + 1,
					               y + 1, v, a->constraint == EM_POSITIVE ? "positive" : "not negative");
			}
	}
	return EM_OK;
}

/* The part of a row of responsibilities on components that cannot give the observation is taken off: rounding of a file may
 * have made 1 of a probability that was not quite. possible: above 0 where one can. */
static enum em_status trim(size_t n, size_t k, const double *possible, double *q, struct em_err *err)
{
	double left = 0, lost = 0;
	for (size_t i = 0; i < k; i++)
		*(possible[i] > 0 ? &left : &lost) += q[i];
	if (!(lost > 0))
		return EM_OK;
	if (lost > 1e-9 * (left + lost))
		return em_fail(err, EM_INPUT, "responsibilities[%zu] gives %g to components that cannot have produced it; give it to those "
		               "that can, or leave q out", n + 1, lost);
	for (size_t i = 0; i < k; i++)
		q[i] = possible[i] > 0 ? q[i] * ((left + lost) / left) : 0;
	return EM_OK;
}

static enum em_status start_q(const struct em_problem *p, const struct em_theta *t, const struct em_given *given,
                              double *q, struct em_err *err)
{
	const struct em_layout *l = &p->layout;
	enum em_status st = EM_OK;
	bool theirs = given && given->q, mixture = p->model->family != NULL;
	if (theirs) {
		memcpy(q, given->q, l->observations * l->q_stride * sizeof(double));
		st = check_given_q(p, q, err);
	}
	if (st || (theirs && !mixture))
		return st;
	struct block *work = block_new(l->work_size), *start = block_new(l->q_stride);
	if (!work || !start)
		st = em_no_memory(err);
	for (size_t n = 0; !st && n < l->observations; n++) {
		p->model->start(p, t, n, theirs ? start->v : q + n * l->q_stride, work->v);
		if (theirs)
			st = trim(n, l->components, start->v, q + n * l->q_stride, err);
	}
	block_release(work);
	block_release(start);
	return st;
}

/* A theta that a given q was made with: as good as any theta, or what `blank` makes of one, which need not sum to 1. */
static enum em_status check_given_made(const struct em_problem *p, const double *made, struct em_err *err)
{
	if (!p->model->blank)
		return p->model->check(p, made, err);
	for (unsigned i = 0; i < p->layout.theta_arrays; i++) {
		const struct em_array *a = p->layout.theta + i;
		size_t d1 = a->rank > 1 ? a->dim[1] : 1;
		for (size_t x = 0; x < a->dim[0]; x++)
			for (size_t y = 0; y < d1; y++) {
				double v = made[a->offset + x * a->stride[0] + (a->rank > 1 ? y * a->stride[1] : 0)];
				bool free = a->constraint == EM_FREE;
				if (!isfinite(v) || (!free && v < 0) || (a->constraint == EM_POSITIVE && !(v > 0)))
					return em_fail(err, EM_INPUT, "made.%s[%zu][%zu] is %g; it must be finite%s", a->name, x + 1, y + 1, v,
					               free ? "" : " and not negative");
			}
	}
	return EM_OK;
}

static struct block *made_at_start(const struct em_problem *p, const struct em_given *given, struct block *theta)
{
	bool theirs = given && given->q && given->made;
	if (!theirs && (!p->model->blank || (given && given->q)))
		return block_retain(theta);
	struct block *made = block_copy(theta);
	if (!made)
		return NULL;
	if (!theirs)
		p->model->blank(p, made->v);
	else
		memcpy(made->v, given->made, p->layout.theta_size * sizeof(double));
	if (theirs && p->model->complete)
		p->model->complete(p, made->v);
	block_seal(made);
	return made;
}

enum em_status step_start(const struct em_problem *p, const struct em_evidence *evidence,
                          const struct em_given *given, uint64_t seed, const struct em_hooks *h,
                          struct step_result *out, struct em_err *err)
{
	const struct em_layout *l = &p->layout;
	double begun = clock_now();
	enum em_status st = EM_MEMORY;
	struct block *derived = NULL;
	struct state *s = state_new();
	*out = (struct step_result){0};
	if (!s || !(s->theta = block_new(l->theta_size)) || !(s->q = block_new(l->observations * l->q_stride)) ||
	    !(s->bounds = block_of_bounds(l->observations)) || !(s->log_p = block_new(l->observations)) ||
	    !(s->progress = block_of_progress(l->observations))) {
		em_no_memory(err);
		goto fail;
	}
	if (given && given->theta) {
		memcpy(s->theta->v, given->theta, l->theta_size * sizeof(double));
		if (p->model->complete)
			p->model->complete(p, s->theta->v);
		st = p->model->check(p, s->theta->v, err);
	} else {
		st = p->model->init(p, seed, s->theta->v, err);
	}
	if (st)
		goto fail;
	block_seal(s->theta);
	if (!(s->made = made_at_start(p, given, s->theta))) {
		st = em_no_memory(err);
		goto fail;
	}
	if (s->made != s->theta && given && given->made && (st = check_given_made(p, s->made->v, err)))
		goto fail;
	if ((st = derive(p, s->theta->v, s->made->v, &derived, err)))
		goto fail;
	struct em_theta t = {s->theta->v, s->made->v, derived->v, false};
	if ((st = start_q(p, &t, given, s->q->v, err)))
		goto fail;
	struct pass x = {.p = p, .t = &t, .what = "start", .q = s->q->v, .bounds = state_bounds(s->bounds)};
	if ((st = gather(p, s, &x, derived->v, h, err)) || (st = take_evidence(p, s, evidence, h, err)))
		goto fail;
	struct em_entry *e = &out->entry;
	e->phase = EM_INIT;
	e->size = EM_PHASE;
	e->gain = e->worst_gain = e->log_p_change = e->log_p_change_se = NAN;
	e->moved_array = "";
	total_bounds(p, s, e);
	split(p, e);
	total_evidence(p, s, e);
	total_kl(p, s, e);
	e->seconds = clock_now() - begun;
	if ((st = check_entry(p, NULL, s, e, err)))
		goto fail;
	block_release(derived);
	out->state = s;
	return EM_OK;
fail:
	block_release(derived);
	state_release(s);
	return st;
}

/* The next observation that is not done, from `at` on and around; observations when all are. */
static size_t next_open(const struct em_progress *pr, size_t observations, size_t at)
{
	for (size_t i = 0; i < observations; i++) {
		size_t n = (at + i) % observations;
		if (!pr[n].done)
			return n;
	}
	return observations;
}

static void count_sweeps(const struct em_progress *was, const struct state *s, size_t observations, struct em_entry *e)
{
	const struct em_progress *pr = state_progress(s->progress);
	for (size_t n = 0; n < observations; n++) {
		uint32_t made = pr[n].sweeps - (was ? was[n].sweeps : 0);
		e->sweeps += made;
		e->active += made > 0;
		e->capped += pr[n].capped;
	}
}

static void find_worst(const struct state *from, const struct state *to, size_t observations, struct em_entry *e)
{
	const struct em_bound *a = state_bounds(from->bounds), *b = state_bounds(to->bounds);
	e->worst_gain = INFINITY;
	for (size_t n = 0; n < observations; n++)
		if (b[n].elbo - a[n].elbo < e->worst_gain) {
			e->worst_gain = b[n].elbo - a[n].elbo;
			e->worst = n;
		}
}

/* The blocks that an E entry writes, fresh: q, bounds and progress as copies. */
static enum em_status open_e(const struct em_problem *p, struct state *s, struct em_err *err)
{
	if (!s->inside) {
		s->q_phase = block_retain(s->q);
		s->bounds_phase = block_retain(s->bounds);
		s->cursor = 0;
		state_put(&s->progress, block_of_progress(p->layout.observations));
	} else {
		state_put(&s->progress, block_copy(s->progress));
	}
	state_put(&s->q, block_copy(s->q));
	state_put(&s->bounds, block_copy(s->bounds));
	return s->q && s->bounds && s->progress ? EM_OK : em_no_memory(err);
}

static void close_e(struct state *s)
{
	state_put(&s->made, block_retain(s->theta));
	state_put(&s->q_phase, NULL);
	state_put(&s->bounds_phase, NULL);
	s->inside = false;
	s->next_m = true;
	s->cursor = 0;
}

static enum em_status take_e(const struct em_problem *p, struct state *s, enum em_size size, const struct em_hooks *h,
                             struct em_entry *e, struct em_err *err)
{
	size_t all = p->layout.observations;
	struct block *derived;
	enum em_status st = open_e(p, s, err);
	if (st || (st = derive(p, s->theta->v, s->theta->v, &derived, err)))
		return st;
	struct em_theta t = {s->theta->v, s->theta->v, derived->v, false};
	struct pass x = {.p = p, .t = &t, .what = "E-step", .from = 0, .to = all, .budget = UINT32_MAX,
	                 .q_before = s->q_phase->v, .before = state_bounds(s->bounds_phase), .q = s->q->v,
	                 .progress = state_progress(s->progress), .bounds = state_bounds(s->bounds)};
	s->inside = true;
	if (size == EM_PHASE) {
		st = gather(p, s, &x, derived->v, h, err);
	} else {
		x.budget = 1;
		x.from = next_open(x.progress, all, s->cursor);
		x.to = size == EM_UNIT ? x.from + 1 : all;
		e->unit = x.from;
		st = pass_run(&x, h, err);
		s->cursor = st ? 0 : next_open(x.progress, all, x.to % all);
		state_put(&s->stats, NULL);
		if (!st && s->cursor == all) { /* that was the last one */
			x.budget = 0;
			st = gather(p, s, &x, derived->v, h, err);
		}
	}
	block_release(derived);
	if (st)
		return st;
	bool ended = size == EM_PHASE || s->cursor == all;
	if (ended)
		close_e(s);
	e->phase = ended ? EM_E : EM_E_PART;
	return EM_OK;
}

/* Bounds and log p of every observation after theta has moved and q has not. */
static enum em_status weigh_again(const struct em_problem *p, struct state *s, const struct em_evidence *evidence,
                                  const struct em_hooks *h, struct em_err *err)
{
	struct block *derived;
	state_put(&s->bounds, block_of_bounds(p->layout.observations));
	state_put(&s->log_p, block_new(p->layout.observations));
	state_put(&s->guess, NULL);
	if (!s->bounds || !s->log_p)
		return em_no_memory(err);
	enum em_status st = derive(p, s->theta->v, s->made->v, &derived, err);
	if (st)
		return st;
	struct em_theta t = {s->theta->v, s->made->v, derived->v, false};
	struct pass x = {.p = p, .t = &t, .what = "bounds", .from = 0, .to = p->layout.observations, .q = s->q->v,
	                 .bounds = state_bounds(s->bounds)};
	st = pass_run(&x, h, err);
	block_release(derived);
	return st ? st : take_evidence(p, s, evidence, h, err);
}

static enum em_status put_end(const struct em_problem *p, enum em_status st, struct step_result *out)
{
	if (st) {
		state_release(out->state);
		out->state = NULL;
		return st;
	}
	total_bounds(p, out->state, &out->entry);
	split(p, &out->entry);
	total_evidence(p, out->state, &out->entry);
	total_kl(p, out->state, &out->entry);
	return EM_OK;
}

enum em_status step_put(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                        const struct em_entry *before, const double *theta, const struct em_hooks *h, struct step_result *out,
                        struct em_err *err)
{
	struct state *s = state_copy(from);
	struct block *b = block_new(p->layout.theta_size);
	*out = (struct step_result){.entry = *before, .state = s};
	if (!s || !b) {
		block_release(b);
		return put_end(p, em_no_memory(err), out);
	}
	memcpy(b->v, theta, p->layout.theta_size * sizeof *theta);
	block_seal(b);
	state_put(&s->theta, b);
	return put_end(p, weigh_again(p, s, evidence, h, err), out);
}

/* Bounds and statistics of a q that stands. */
static enum em_status gather_again(const struct em_problem *p, struct state *s, const struct em_hooks *h, struct em_err *err)
{
	struct block *derived;
	state_put(&s->bounds, block_of_bounds(p->layout.observations));
	if (!s->bounds)
		return em_no_memory(err);
	enum em_status st = derive(p, s->theta->v, s->made->v, &derived, err);
	if (st)
		return st;
	struct em_theta t = {s->theta->v, s->made->v, derived->v, false};
	struct pass x = {.p = p, .t = &t, .what = "bounds", .q = s->q->v, .bounds = state_bounds(s->bounds)};
	st = gather(p, s, &x, derived->v, h, err);
	block_release(derived);
	return st;
}

enum em_status step_put_made(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                             const struct em_entry *before, const double *theta, const struct em_hooks *h, struct step_result *out,
                             struct em_err *err)
{
	enum em_status st = step_put(p, evidence, from, before, theta, h, out, err);
	if (st)
		return st;
	state_put(&out->state->made, block_retain(out->state->theta));
	return put_end(p, gather_again(p, out->state, h, err), out);
}

enum em_status step_put_q(const struct em_problem *p, struct state *from, const struct em_entry *before, const double *q,
                          const struct em_hooks *h, struct step_result *out, struct em_err *err)
{
	struct state *s = state_copy(from);
	struct block *b = block_new(from->q->size);
	*out = (struct step_result){.entry = *before, .state = s};
	if (!s || !b) {
		block_release(b);
		return put_end(p, em_no_memory(err), out);
	}
	memcpy(b->v, q, from->q->size * sizeof *q);
	state_put(&s->q, b);
	return put_end(p, gather_again(p, s, h, err), out);
}

void step_moved(const struct em_problem *p, const struct state *from, const struct state *to, struct em_entry *e)
{
	find_moved(p->layout.theta, p->layout.theta_arrays, from->theta->v, to->theta->v, e);
}

static enum em_status take_m(const struct em_problem *p, struct state *s, enum em_size size,
                             const struct em_evidence *evidence, const struct em_hooks *h, struct em_entry *e,
                             struct em_err *err)
{
	struct block *theta = block_copy(s->theta);
	if (!theta)
		return em_no_memory(err);
	double old[EM_TERMS] = {0}, new[EM_TERMS] = {0}, rise = 0;
	p->model->energy(p, s->theta->v, s->stats->v, old);
	unsigned b = s->inside ? (unsigned)s->cursor : 0;
	e->unit = b;
	enum em_status st = EM_OK;
	do
		st = p->model->m_step(p, s->stats->v, b++, theta->v, err);
	while (!st && size == EM_PHASE && p->model->block(p, b));
	bool ended = !p->model->block(p, b);
	p->model->energy(p, theta->v, s->stats->v, new);
	double own_old[EM_TERMS] = {0}, own_new[EM_TERMS] = {0};
	rise = global_terms(p, theta->v, own_new) - global_terms(p, s->theta->v, own_old);
	for (size_t i = 0; i < p->layout.terms; i++)
		if (!p->model->terms[i].entropy) {
			rise += new[i] - old[i];
			e->terms[i] = new[i] + own_new[i];
		} else {
			e->terms[i] += own_new[i] - own_old[i];
		}
	block_seal(theta);
	state_put(&s->theta, theta);
	s->inside = !ended;
	s->next_m = !ended;
	s->cursor = ended ? 0 : b;
	e->phase = ended ? EM_M : EM_M_PART;
	e->elbo += rise;
	return st ? st : weigh_again(p, s, evidence, h, err);
}

enum em_status step_take(const struct em_problem *p, const struct em_evidence *evidence, struct state *from,
                         const struct em_entry *before, struct action a, const struct em_hooks *h,
                         struct step_result *out, struct em_err *err)
{
	double begun = clock_now();
	*out = (struct step_result){.state = state_copy(from)};
	struct state *s = out->state;
	struct em_entry *e = &out->entry;
	if (!s)
		return em_no_memory(err);
	*e = (struct em_entry){.step = before->step + 1, .iteration = before->iteration, .size = a.size,
	                       .elbo = before->elbo, .evidence = before->evidence, .log_evidence = before->log_evidence,
	                       .log_evidence_se = before->log_evidence_se, .e_steps = before->e_steps, .log_p_change = NAN, .log_p_change_se = NAN, .moved_array = ""};
	memcpy(e->terms, before->terms, sizeof e->terms);
	if (e->iteration == 0 || (!a.m && !from->inside && (before->phase == EM_M || (before->phase == EM_EDIT && !from->next_m))))
		e->iteration++;
	enum em_status st;
	if (a.m) {
		st = take_m(p, s, a.size, evidence, h, e, err);
	} else {
		const struct em_progress *was = from->inside ? state_progress(from->progress) : NULL;
		st = take_e(p, s, a.size, h, e, err);
		if (!st)
			count_sweeps(was, s, p->layout.observations, e);
	}
	if (st)
		goto fail;
	double allowance = before->allowance;
	struct em_entry totals = *e;
	total_bounds(p, s, &totals);
	e->allowance = fmax(allowance, totals.allowance);
	e->e_steps += e->phase == EM_E;
	if (!a.m) { /* theta stayed, and so did what is known of log p and how it changed */
		e->estimated = before->estimated;
		e->doubtful = before->doubtful;
		e->log_p_change = before->log_p_change;
		e->log_p_change_se = before->log_p_change_se;
		e->elbo = totals.elbo;
		memcpy(e->terms, totals.terms, sizeof e->terms);
		find_moved(p->layout.q, p->layout.q_arrays, from->q->v, s->q->v, e);
	} else {
		find_moved(p->layout.theta, p->layout.theta_arrays, from->theta->v, s->theta->v, e);
		total_evidence(p, s, e);
	}
	split(p, e);
	total_kl(p, s, e);
	e->gain = e->elbo - before->elbo;
	e->decreased = e->gain < -e->allowance;
	find_worst(from, s, p->layout.observations, e);
	e->seconds = clock_now() - begun;
	if (!(st = check_entry(p, from, s, e, err)))
		return EM_OK;
fail:
	state_release(s);
	out->state = NULL;
	return st;
}
