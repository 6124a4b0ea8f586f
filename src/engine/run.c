/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The step machine.
 *
 * Invariants
 *  (1) records[0..count-1] is the ledger; position < count; `now` is the state of records[position], `before` that of
 *      records[position-1] (NULL at 0). Entries after position were undone by back and are still there to go to.
 *  (2) A state and the blocks it shares are never written after it was made.
 *  (3) A step builds its successor aside; only commit() changes the run, and commit() cannot fail.
 *  (4) A record without a state can be made again, bit by bit, from the nearest earlier one: an entry keeps the action
 *      and the problem (model, data, settings) that made it. Record 0 and edits always have their states.
 *  (5) Inside a phase only that phase can go on. Outside, q is whole: every observation's q was made with `made`.
 *
 *                      em_run_new
 *                          |
 *                          v          take_e: unit, sweep            take_m: one block
 *                   +--> BEFORE E ---------------------> INSIDE E        of several
 *                   |      |  ^                          |     |  +-------------------> INSIDE M
 *      take_m:      |      |  |   take_e: the last unit, |     |  |                     |     |
 *      the phase or |      |  +--------- (em_run_goto) --|-----+  |                     |     | take_m: unit
 *      the last     |      v   the rest of the phase     v        |                     |     | (next block)
 *      block        +-- BEFORE M <-----------------------+        |                     v     v
 *                   |      |                                      |       the rest or the last block:
 *                   |      +--------------------------------------+             BEFORE E
 *                   +------+
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bugs.h"
#include "engine/leap.h"
#include "engine/run.h"

static const char *const accelerate_choices[] = {"none", "squarem", NULL};

static const struct em_setting rows[] = {
	{"seed", EM_INTEGER, "1", 0, 9007199254740992.0, NULL, EM_EFFECT_RESTART, "seed of every random choice"},
	{"evidence_budget", EM_REAL, "0.1", 0, 1000, NULL, EM_EFFECT_STEP,
	 "predicted seconds an observation's exact log p may cost; 0: never"},
	{"evidence_step", EM_REAL, "1", 0, 10000, NULL, EM_EFFECT_STEP,
	 "predicted seconds all exact log p of one step may cost, cheapest first"},
	{"history_memory", EM_REAL, "256", 1, 1e6, NULL, EM_EFFECT_STEP,
	 "megabytes of states kept for going back; beyond, steps are made again"},
	{"threads", EM_INTEGER, "0", 0, 256, NULL, EM_EFFECT_STEP, "threads of a step; 0: one a core. The bits do not depend on it"},
	{"tolerance", EM_REAL, "0.01", 1e-9, 1e6, NULL, EM_EFFECT_STEP,
	 "nats still to come (Aitken) below which a run counts as converged"},
	{"bug", EM_CHOICE, "none", 0, 0, bug_choices, EM_EFFECT_STEP,
	 "plants a classic mistake for the checks to catch, as an exercise; always marked on the screen"},
	{"accelerate", EM_CHOICE, "none", 0, 0, accelerate_choices, EM_EFFECT_STEP,
	 "squarem: whole iterations become macro steps of two, a leap of θ, and one from there; a leap that would end lower is refused"},
};

const struct em_setting_table em_run_settings = {"run", rows, sizeof rows / sizeof rows[0]};

static size_t state_bytes(const struct state *s, const struct state *from)
{
	struct block *const *a[] = {&s->theta, &s->q, &s->stats, &s->mass, &s->bounds, &s->log_p, &s->progress};
	struct block *const none = NULL;
	struct block *const *b[] = {from ? &from->theta : &none, from ? &from->q : &none,        from ? &from->stats : &none,
	                            from ? &from->mass : &none,  from ? &from->bounds : &none,   from ? &from->log_p : &none,
	                            from ? &from->progress : &none};
	size_t sum = sizeof *s;
	for (size_t i = 0; i < sizeof a / sizeof a[0]; i++)
		if (*a[i] && *a[i] != *b[i])
			sum += (*a[i])->size * sizeof(double);
	return sum;
}

static void record_clear(struct em_run *r, struct record *rec)
{
	if (rec->state)
		r->bytes -= rec->bytes;
	state_release(rec->state);
	problem_release(rec->problem);
	*rec = (struct record){0};
}

static void record_keep(struct em_run *r, struct record *rec, struct state *s, const struct state *from)
{
	rec->state = state_retain(s);
	rec->bytes = state_bytes(s, from);
	r->bytes += rec->bytes;
}

/* Lets states go until the rest fits: every second one, then every fourth, ... but 0 and those about the position. */
static void thin(struct em_run *r)
{
	double limit = em_settings_number(r->problem->p.settings, "history_memory") * 1048576.0;
	for (size_t stride = 2; (double)r->bytes > limit && stride < 2 * r->count; stride *= 2)
		for (size_t i = 1; i < r->count; i++) {
			struct record *rec = r->records + i;
			if (rec->state && rec->entry.phase != EM_EDIT && i % stride != 0 && i != r->position && i + 1 != r->position) {
				r->bytes -= rec->bytes;
				state_release(rec->state);
				rec->state = NULL;
			}
		}
}

enum em_status run_reserve(struct em_run *r, struct em_err *err)
{
	if (r->count + 1 <= r->room)
		return EM_OK;
	size_t room = r->room ? 2 * r->room : 64;
	struct record *grown = realloc(r->records, room * sizeof *grown);
	if (!grown)
		return em_no_memory(err);
	r->records = grown;
	r->room = room;
	return EM_OK;
}

static void stand(struct em_run *r, size_t position, struct state *before, struct state *now)
{
	state_retain(before);
	state_retain(now);
	state_release(r->before);
	state_release(r->now);
	r->before = before;
	r->now = now;
	r->position = position;
}

/* Appends the entry after the position, in place of whatever was undone. There is room. */
static void commit(struct em_run *r, struct action a, struct step_result *done)
{
	while (r->count > r->position + 1)
		record_clear(r, r->records + --r->count);
	struct record *rec = r->records + r->count++;
	*rec = (struct record){.entry = done->entry, .action = a, .problem = problem_retain(r->problem)};
	record_keep(r, rec, done->state, r->now);
	stand(r, r->count - 1, r->now, done->state);
	state_release(done->state);
	thin(r);
}

enum em_status run_append(struct em_run *r, struct step_result *done, struct em_err *err)
{
	enum em_status st = run_reserve(r, err);
	if (st) {
		state_release(done->state);
		return st;
	}
	commit(r, (struct action){EM_UNIT, false}, done);
	r->broken = EM_NOT_CONVERGED;
	return EM_OK;
}

enum em_status em_run_new(const struct em_model *model, const struct em_data *data, const struct em_settings *s,
                          const struct em_evidence *evidence, const struct em_given *given,
                          const struct em_hooks *hooks, struct em_run **out, struct em_err *err)
{
	struct em_run *r = calloc(1, sizeof *r);
	if (!r)
		return em_no_memory(err);
	struct step_result first = {0};
	r->evidence = evidence;
	r->seed = (uint64_t)em_settings_number(s, "seed");
	enum em_status st = problem_new(model, data, s, &r->problem, err);
	if (!st)
		st = run_reserve(r, err);
	if (!st)
		st = step_start(&r->problem->p, evidence, given, r->seed, hooks, &first, err);
	if (st) {
		em_run_free(r);
		return st;
	}
	r->records[0] = (struct record){.entry = first.entry, .problem = problem_retain(r->problem)};
	r->count = 1;
	record_keep(r, r->records, first.state, NULL);
	stand(r, 0, NULL, first.state);
	state_release(first.state);
	if (hooks && hooks->stepped)
		hooks->stepped(hooks->self, &r->records[0].entry);
	*out = r;
	return EM_OK;
}

void em_run_free(struct em_run *r)
{
	if (!r)
		return;
	while (r->count)
		record_clear(r, r->records + --r->count);
	free(r->records);
	state_release(r->now);
	state_release(r->before);
	problem_release(r->problem);
	free(r);
}

enum em_status em_run_clone(const struct em_run *r, struct em_run **out, struct em_err *err)
{
	struct em_run *c = malloc(sizeof *c);
	struct record *records = malloc(r->room * sizeof *records);
	if (!c || !records) {
		free(c);
		free(records);
		return em_no_memory(err);
	}
	*c = *r;
	c->records = memcpy(records, r->records, r->count * sizeof *records);
	for (size_t i = 0; i < c->count; i++) {
		problem_retain(records[i].problem);
		state_retain(records[i].state);
	}
	problem_retain(c->problem);
	state_retain(c->now);
	state_retain(c->before);
	*out = c;
	return EM_OK;
}

/* When the undone entry ahead was made by the same action under the same settings, and its state is at hand, that is it. */
static bool redo(struct em_run *r, struct action a)
{
	if (r->position + 1 >= r->count)
		return false;
	struct record *next = r->records + r->position + 1;
	if (!next->state || next->entry.phase == EM_EDIT || next->problem != r->problem || next->action.size != a.size || next->action.m != a.m)
		return false;
	stand(r, r->position + 1, r->now, next->state);
	return true;
}

static enum em_status take(const struct em_run *r, const struct em_problem *p, struct state *from, const struct em_entry *before,
                           struct action a, const struct em_hooks *h, struct step_result *out, struct em_err *err)
{
	return a.size == EM_ITERATION ? leap_take(p, r->evidence, from, before, h, out, err)
	                              : step_take(p, r->evidence, from, before, a, h, out, err);
}

static enum em_status advance(struct em_run *r, struct action a, const struct em_hooks *h, struct em_err *err)
{
	struct step_result done;
	struct em_err own = {0};
	if (!redo(r, a)) {
		enum em_status st = run_reserve(r, err);
		if (st)
			return st;
		st = take(r, &r->problem->p, r->now, &r->records[r->position].entry, a, h, &done, &own);
		if (st == EM_BREACH || st == EM_FAILED) {
			r->broken = st == EM_BREACH ? EM_BROKEN : EM_STUCK;
			memcpy(r->breach, own.msg, sizeof r->breach);
		}
		if (st) {
			if (err)
				*err = own;
			return st;
		}
		commit(r, a, &done);
	}
	r->broken = EM_NOT_CONVERGED;
	if (h && h->stepped)
		h->stepped(h->self, &r->records[r->position].entry);
	return EM_OK;
}

static bool halts(const struct em_hooks *h)
{
	return h && h->halt && h->halt(h->self);
}

enum em_status em_run_step(struct em_run *r, enum em_size size, const struct em_hooks *h, struct em_err *err)
{
	bool leaps = (int)em_settings_number(r->problem->p.settings, "accelerate") == 1;
	if (size != EM_ITERATION || (leaps && !r->now->inside && !r->now->next_m))
		return advance(r, (struct action){size, r->now->next_m}, h, err);
	enum em_status st;
	do
		st = advance(r, (struct action){EM_PHASE, r->now->next_m}, h, err);
	while (!st && r->records[r->position].entry.phase != EM_M && !halts(h));
	return st;
}

enum em_status em_run_phase(struct em_run *r, bool m, const struct em_hooks *h, struct em_err *err)
{
	if (r->now->inside && r->now->next_m != m) {
		enum em_status st = advance(r, (struct action){EM_PHASE, !m}, h, err);
		if (st || halts(h))
			return st;
	}
	return advance(r, (struct action){EM_PHASE, m}, h, err);
}

/* The state of record i, owned by the caller: at hand, or made again from the nearest one before it. */
static enum em_status state_at(struct em_run *r, size_t i, const struct em_hooks *h, struct state **out,
                               struct em_err *err)
{
	size_t from = i;
	while (!r->records[from].state)
		from--;
	struct state *s = state_retain(r->records[from].state);
	for (size_t j = from + 1; j <= i; j++) {
		struct record *rec = r->records + j;
		struct step_result done;
		enum em_status st = take(r, &rec->problem->p, s, &r->records[j - 1].entry, rec->action, h, &done, err);
		state_release(s);
		if (st)
			return st;
		s = done.state;
		if (memcmp(&done.entry.elbo, &rec->entry.elbo, sizeof(double)) != 0) {
			state_release(s);
			return em_fail(err, EM_BREACH, "step %zu made again has an ELBO of %.17g; the ledger says %.17g", j,
			               done.entry.elbo, rec->entry.elbo);
		}
	}
	*out = s;
	return EM_OK;
}

enum em_status em_run_goto(struct em_run *r, size_t step, const struct em_hooks *h, struct em_err *err)
{
	if (step >= r->count)
		return em_fail(err, EM_USAGE, "no step %zu; the ledger has steps 0 to %zu", step, r->count - 1);
	struct state *before = NULL, *now = NULL;
	enum em_status st = EM_OK;
	if (step > 0)
		st = state_at(r, step - 1, h, &before, err);
	if (!st && step > 0 && !r->records[step].state) {
		if (!r->records[step - 1].state) /* so that the next line starts from it */
			record_keep(r, r->records + step - 1, before, NULL);
		st = state_at(r, step, h, &now, err);
	} else if (!st) {
		now = state_retain(r->records[step].state);
	}
	if (!st) {
		if (!r->records[step].state)
			record_keep(r, r->records + step, now, before);
		stand(r, step, before, now);
		r->broken = EM_NOT_CONVERGED;
		thin(r);
		if (h && h->stepped)
			h->stepped(h->self, &r->records[step].entry);
	}
	state_release(before);
	state_release(now);
	return st;
}

enum em_status em_run_set(struct em_run *r, const char *name, const char *value, struct em_err *err)
{
	const struct em_problem *p = &r->problem->p;
	const struct em_setting *row = em_settings_row(p->settings, name);
	if (row && row->effect != EM_EFFECT_NOW && row->effect != EM_EFFECT_STEP)
		return em_fail(err, EM_USAGE, "%s: a run cannot change this on its way; it needs a restart", name);
	struct em_settings *s = NULL;
	struct problem *next = NULL;
	enum em_status st = em_settings_with(p->settings, name, value, &s, err);
	if (!st)
		st = problem_new(r->problem->real, p->data, s, &next, err);
	em_settings_release(s);
	if (st)
		return st;
	problem_release(r->problem);
	r->problem = next;
	/* A phase begun under other settings goes on under the new ones; only the number of M blocks may have shrunk. */
	return EM_OK;
}

const struct em_entry *em_run_entry(const struct em_run *r)
{
	return &r->records[r->position].entry;
}
