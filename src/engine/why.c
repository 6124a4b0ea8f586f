/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The order of questions: was the last step refused; did a change from outside lose; did a step lose; has it come to rest, and where; else, what
 * holds it up. The first that has an answer is the answer. */
#include "elbow/why.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "elbow/diagnose.h"
#include "engine/run.h"

enum { MACRO_STEPS = 200 };
/* A cure has to gain this much more than what was, relatively, to be one. */
static const double worth = 0.05;

static const char *const names[] = {"nothing", "the start", "your change", "a planted bug", "the cold start", "the sweep limit", "alpha", "the floor",
                                    "a collapse", "rounding", "a saddle", "a refused leap", "a slow rate", "a breach"};

const char *em_cause_name(enum em_cause c)
{
	return names[c];
}

/* What is asked about. */
struct question {
	struct em_run *r;
	const struct em_snapshot *s;
	const struct em_hooks *h; /* cancelled alone */
	struct em_why *out;
	struct buf b;
};

static struct number nats(double x)
{
	return number_signed(x, fabs(x) >= 100 ? 1 : fabs(x) >= 0.1 ? 3 : fabs(x) >= 1e-4 ? 6 : 9);
}

static void name_step(struct buf *b, const struct em_entry *e)
{
	buf_printf(b, "step %zu (%s %zu)", e->step, em_entry_name(e), e->iteration);
}

static const char *setting_of(const struct question *w, size_t step, const char *name, char *out, size_t size)
{
	const struct em_settings *s = w->r->records[step].problem->p.settings;
	return em_settings_row(s, name) ? em_settings_show(s, name, out, size) : "";
}

/* ---- on a copy ---- */

/* A copy that stands before `step`, for steps under that one's settings but for `name`, if given. */
static enum em_status copy_before(const struct question *w, size_t step, const char *name, const char *value, struct em_run **out, struct em_err *err)
{
	struct em_run *c = NULL;
	struct problem *p = NULL;
	const struct problem *was = w->r->records[step].problem;
	enum em_status st = em_run_clone(w->r, &c, err);
	if (st)
		return st;
	c->evidence = NULL; /* only the bound is looked at */
	st = em_run_goto(c, step - 1, w->h, err);
	struct em_settings *s = em_settings_retain(was->p.settings);
	if (!st && name)
		st = em_settings_put(&s, name, value, err);
	if (!st)
		st = problem_new(was->real, was->p.data, s, &p, err);
	em_settings_release(s);
	if (st) {
		em_run_free(c);
		return st;
	}
	problem_release(c->problem);
	c->problem = p;
	*out = c;
	return EM_OK;
}

/* Only what ends everything is an error here; a step that cannot be made is an answer. */
static enum em_status serious(enum em_status st)
{
	return st == EM_MEMORY || st == EM_CANCELLED ? st : EM_OK;
}

/* What step `from` (through `to`) gains under another setting; NAN: it has no result. */
static enum em_status again(const struct question *w, size_t from, size_t to, const char *name, const char *value, double *gain, struct em_err *err)
{
	struct em_run *c = NULL;
	*gain = NAN;
	enum em_status st = copy_before(w, from, name, value, &c, err);
	if (st)
		return serious(st);
	double before = em_run_entry(c)->elbo;
	for (size_t i = from; i <= to && !st; i++) {
		struct action a = w->r->records[i].action;
		st = a.size == EM_PHASE ? em_run_phase(c, a.m, w->h, err) : em_run_step(c, a.size, w->h, err);
	}
	if (!st)
		*gain = em_run_entry(c)->elbo - before;
	em_run_free(c);
	return serious(st);
}

/* Tries a cure of the steps from..to and says what came of it; *better: it is one. */
static enum em_status try(struct question *w, size_t from, size_t to, const char *name, const char *value, double was, bool *better, struct em_err *err)
{
	double gain;
	enum em_status st = again(w, from, to, name, value, &gain, err);
	*better = false;
	if (st)
		return st;
	if (isnan(gain)) {
		buf_printf(&w->b, "With %s=%s it has no result.\n", name, value);
		return EM_OK;
	}
	*better = gain - was > worth * fmax(fabs(was), w->r->records[to].entry.allowance);
	buf_printf(&w->b, "With %s=%s the same %s %s nats instead of %s.\n", name, value, from == to ? "step gives" : "iteration gives", nats(gain).s, nats(was).s);
	if (!*better && *w->out->setting)
		return EM_OK;
	if (*better || !*w->out->setting) {
		snprintf(w->out->setting, sizeof w->out->setting, "%s", name);
		snprintf(w->out->value, sizeof w->out->value, "%s", value);
		w->out->cured = gain;
	}
	return EM_OK;
}

static enum em_status end(struct question *w, enum em_cause cause, size_t step, double gain)
{
	w->out->cause = cause;
	w->out->step = step;
	w->out->gain = gain;
	return EM_OK;
}

static void advise(struct question *w)
{
	if (*w->out->setting && !isnan(w->out->cured) && (w->out->cause == EM_CAUSE_SLOW || w->out->cured > w->out->gain))
		buf_printf(&w->b, "What would cure it: set %s %s.\n", w->out->setting, w->out->value);
}

/* ---- a step that lost ---- */

/* An E-step in pieces: whose bounds fell, and by how much. */
static enum em_status pieces_e(struct question *w, size_t step, size_t *fell, struct em_err *err)
{
	struct em_run *c = NULL;
	const struct em_snapshot *s = NULL;
	enum em_status st = em_run_clone(w->r, &c, err);
	*fell = 0;
	if (st)
		return st;
	c->evidence = NULL;
	st = em_run_goto(c, step, w->h, err);
	if (!st)
		st = em_run_snapshot(c, &s, err);
	double lost = 0, won = 0, worst = 0;
	size_t who = 0, limit = 0, n = st ? 0 : s->problem->layout.observations;
	for (size_t i = 0; i < n; i++) {
		double d = s->obs[i].elbo - s->obs_before[i].elbo;
		if (d < -1e-9 * (1 + fabs(s->obs[i].elbo))) {
			++*fell;
			lost += d;
			limit += s->obs[i].capped;
		} else {
			won += d;
		}
		if (d < worst) {
			worst = d;
			who = i;
		}
	}
	const char *one = st ? "" : s->problem->model->observation;
	if (*fell)
		buf_printf(&w->b, "In pieces: %s of %s %ss lost %s nats together, most %s %zu (%s); the others gained %s. %s of those that lost ran into the sweep limit.\n",
		           number_count(*fell).s, number_count(n).s, one, number_short(-lost, 4).s, one, who + 1, number_short(-worst, 3).s, number_short(won, 4).s, number_count(limit).s);
	em_snapshot_release(s);
	em_run_free(c);
	return serious(st);
}

/* An M-step in pieces: its blocks. */
static enum em_status pieces_m(struct question *w, size_t step, struct em_err *err)
{
	struct em_run *c = NULL;
	const struct em_entry *e = &w->r->records[step].entry;
	if (e->phase != EM_M || w->r->records[step].action.size != EM_PHASE || w->r->records[step - 1].entry.phase == EM_M_PART)
		return EM_OK;
	enum em_status st = copy_before(w, step, NULL, NULL, &c, err);
	if (st)
		return serious(st);
	const struct em_model *m = c->problem->p.model;
	buf_puts(&w->b, "In pieces:");
	for (size_t i = 0; !st && i < 8; i++) {
		st = em_run_step(c, EM_UNIT, w->h, err);
		const struct em_entry *now = em_run_entry(c);
		const char *block = st ? NULL : m->block(&c->problem->p, (unsigned)now->unit);
		if (!st)
			buf_printf(&w->b, "%s %s %s", i ? "," : "", block ? block : "the block", nats(now->gain).s);
		if (now->phase == EM_M)
			break;
	}
	buf_puts(&w->b, st ? " and then it fails.\n" : " nats.\n");
	em_run_free(c);
	return serious(st);
}

static bool floor_acts(const struct question *w, char *text, size_t size)
{
	const struct em_problem *p = w->s->problem;
	for (size_t k = 0; p->model->health && k < p->layout.components; k++)
		if (p->model->health(p, w->s->theta, k, text, size) && strstr(text, "floor"))
			return true;
	return false;
}

static enum em_status fell_in_e(struct question *w, size_t step, double was, struct em_err *err)
{
	char start[24], sweeps[24], more[24];
	size_t fell;
	bool by_sweeps = false, by_warm = false, by_guard = false;
	enum em_status st = pieces_e(w, step, &fell, err);
	if (st)
		return st;
	setting_of(w, step, "e_start", start, sizeof start);
	snprintf(more, sizeof more, "%.0f", fmin(10 * atof(setting_of(w, step, "e_sweeps", sweeps, sizeof sweeps)), 1e6));
	if (w->r->records[step].entry.capped && *sweeps)
		st = try(w, step, step, "e_sweeps", more, was, &by_sweeps, err);
	if (by_sweeps && w->out->cured >= -w->r->records[step].entry.allowance) {
		buf_printf(&w->b, "Culprit: the sweep limit, e_sweeps=%s: the documents were left before they came back to where they were.\n", sweeps);
		return end(w, EM_CAUSE_SWEEPS, step, was);
	}
	if (!st && strcmp(start, "cold") == 0)
		st = try(w, step, step, "e_start", "warm", was, &by_warm, err);
	if (!st && strcmp(start, "cold") == 0)
		st = try(w, step, step, "e_start", "guarded", was, &by_guard, err);
	if (st)
		return st;
	if (by_warm || by_guard) {
		buf_puts(&w->b, "Culprit: the cold start: each document forgets its γ and may end in a worse optimum, or not come back in time.\n");
		return end(w, EM_CAUSE_COLD, step, was);
	}
	buf_puts(&w->b, "Nothing that was tried cures it.\n");
	return end(w, EM_CAUSE_ROUNDING, step, was);
}

static enum em_status bug(struct question *w, size_t step, double was, const char *name, struct em_err *err)
{
	bool better;
	buf_printf(&w->b, "Culprit: the planted bug (bug=%s).\n", name);
	enum em_status st = step ? try(w, step, step, "bug", "none", was, &better, err) : EM_OK;
	return st ? st : end(w, EM_CAUSE_BUG, step, was);
}

static enum em_status fell(struct question *w, size_t step, struct em_err *err)
{
	const struct em_entry *e = &w->r->records[step].entry;
	char name[24], text[240];
	buf_puts(&w->b, "What lost: ");
	name_step(&w->b, e);
	buf_printf(&w->b, ", by %s nats.\n", number_short(-e->gain, 4).s);
	if (strcmp(setting_of(w, step, "bug", name, sizeof name), "none") != 0)
		return bug(w, step, e->gain, name, err);
	if (fabs(e->gain) <= 10 * e->allowance) {
		buf_printf(&w->b, "Culprit: rounding: sums of this size are good to about %s nats.\n", number_short(e->allowance, 2).s);
		return end(w, EM_CAUSE_ROUNDING, step, e->gain);
	}
	if (e->phase == EM_E || e->phase == EM_E_PART)
		return fell_in_e(w, step, e->gain, err);
	enum em_status st = pieces_m(w, step, err);
	if (st)
		return st;
	if (floor_acts(w, text, sizeof text)) {
		bool better;
		buf_printf(&w->b, "Culprit: %s\n", text);
		st = try(w, step, step, "floor", "0", e->gain, &better, err);
		return st ? st : end(w, EM_CAUSE_FLOOR, step, e->gain);
	}
	if (e->moved_array && strcmp(e->moved_array, "alpha") == 0) {
		bool better;
		st = try(w, step, step, "alpha_update", "fixed", e->gain, &better, err);
		buf_puts(&w->b, "Culprit: the update of alpha.\n");
		return st ? st : end(w, EM_CAUSE_ALPHA, step, e->gain);
	}
	buf_puts(&w->b, "None of the causes known here fits it.\n");
	return end(w, EM_CAUSE_ROUNDING, step, e->gain);
}

/* ---- a step that was not made ---- */

/* The step that the planted bug spoilt, without it; an M-step with the E-step before it, whose statistics may be spoilt too. */
static enum em_status without_bug(struct question *w, struct em_err *err)
{
	struct em_run *c = NULL;
	struct problem *p = NULL;
	struct em_settings *s = em_settings_retain(w->r->problem->p.settings);
	size_t at = w->r->position;
	bool with_e = at && w->r->records[at].entry.phase == EM_E;
	char name[24];
	buf_printf(&w->b, "Culprit: the planted bug (bug=%s).\n", em_settings_show(s, "bug", name, sizeof name));
	enum em_status st = em_run_clone(w->r, &c, err);
	if (!st)
		st = em_settings_put(&s, "bug", "none", err);
	if (!st)
		st = problem_new(w->r->problem->real, w->r->problem->p.data, s, &p, err);
	if (!st) {
		problem_release(c->problem);
		c->problem = p;
		c->evidence = NULL;
		if (with_e)
			st = em_run_goto(c, at - 1, w->h, err);
	}
	double before = st ? NAN : em_run_entry(c)->elbo;
	if (!st)
		st = em_run_step(c, with_e ? EM_ITERATION : EM_PHASE, w->h, err);
	if (!st) {
		w->out->cured = em_run_entry(c)->elbo - before;
		snprintf(w->out->setting, sizeof w->out->setting, "bug");
		snprintf(w->out->value, sizeof w->out->value, "none");
		buf_printf(&w->b, "With bug=none the %s is made: %s nats. What would cure it: set bug none.\n", with_e ? "iteration" : "step", nats(w->out->cured).s);
	}
	em_settings_release(s);
	em_run_free(c);
	return serious(st);
}

static enum em_status refused(struct question *w, struct em_err *err)
{
	size_t step = w->r->position;
	char name[24] = "none";
	const struct em_settings *s = w->r->problem->p.settings;
	if (em_settings_row(s, "bug"))
		em_settings_show(s, "bug", name, sizeof name);
	buf_printf(&w->b, "The next step was not made: %s\n", w->r->breach);
	if (strcmp(name, "none") != 0) {
		enum em_status st = without_bug(w, err);
		return st ? st : end(w, EM_CAUSE_BUG, step + 1, NAN);
	}
	if (w->r->broken == EM_BROKEN) {
		buf_puts(&w->b, "No bug was planted: elbow itself, or the arithmetic at the end of its range, is at fault; back leads to what is sound.\n");
		return end(w, EM_CAUSE_BREACH, step + 1, NAN);
	}
	buf_puts(&w->b, em_settings_row(s, "floor") ? "Culprit: a component that collapses. A floor holds it: set floor to a small part of the data's variance, or take fewer components.\n"
	                                            : "Culprit: a component that collapses: take fewer of them, or another seed.\n");
	return end(w, EM_CAUSE_COLLAPSE, step + 1, NAN);
}

/* ---- at rest ---- */

static enum em_status at_rest(struct question *w, struct em_err *err)
{
	struct em_finding *f = NULL;
	size_t n = 0, p = w->r->position;
	enum em_status st = em_run_diagnose(w->r, w->h, &f, &n, err);
	if (st)
		return st;
	for (size_t i = 0; i < n; i++)
		if (f[i].kind == EM_TROUBLE_SADDLE) {
			buf_printf(&w->b, "Culprit: %s.\n", f[i].text);
			w->out->cured = f[i].number;
			free(f);
			return end(w, EM_CAUSE_SADDLE, p, 0);
		}
	free(f);
	if (w->s->verdict.kind == EM_STALLED) {
		const struct em_entry *e = w->s->ledger + p;
		buf_printf(&w->b, "Pushed by a thousandth it comes back: no saddle in any of the directions tried. What is left is rounding, %s nats.\n", number_short(e->allowance, 2).s);
		return end(w, EM_CAUSE_ROUNDING, p, e->gain);
	}
	buf_puts(&w->b, "Nothing is wrong: what is to come is below the tolerance, and a push by a thousandth leads nowhere higher.\n");
	return end(w, EM_CAUSE_NONE, p, NAN);
}

/* ---- still moving ---- */

/* The first entry of the iteration that ends at (or before) the position; SIZE_MAX: there is none. */
static size_t iteration_start(const struct question *w, size_t *last)
{
	const struct em_entry *l = w->s->ledger;
	size_t i = w->r->position;
	while (i > 0 && l[i].phase != EM_M)
		i--;
	*last = i;
	if (i == 0)
		return SIZE_MAX;
	for (i--; i > 0 && l[i].phase != EM_M && l[i].phase != EM_EDIT; i--)
		;
	return i + 1;
}

static enum em_status race(struct question *w, struct em_err *err)
{
	struct em_run *c = NULL;
	const struct em_verdict *v = &w->s->verdict;
	size_t at = w->r->position;
	enum em_status st = copy_before(w, at, "accelerate", "squarem", &c, err);
	if (!st)
		st = em_run_goto(c, at, w->h, err);
	size_t before = st ? 0 : em_run_entry(c)->e_steps, steps = 0;
	double target = w->s->ledger[at].elbo + v->to_come - em_settings_number(w->s->problem->settings, "tolerance");
	bool there = false;
	for (; !st && !there && steps < MACRO_STEPS; steps++) {
		st = em_run_step(c, EM_ITERATION, w->h, err);
		there = !st && em_run_entry(c)->elbo >= target;
	}
	if (!st && there) {
		buf_printf(&w->b, "With accelerate=squarem it gets there in %s E-steps (%zu macro step%s).\n",
		           number_count(em_run_entry(c)->e_steps - before).s, steps, steps == 1 ? "" : "s");
		snprintf(w->out->setting, sizeof w->out->setting, "accelerate");
		snprintf(w->out->value, sizeof w->out->value, "squarem");
		w->out->cured = (double)(em_run_entry(c)->e_steps - before);
	}
	em_run_free(c);
	return serious(st);
}

static enum em_status moving(struct question *w, struct em_err *err)
{
	const struct em_verdict *v = &w->s->verdict;
	size_t last, first = iteration_start(w, &last);
	char value[24], text[240];
	if (first == SIZE_MAX || first > last) {
		buf_puts(&w->b, "No iteration is complete yet: nothing can be said.\n");
		return end(w, EM_CAUSE_START, w->r->position, NAN);
	}
	double was = w->s->ledger[last].elbo - w->s->ledger[first - 1].elbo;
	enum em_status st = EM_OK;
	bool better = false;
	if (*setting_of(w, last, "bug", value, sizeof value) && strcmp(value, "none") != 0) {
		buf_printf(&w->b, "Culprit: the planted bug (bug=%s).\n", value);
		st = try(w, first, last, "bug", "none", was, &better, err);
		return st ? st : end(w, EM_CAUSE_BUG, last, was);
	}
	if (w->s->ledger[last].leap == EM_LEAP_REFUSED) {
		buf_puts(&w->b, "The leap of the last macro step was refused, for it would have ended lower; its two plain iterations stand.\n");
		return end(w, EM_CAUSE_LEAP, last, was);
	}
	if (v->capped && w->s->ledger[last].leap == EM_LEAP_NO && *setting_of(w, last, "e_sweeps", value, sizeof value)) {
		char more[24];
		snprintf(more, sizeof more, "%.0f", fmin(10 * atof(value), 1e6));
		buf_printf(&w->b, "%s %s%s ran into the sweep limit (e_sweeps=%s) in the last E-step.\n", number_count(v->capped).s, w->s->problem->model->observation,
		           v->capped == 1 ? "" : "s", value);
		st = try(w, first, last, "e_sweeps", more, was, &better, err);
		if (st)
			return st;
		if (better) {
			buf_puts(&w->b, "Culprit: the sweep limit.\n");
			return end(w, EM_CAUSE_SWEEPS, last, was);
		}
		*w->out->setting = '\0';
	}
	for (unsigned a = 0; a < w->s->problem->layout.theta_arrays; a++) {
		const struct em_array *x = w->s->problem->layout.theta + a;
		for (size_t k = 0; strcmp(x->name, "alpha") == 0 && strcmp(setting_of(w, last, "alpha_update", value, sizeof value), "fixed") != 0 && k < x->dim[0]; k++) {
			double alpha = w->s->theta[x->offset + k * x->stride[0]];
			if (alpha >= 1e-3 && alpha <= 1e3)
				continue;
			buf_printf(&w->b, "alpha[%zu] has come to %s and goes on: its maximum lies at the end of its range.\n", k + 1, number_short(alpha, 3).s);
			st = try(w, first, last, "alpha_update", "fixed", was, &better, err);
			buf_puts(&w->b, "Culprit: the update of alpha; alpha_update=fixed holds it.\n");
			return st ? st : end(w, EM_CAUSE_ALPHA, last, was);
		}
	}
	if (floor_acts(w, text, sizeof text)) {
		buf_printf(&w->b, "Culprit: %s\n", text);
		st = try(w, first, last, "floor", "0", was, &better, err);
		return st ? st : end(w, EM_CAUSE_FLOOR, last, was);
	}
	if (!v->steady || isnan(v->to_come)) {
		buf_puts(&w->b, "Nothing is wrong, as far as can be seen: no steady rate yet, so no forecast; go on.\n");
		return end(w, EM_CAUSE_NONE, last, was);
	}
	if (v->iterations <= 3) {
		buf_printf(&w->b, "Nothing is wrong: another iteration or two, and what is to come is below the tolerance.\n");
		return end(w, EM_CAUSE_NONE, last, was);
	}
	buf_printf(&w->b, "Nothing is wrong but the rate: each iteration gains %s of what the one before gained, for %s of the information is missing; %s nats are to come, "
	           "in about %s iterations.\n", number_short(v->rate, 4).s, number_short(v->missing, 4).s, number_short(v->to_come, 3).s,
	           isnan(v->iterations) ? "?" : number_count((size_t)v->iterations).s);
	st = race(w, err);
	return st ? st : end(w, EM_CAUSE_SLOW, last, was);
}

/* ---- which of them ---- */

/* A change from outside in the last iteration that lost more than was gained since; 0: none. */
static size_t lost_by_edit(const struct question *w)
{
	const struct em_entry *l = w->s->ledger;
	size_t phases = 0;
	for (size_t i = w->r->position; i > 0 && phases < 3; i--) {
		if (l[i].phase == EM_EDIT && l[w->r->position].elbo < l[i - 1].elbo)
			return i;
		phases += l[i].phase == EM_E || l[i].phase == EM_M;
	}
	return 0;
}

/* The step of the last iteration that lost most; 0: none did beyond rounding. A part of a phase may dip: its document has begun anew and is on its
 * way. */
static size_t lost_by_step(const struct question *w)
{
	const struct em_entry *l = w->s->ledger;
	size_t last, first = iteration_start(w, &last), found = 0;
	if (first == SIZE_MAX)
		first = 1;
	for (size_t i = first; i <= w->r->position; i++)
		if ((l[i].phase == EM_E || l[i].phase == EM_M) && (l[i].decreased || (w->s->verdict.kind == EM_DECREASED && l[i].gain < 0)) && (!found || l[i].gain < l[found].gain))
			found = i;
	return found;
}

/* The likelihood may fall where the bound rises: no fault of any step. */
static void say_apart(struct question *w)
{
	const struct em_entry *e = w->s->ledger + w->r->position;
	double change = e->log_p_change, se = e->log_p_change_se;
	if (e->phase != EM_M || w->s->problem->model->exact || w->r->position == 0)
		return;
	if (e->evidence == EM_EVIDENCE_EXACT && e[-1].evidence == EM_EVIDENCE_EXACT) {
		change = e->log_evidence - e[-1].log_evidence;
		se = 0;
	}
	if (e->gain > 0 && change < -3 * se && change < -e->allowance)
		buf_printf(&w->b, "By the way: this M-step raised the bound by %s and lowered log p by %s nats; KL shrank by %s. That is mean field, and no fault: e_step=exact follows log p.\n",
		           number_short(e->gain, 3).s, number_short(-change, 3).s, number_short(e->gain - change, 3).s);
}

static enum em_status answer(struct question *w, struct em_err *err)
{
	size_t i;
	if (w->r->broken)
		return refused(w, err);
	if (w->r->position == 0) {
		buf_puts(&w->b, "This is the start: no step was made yet.\n");
		return end(w, EM_CAUSE_START, 0, NAN);
	}
	if ((i = lost_by_edit(w))) {
		const struct em_entry *e = w->s->ledger + i;
		buf_printf(&w->b, "Culprit: your change at step %zu, %s from %s to %s: it lost %s nats, and the steps since have not made up for it (%s). "
		           "goto %zu leads back before it.\n", i, e->moved_array, number_short(e->was, 4).s, number_short(e->became, 4).s, nats(e->gain).s,
		           nats(w->s->ledger[w->r->position].elbo - e->elbo).s, i - 1);
		return end(w, EM_CAUSE_EDIT, i, e->gain);
	}
	if ((i = lost_by_step(w)))
		return fell(w, i, err);
	return w->s->verdict.kind == EM_CONVERGED || w->s->verdict.kind == EM_STALLED ? at_rest(w, err) : moving(w, err);
}

enum em_status em_run_why(struct em_run *r, const struct em_hooks *h, struct em_why *out, struct em_err *err)
{
	const struct em_hooks quiet = h ? (struct em_hooks){h->self, h->cancelled, NULL, NULL, NULL} : (struct em_hooks){0};
	struct question w = {.r = r, .h = &quiet, .out = out};
	*out = (struct em_why){.cured = NAN, .gain = NAN};
	enum em_status st = em_run_snapshot(r, &w.s, err);
	if (st)
		return st;
	if (!r->broken)
		buf_printf(&w.b, "%s\n", w.s->verdict.text);
	st = answer(&w, err);
	if (!st && out->cause != EM_CAUSE_BUG)
		advise(&w);
	if (!st)
		say_apart(&w);
	em_snapshot_release(w.s);
	if (!st && w.b.failed)
		st = em_no_memory(err);
	while (w.b.len && w.b.s[w.b.len - 1] == '\n')
		w.b.s[--w.b.len] = '\0';
	snprintf(out->text, sizeof out->text, "%s", w.b.s ? w.b.s : "");
	buf_free(&w.b);
	return st;
}
