/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a session does: one job at a time, whole or not at all. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "command/held.h"
#include "command/opening.h"
#include "command/race.h"
#include "command/selftest.h"
#include "command/until.h"
#include "command/verbs.h"
#include "elbow/diagnose.h"
#include "elbow/kept.h"
#include "elbow/why.h"

/* The caller's hooks with a picture made on the way. */
struct relay {
	struct session *s;
	const struct em_hooks *to;
	bool steps;               /* a job that steps: look after every entry whether to stop */
	bool stopped;
	const struct expr *until; /* NULL: none */
	struct buf said;          /* owned */
	enum em_status lost;      /* the journal could not be written: lost_why */
	struct em_err lost_why;
};

/* A condition of `continue`: whether it holds, and with what numbers. */
static bool holds(struct relay *r, const struct em_snapshot *s)
{
	struct em_err none;
	double truth = 0;
	if (!r->until || expr_number(r->until, s, &truth, &none) || isnan(truth) || truth == 0)
		return false;
	struct buf parts = {0};
	expr_parts(r->until, s, &parts);
	text_safe(&r->said, expr_text(r->until), strlen(expr_text(r->until)));
	buf_printf(&r->said, " holds: %s, ", parts.s ? parts.s : "");
	breaks_when(s, &r->said);
	buf_putc(&r->said, '\n');
	buf_free(&parts);
	return true;
}

static void look(struct relay *r)
{
	const struct em_snapshot *s = NULL;
	if (!r->steps || (!r->until && !r->s->breaks.count))
		return;
	if (em_run_snapshot(r->s->run, &s, NULL)) { /* no memory left: a good time to stop */
		r->stopped = true;
		return;
	}
	bool one = breaks_check(&r->s->breaks, s, &r->said), other = holds(r, s);
	r->stopped |= one || other;
	em_snapshot_release(s);
}

static bool relay_halt(void *self)
{
	return ((struct relay *)self)->stopped;
}

static bool stopped(const struct em_hooks *h)
{
	return h->halt(h->self);
}

static bool relay_cancelled(void *self)
{
	const struct em_hooks *h = ((struct relay *)self)->to;
	return h && h->cancelled && h->cancelled(h->self);
}

static void relay_progress(void *self, const char *what, size_t done, size_t of)
{
	const struct em_hooks *h = ((struct relay *)self)->to;
	if (h && h->progress)
		h->progress(h->self, what, done, of);
}

static void relay_stepped(void *self, const struct em_entry *e)
{
	struct relay *r = self;
	look(r);
	if (!r->lost && r->s->keep.file)
		r->lost = keep_entry(r->s, &r->lost_why);
	if (r->s->run && session_clock() - r->s->published > 0.03)
		session_publish(r->s, NULL); /* no memory for a picture is no reason to stop the run */
	if (r->to && r->to->stepped)
		r->to->stepped(r->to->self, e);
}

static enum em_status go_on(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	size_t most = (size_t)em_settings_number(s->settings, "max_iterations");
	for (size_t i = 0;; i++) {
		const struct em_entry *e = em_run_entry(s->run);
		if (job->until.kind == UNTIL_KL && isnan(e->kl))
			return em_fail(err, EM_USAGE, "KL is unknown here, for log p is (see evidence_budget, evidence_step); "
			                              "continue until gain < NATS works without");
		if (e->phase == EM_M && until_reached(s->run, &job->until, e))
			return EM_OK;
		if (i == most) {
			s->limit = most;
			return EM_OK;
		}
		enum em_status st = em_run_step(s->run, EM_ITERATION, h, err);
		if (st || stopped(h))
			return st;
	}
}

static enum em_status step_job(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	enum em_status st = EM_OK;
	size_t position;
	switch (job->kind) {
	case JOB_STEP:
		for (size_t i = 0; i < job->count && !st && !stopped(h); i++)
			st = em_run_step(s->run, job->size, h, err);
		return st;
	case JOB_PHASE:
		for (size_t i = 0; i < job->count && !st && !stopped(h); i++)
			st = em_run_phase(s->run, job->m, h, err);
		return st;
	case JOB_BACK:
		position = em_run_entry(s->run)->step;
		if (position == 0)
			return em_fail(err, EM_USAGE, "this is the start; there is nothing before step 0");
		return em_run_goto(s->run, position > job->count ? position - job->count : 0, h, err);
	case JOB_GOTO:
		position = job->count;
		if (*job->name) {
			enum em_status found = labels_find(&s->labels, s->branches.all[s->branches.current].name, job->name, &position, err);
			if (found)
				return found;
		}
		return em_run_goto(s->run, position, h, err);
	default: return go_on(s, job, h, err);
	}
}

/* What is open stays as it is. */
static enum em_status selftest(struct session *s, const char *name, const struct em_hooks *h, struct em_err *err)
{
	struct buf b = {0};
	enum em_status st = selftest_run(selftest_trials, name, h, &b, err);
	s->said = b.len ? buf_take(&b) : NULL;
	buf_free(&b);
	return st;
}

/* Likewise. */
static enum em_status tell(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	const struct em_snapshot *now = NULL;
	enum em_status st = em_run_snapshot(s->run, &now, err);
	if (!st)
		st = job->kind == JOB_RACE ? race_run(now, job->count, h, &s->said, err) : evidence_frame(now, &job->ask, h, &s->said, err);
	em_snapshot_release(now);
	return st;
}

/* With the labels up to here. */
static enum em_status fork_here(struct session *s, const char *name, struct em_err *err)
{
	size_t from = s->branches.current;
	enum em_status st = branches_fork(s, name, err);
	const struct branches *b = &s->branches;
	return st ? st : labels_fork(&s->labels, b->all[from].name, b->all[b->current].name, b->all[b->current].at, err);
}

/* Labels of entries that are no more: of another run, or undone ones that a step went over. */
static void renew_labels(struct session *s, const struct job *job, const struct em_run *run, size_t before)
{
	const char *branch = s->branches.all[s->branches.current].name;
	bool anew = run != s->run && (job->kind == JOB_OPEN || job->kind == JOB_EXAMPLE || job->kind == JOB_RESTART || job->kind == JOB_SET);
	if (!s->run)
		return;
	size_t count = em_run_entries(s->run), now = em_run_entry(s->run)->step;
	bool steps = (job->kind >= JOB_STEP && job->kind <= JOB_PHASE) || job->kind == JOB_CONTINUE || job->kind == JOB_EDIT;
	bool stepped = steps && now > before && now + 1 == count;
	labels_cut(&s->labels, branch, anew ? 0 : stepped ? before + 1 : count);
}

static enum em_status branch_job(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	switch (job->kind) {
	case JOB_BRANCH: return fork_here(s, job->name, err);
	case JOB_SWITCH: return branches_switch(s, job->name, err);
	case JOB_COMPARE: return branches_compare(s, job->name, job->text, &s->said, err);
	case JOB_RESTARTS: return branches_restarts(s, job->count, h, &s->said, err);
	default: s->said = branches_list(s); return EM_OK;
	}
}

static enum em_status survey(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	struct seen *x = calloc(1, sizeof *x);
	if (!x)
		return em_no_memory(err);
	enum em_status st = em_run_landscape(s->run, &job->look, h, &x->l, err);
	if (st) {
		free(x);
		return st;
	}
	atomic_init(&x->refs, 1);
	seen_release(s->seen);
	s->seen = x;
	s->seen_now = true;
	return EM_OK;
}

static enum em_status go_beside(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	struct beside *other = NULL;
	enum em_status st = *job->text ? beside_new(s->world, s->settings, s->init, job->text, h, &other, err) : EM_OK;
	if (st)
		return st;
	beside_free(s->beside);
	s->beside = other;
	st = beside_follow(s->beside, s->run, h, err);
	s->said = beside_report(s->beside, s->run);
	return st;
}

static enum em_status study(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	const struct em_snapshot *now = NULL;
	struct study *x = NULL;
	enum em_status st = em_run_snapshot(s->run, &now, err);
	bool lab = s->study && s->study->lab && s->study->n == job->count && s->study->version == s->version; /* what is there stays */
	if (!st)
		st = study_new(now, job->count, s->version, job->m, lab || strcmp(job->name, "lab") == 0, h, &x, err);
	em_snapshot_release(now);
	if (st)
		return st;
	study_release(s->study);
	s->study = x;
	return EM_OK;
}

static enum em_status split(struct session *s, const struct em_hooks *h, struct em_err *err)
{
	struct em_run_parts parts;
	enum em_status st = em_run_split(s->run, STUDY_DRAWS, h, &parts, err);
	if (st)
		return st;
	s->parts = parts;
	s->split_of = s->version + 1;
	return EM_OK;
}

static enum em_status say_cause(struct session *s, const struct em_hooks *h, struct em_err *err)
{
	struct em_why *why = calloc(1, sizeof *why);
	enum em_status st = why ? em_run_why(s->run, h, why, err) : em_no_memory(err);
	if (!st && !(s->said = strdup(why->text)))
		st = em_no_memory(err);
	free(why);
	return st;
}

static enum em_status diagnose(struct session *s, const struct em_hooks *h, struct em_err *err)
{
	struct em_finding *f = NULL;
	size_t n = 0;
	struct buf b = {0};
	enum em_status st = em_run_diagnose(s->run, h, &f, &n, err);
	if (st)
		return st;
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%zu. %s\n", i + 1, f[i].text);
	if (n == 0)
		buf_puts(&b, "nothing was found: no empty, double, uniform or one-observation component, no saddle, no limit\n");
	free(f);
	s->said = buf_take(&b);
	return EM_OK;
}

/* The run and all that is known of it stay as they are. */
static bool looks_only(const struct job *job)
{
	enum job_kind k = job->kind;
	if (k == JOB_EVIDENCE) /* estimates come and go; what was found beside does not hang on them */
		return !job->ask.exact;
	return k == JOB_FRAME || k == JOB_LANDSCAPE || k == JOB_STUDY || k == JOB_SPLIT || k == JOB_SELFTEST || k == JOB_RACE || k == JOB_POINT || k == JOB_BIND || k == JOB_SAVE || k == JOB_SCRIPT || k == JOB_WHY || k == JOB_DIAGNOSE;
}

static enum em_status point_job(struct session *s, const struct job *job, struct buf *said, struct em_err *err)
{
	const struct em_snapshot *now = NULL;
	bool more = strcmp(job->name, "break") == 0 || strcmp(job->name, "watch") == 0 || strcmp(job->name, "catch") == 0;
	enum em_status st = s->run && more ? em_run_snapshot(s->run, &now, err) : EM_OK;
	if (!st)
		st = more ? breaks_add(&s->breaks, job->name, job->text, now, said, err) : breaks_change(&s->breaks, job->name, job->count, said, err);
	em_snapshot_release(now);
	return st;
}

/* A `continue` with something to wait for that ended without it. */
static enum em_status say_why(struct session *s, bool until, struct buf *said, struct em_err *err)
{
	const struct em_snapshot *now = NULL;
	enum em_status st = em_run_snapshot(s->run, &now, err);
	if (!st)
		buf_printf(said, "%s; %s%s\n", until ? "it never held" : "no break held", s->limit ? "stopped after max_iterations; " : "", now->verdict.text);
	em_snapshot_release(now);
	return st;
}

/* Steps, with an eye on the breaks and on the condition of `continue`. */
static enum em_status steps_job(struct session *s, const struct job *job, struct relay *r, const struct em_hooks *h, struct em_err *err)
{
	struct expr *until = NULL;
	const struct em_snapshot *now = NULL;
	enum em_status st = EM_OK;
	r->steps = job->kind == JOB_STEP || job->kind == JOB_PHASE || job->kind == JOB_CONTINUE;
	if (job->kind == JOB_CONTINUE && job->until.kind == UNTIL_HOLDS) {
		double truth;
		st = expr_parse(job->text, &until, err);
		r->until = until;
		if (!st)
			st = em_run_snapshot(s->run, &now, err);
		if (!st)
			st = expr_number(until, now, &truth, err);
		r->stopped = !st && holds(r, now);
		em_snapshot_release(now);
	}
	if (!st && !r->stopped)
		st = step_job(s, job, h, err);
	if (!st && !r->stopped && job->kind == JOB_CONTINUE && (until || s->breaks.count))
		st = say_why(s, until != NULL, &r->said, err);
	r->steps = false;
	r->until = NULL;
	expr_free(until);
	return st;
}

/* After a job that leads elsewhere. */
static void renew_breaks(struct session *s, struct buf *said)
{
	const struct em_snapshot *now = NULL;
	if (!s->breaks.count || !s->run || em_run_snapshot(s->run, &now, NULL))
		return;
	breaks_renew(&s->breaks, now, said);
	em_snapshot_release(now);
}

/* What there is to say of breaks, before what the job had to say. */
static void say_breaks(struct session *s, struct buf *said)
{
	while (said->len && said->s[said->len - 1] == '\n')
		said->s[--said->len] = '\0';
	if (said->len && s->said)
		buf_printf(said, "\n%s", s->said);
	if (said->len && !said->failed) {
		free(s->said);
		s->said = buf_take(said);
	}
	buf_free(said);
}

/* A file of the session, or where it goes from now on. */
static enum em_status file_job(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	if (job->kind == JOB_JOURNAL)
		return keep_journal(s, job->text, h, err);
	if (job->kind == JOB_SAVE)
		return keep_save(s, job->text, job->m, err);
	char *text = script_text(&s->script);
	enum em_status st = text ? file_write_whole(job->text, job->m, text, strlen(text), err) : em_no_memory(err);
	free(text);
	return st;
}

static bool is_session(const struct job *job)
{
	return job->kind == JOB_OPEN && strcmp(job->text, "-") != 0 && em_file_is(job->text);
}

/* What there is to keep of a job, however it ended: its line in the script, and all of the session in the journal. */
static enum em_status keep(struct session *s, const struct job *job, struct relay *r, enum em_status st, size_t before, struct em_err *err)
{
	struct em_err own = {0};
	enum em_status kept = r->lost;
	if (job->kind == JOB_JOURNAL || job->kind == JOB_SAVE || job->kind == JOB_SCRIPT)
		return st;
	if (!is_session(job)) {
		enum em_status noted = script_note(s, job, st, before, &own);
		kept = kept ? kept : noted;
	}
	if (r->lost)
		own = r->lost_why;
	if (!kept && (!looks_only(job) || job->kind == JOB_POINT || job->kind == JOB_EVIDENCE))
		kept = keep_job(s, &own);
	if (st || !kept)
		return st;
	if (err)
		*err = own;
	return kept;
}

static bool leads_elsewhere(enum job_kind kind)
{
	return kind == JOB_OPEN || kind == JOB_JOURNAL || kind == JOB_EXAMPLE || kind == JOB_RESTART || kind == JOB_BACK || kind == JOB_GOTO || kind == JOB_SET || kind == JOB_EDIT ||
	       kind == JOB_BRANCH || kind == JOB_SWITCH || kind == JOB_RESTARTS;
}

enum em_status session_perform(struct session *s, const struct job *job, const struct em_hooks *hooks,
                               struct em_err *err)
{
	struct relay r = {.s = s, .to = hooks};
	const struct em_hooks h = {&r, relay_cancelled, relay_progress, relay_stepped, relay_halt}, quiet = {&r, relay_cancelled, relay_progress, NULL, NULL};
	enum em_status st;
	const struct em_run *run = s->run; /* only to compare */
	size_t before = run ? em_run_entry(run)->step : 0;
	if (job->kind != JOB_SET && job->kind != JOB_EVIDENCE && !looks_only(job))
		s->limit = 0;
	if (!looks_only(job)) {
		s->seen_now = false;
		s->version++;
	}
	free(s->said);
	s->said = NULL;
	if (job->kind == JOB_EXAMPLE || job->kind == JOB_PRESET || (job->kind == JOB_OPEN && *job->name))
		st = opening_example(s, job, &h, err);
	else if (job->kind == JOB_OPEN)
		st = opening_path(s, job, &h, err);
	else if (job->kind == JOB_SET)
		st = opening_set(s, job, &h, err);
	else if (job->kind == JOB_SELFTEST)
		st = selftest(s, job->name, &h, err);
	else if (job->kind == JOB_JOURNAL && (s->run || em_file_is(job->text)))
		st = file_job(s, job, &h, err);
	else if (job->kind == JOB_POINT)
		st = point_job(s, job, &r.said, err);
	else if (job->kind == JOB_BIND)
		st = binds_put(&s->binds, job->name, job->text, err);
	else if (!s->run)
		return em_fail(err, EM_USAGE, "nothing is open; open data first");
	else if (job->kind == JOB_SAVE || job->kind == JOB_SCRIPT)
		st = file_job(s, job, &h, err);
	else if (job->kind == JOB_LANDSCAPE)
		st = survey(s, job, &h, err);
	else if (job->kind >= JOB_BRANCH && job->kind <= JOB_RESTARTS)
		st = branch_job(s, job, &quiet, err);
	else if (job->kind == JOB_LABEL)
		st = labels_put(&s->labels, s->branches.all[s->branches.current].name, em_run_entry(s->run)->step, job->name, err);
	else if (job->kind == JOB_WHY)
		st = say_cause(s, &quiet, err);
	else if (job->kind == JOB_DIAGNOSE)
		st = diagnose(s, &(struct em_hooks){.self = &r, .cancelled = relay_cancelled}, err);
	else if (job->kind == JOB_SPLIT)
		st = split(s, &h, err);
	else if (job->kind == JOB_STUDY)
		st = study(s, job, &h, err);
	else if (job->kind == JOB_RACE || job->kind == JOB_FRAME)
		st = tell(s, job, &quiet, err);
	else if (job->kind == JOB_EDIT)
		st = em_run_edit(s->run, &(struct em_edit){job->name, {job->at[0], job->at[1], job->at[2]}, job->value}, &h, err);
	else if (job->kind == JOB_BESIDE)
		st = go_beside(s, job, &h, err);
	else if (job->kind == JOB_EVIDENCE)
		st = em_run_evidence(s->run, &job->ask, &h, err);
	else if (job->kind == JOB_RESTART)
		st = opening_restart(s, job, &h, err);
	else
		st = steps_job(s, job, &r, &h, err);
	if (!st && leads_elsewhere(job->kind))
		renew_breaks(s, &r.said);
	if (!st && job->kind <= JOB_CONTINUE && job->kind >= JOB_STEP)
		st = beside_follow(s->beside, s->run, &h, err);
	if (job->kind != JOB_LABEL && job->kind != JOB_JOURNAL && !looks_only(job) && !is_session(job))
		renew_labels(s, job, run, before);
	st = keep(s, job, &r, st, before, err);
	say_breaks(s, &r.said);
	enum em_status shown = session_publish(s, st ? NULL : err);
	return st ? st : shown;
}
