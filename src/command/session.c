/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/session.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "elbow/store.h"

/* What a run stands on, shared by the pictures of it. */
struct world {
	atomic_size_t refs;
	struct em_data *data;
};

/* The public struct first, so that one pointer serves both. */
struct held {
	struct picture pub;
	atomic_size_t refs;
	struct world *world;
	const struct em_snapshot *owned; /* the run's */
	struct em_snapshot limited;      /* the same with the verdict of a limit; pub.run where that holds */
};

struct session {
	const struct em_setting_table *tables[5];
	size_t table_count;
	pthread_mutex_t lock;
	struct held *newest; /* behind lock */
	/* Touched only by the thread that performs jobs. */
	struct em_settings *settings;
	struct world *world;
	struct em_run *run;
	char path[1024];
	char init[1024];  /* the state file that step 0 came from, "" without */
	size_t limit;     /* iterations after which `continue` gave up; 0 when the last job was something else */
	double published; /* when, seconds of the monotonic clock */
};

static const struct em_setting rows[] = {
	{"max_iterations", EM_INTEGER, "1000", 1, 1e9, NULL, EM_EFFECT_NOW, "most iterations of one `continue`"},
};
static const struct em_setting_table own = {"session", rows, 1};

static void world_release(struct world *w)
{
	if (w && atomic_fetch_sub(&w->refs, 1) == 1) {
		em_data_free(w->data);
		free(w);
	}
}

void picture_release(const struct picture *p)
{
	struct held *h = (struct held *)(void *)(uintptr_t)p;
	if (!h || atomic_fetch_sub(&h->refs, 1) != 1)
		return;
	em_snapshot_release(h->owned);
	em_settings_release(h->pub.settings);
	world_release(h->world);
	free(h);
}

static double clock_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What the engine cannot know: `continue` ended at its limit and not at its condition. */
static void judge_limit(struct held *h, size_t limit)
{
	struct em_verdict *v = &h->limited.verdict;
	if (!limit || h->owned->verdict.kind != EM_NOT_CONVERGED)
		return;
	h->limited = *h->owned;
	v->kind = EM_LIMIT;
	snprintf(v->text, sizeof v->text, "stopped after max_iterations=%zu, %.150s", limit, h->owned->verdict.text);
	h->pub.run = &h->limited;
}

/* A new picture in place of the newest; when memory is short the old one stays. */
static enum em_status publish(struct session *s, struct em_err *err)
{
	struct held *h = calloc(1, sizeof *h);
	if (!h)
		return em_no_memory(err);
	atomic_init(&h->refs, 1);
	if (s->run) {
		enum em_status st = em_run_snapshot(s->run, &h->owned, err);
		if (st) {
			free(h);
			return st;
		}
		h->pub.run = h->owned;
		judge_limit(h, s->limit);
	}
	if (s->world) {
		h->world = s->world;
		atomic_fetch_add(&h->world->refs, 1);
		h->pub.data = s->world->data;
		h->pub.corpus = s->world->data->corpus;
		h->pub.name = s->world->data->name;
	}
	h->pub.settings = em_settings_retain(s->settings);
	pthread_mutex_lock(&s->lock);
	struct held *old = s->newest;
	s->newest = h;
	pthread_mutex_unlock(&s->lock);
	if (old)
		picture_release(&old->pub);
	s->published = clock_now();
	return EM_OK;
}

struct session *session_new(const struct em_setting_table *screen)
{
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	const struct em_setting_table *all[] = {em_model_at(0)->settings, &em_run_settings, &own, &em_corpus_settings, screen};
	for (size_t i = 0; i < 5; i++)
		if (all[i])
			s->tables[s->table_count++] = all[i];
	pthread_mutex_init(&s->lock, NULL);
	s->settings = em_settings_new(s->tables, s->table_count);
	if (!s->settings || publish(s, NULL)) {
		session_free(s);
		return NULL;
	}
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	if (s->newest)
		picture_release(&s->newest->pub);
	em_run_free(s->run);
	world_release(s->world);
	em_settings_release(s->settings);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const struct picture *session_picture(struct session *s)
{
	pthread_mutex_lock(&s->lock);
	struct held *h = s->newest;
	atomic_fetch_add(&h->refs, 1);
	pthread_mutex_unlock(&s->lock);
	return &h->pub;
}

/* ---- jobs ---- */

/* The caller's hooks with a picture made on the way. */
struct relay {
	struct session *s;
	const struct em_hooks *to;
};

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
	if (r->s->run && clock_now() - r->s->published > 0.03)
		publish(r->s, NULL); /* no memory for a picture is no reason to stop the run */
	if (r->to && r->to->stepped)
		r->to->stepped(r->to->self, e);
}

static enum em_status world_open(const char *path, const struct em_settings *settings, struct world **out,
                                 struct em_err *err)
{
	struct world *w = calloc(1, sizeof *w);
	if (!w)
		return em_no_memory(err);
	enum em_status st = em_data_open(EM_DATA_CORPUS, *path ? path : NULL, settings, &w->data, err);
	if (st) {
		free(w);
		return st;
	}
	atomic_init(&w->refs, 1);
	*out = w;
	return EM_OK;
}

/* A run on w, from a state file where init names one. The screen's settings and the session's are none of its. */
static enum em_status run_open(const struct world *w, const struct em_settings *all, const char *init,
                               const struct em_hooks *h, struct em_run **out, struct em_err *err)
{
	const struct em_model *model = em_model_at(0);
	const struct em_setting_table *tables[] = {model->settings, &em_run_settings, &em_corpus_settings};
	struct em_settings *settings = em_settings_rebase(all, tables, sizeof tables / sizeof tables[0]);
	struct em_state state = {0};
	struct em_given given = {0};
	enum em_status st = settings ? EM_OK : em_no_memory(err);
	if (!st && *init) {
		struct em_problem p = {model, w->data, settings, {0}};
		st = model->layout(w->data, settings, &p.layout, err);
		if (!st)
			st = em_state_read(init, &p, &state, err);
		given = (struct em_given){state.theta, state.q};
	}
	if (!st)
		st = em_run_new(model, w->data, settings, &em_evidence_exact, *init ? &given : NULL, h, out, err);
	em_state_free(&state);
	em_settings_release(settings);
	return st;
}

/* components as the state file has them. */
static enum em_status adopt_components(const char *init, struct em_settings **settings, struct em_err *err)
{
	char name[64], k[32];
	size_t components = 0;
	struct em_settings *next = NULL;
	enum em_status st = em_state_peek(init, name, sizeof name, &components, err);
	if (!st && !em_model_named(name))
		st = em_fail(err, EM_INPUT, "%s: a state of the model %s, which is not known here", init, name);
	snprintf(k, sizeof k, "%zu", components);
	if (!st)
		st = em_settings_with(*settings, "components", k, &next, err);
	if (!st) {
		em_settings_release(*settings);
		*settings = next;
	}
	return st;
}

/* Everything anew under `settings` (given up to this): data when path is not NULL, then a run. All or nothing. */
static enum em_status reopen(struct session *s, struct em_settings *settings, const char *path, const char *init,
                             const struct em_hooks *h, struct em_err *err)
{
	struct world *w = s->world;
	struct em_run *run = NULL;
	enum em_status st = *init ? adopt_components(init, &settings, err) : EM_OK;
	if (w)
		atomic_fetch_add(&w->refs, 1);
	if (!st && path) {
		world_release(w);
		w = NULL;
		st = world_open(path, settings, &w, err);
	}
	if (!st && w)
		st = run_open(w, settings, init, h, &run, err);
	if (st) {
		world_release(w);
		em_settings_release(settings);
		return st;
	}
	em_run_free(s->run);
	world_release(s->world);
	em_settings_release(s->settings);
	s->run = run;
	s->world = w;
	s->settings = settings;
	if (path)
		snprintf(s->path, sizeof s->path, "%s", path);
	if (init != s->init)
		snprintf(s->init, sizeof s->init, "%s", init);
	return EM_OK;
}

static struct em_settings *same_settings(const struct session *s)
{
	return em_settings_retain(s->settings);
}

/* The state file that a run begun anew for this setting comes from: where it began before, unless this says where. */
static const char *init_after(const struct session *s, const char *name)
{
	static const char *const where[] = {"components", "seed", "init"};
	for (size_t i = 0; i < sizeof where / sizeof where[0]; i++)
		if (strcmp(name, where[i]) == 0)
			return "";
	return s->init;
}

static enum em_status set(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	struct em_settings *next = NULL;
	enum em_status st = em_settings_with(s->settings, job->name, job->text, &next, err);
	if (st)
		return st;
	if (em_settings_same(s->settings, next)) { /* no reason to begin anew */
		em_settings_release(next);
		return EM_OK;
	}
	const struct em_setting *row = em_settings_row(s->settings, job->name);
	if (s->run && row->effect == EM_EFFECT_REOPEN && strcmp(s->path, "-") == 0) {
		em_settings_release(next);
		return em_fail(err, EM_USAGE, "%s: standard input cannot be read again; start with --set %s=%s", job->name,
		               job->name, job->text);
	}
	if (s->run && row->effect == EM_EFFECT_REOPEN)
		return reopen(s, next, s->path, "", h, err);
	if (s->run && row->effect == EM_EFFECT_RESTART)
		return reopen(s, next, NULL, init_after(s, job->name), h, err);
	const struct em_snapshot *now = s->newest ? s->newest->pub.run : NULL;
	if (s->run && now && em_settings_row(now->problem->settings, job->name))
		st = em_run_set(s->run, job->name, job->text, err);
	if (st) {
		em_settings_release(next);
		return st;
	}
	em_settings_release(s->settings);
	s->settings = next;
	return EM_OK;
}

/* What the entries of the last iteration gained together. */
static double iteration_gain(const struct em_snapshot *s)
{
	double gain = 0;
	for (size_t i = s->position; i > 0 && s->ledger[i].iteration == s->ledger[s->position].iteration; i--)
		gain += s->ledger[i].gain;
	return gain;
}

static bool reached(const struct session *s, const struct condition *c, const struct em_entry *e)
{
	struct em_err err;
	const struct em_snapshot *snap = NULL;
	switch (c->kind) {
	case UNTIL_ITERATION: return (double)e->iteration >= c->value;
	case UNTIL_ELBO: return e->elbo > c->value;
	case UNTIL_KL: return e->kl < c->value;
	case UNTIL_GAIN:
	case UNTIL_CONVERGED: break;
	}
	if (em_run_snapshot(s->run, &snap, &err))
		return true; /* no memory left: a good time to stop */
	bool done = snap->verdict.kind == EM_CONVERGED || snap->verdict.kind == EM_STALLED;
	if (c->kind == UNTIL_GAIN)
		done = iteration_gain(snap) < c->value;
	em_snapshot_release(snap);
	return done;
}

static enum em_status go_on(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	size_t most = (size_t)em_settings_number(s->settings, "max_iterations");
	for (size_t i = 0;; i++) {
		const struct em_entry *e = em_run_entry(s->run);
		if (job->until.kind == UNTIL_KL && isnan(e->kl))
			return em_fail(err, EM_USAGE, "KL is unknown here, for log p is (see evidence_budget, evidence_step); "
			                              "continue until gain < NATS works without");
		if (e->phase == EM_M && reached(s, &job->until, e))
			return EM_OK;
		if (i == most) {
			s->limit = most;
			return EM_OK;
		}
		enum em_status st = em_run_step(s->run, EM_ITERATION, h, err);
		if (st)
			return st;
	}
}

static enum em_status step_job(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	enum em_status st = EM_OK;
	size_t position;
	switch (job->kind) {
	case JOB_STEP:
		for (size_t i = 0; i < job->count && !st; i++)
			st = em_run_step(s->run, job->size, h, err);
		return st;
	case JOB_PHASE:
		for (size_t i = 0; i < job->count && !st; i++)
			st = em_run_phase(s->run, job->m, h, err);
		return st;
	case JOB_BACK:
		position = em_run_entry(s->run)->step;
		if (position == 0)
			return em_fail(err, EM_USAGE, "this is the start; there is nothing before step 0");
		return em_run_goto(s->run, position > job->count ? position - job->count : 0, h, err);
	case JOB_GOTO: return em_run_goto(s->run, job->count, h, err);
	default: return go_on(s, job, h, err);
	}
}

enum em_status session_perform(struct session *s, const struct job *job, const struct em_hooks *hooks,
                               struct em_err *err)
{
	struct relay r = {s, hooks};
	struct em_hooks h = {&r, relay_cancelled, relay_progress, relay_stepped};
	enum em_status st;
	if (job->kind != JOB_SET)
		s->limit = 0;
	if (job->kind == JOB_OPEN)
		st = reopen(s, same_settings(s), job->text, job->init, &h, err);
	else if (job->kind == JOB_SET)
		st = set(s, job, &h, err);
	else if (!s->run)
		return em_fail(err, EM_USAGE, "nothing is open; open a corpus first");
	else if (job->kind == JOB_RESTART)
		st = reopen(s, same_settings(s), NULL, *job->init ? job->init : s->init, &h, err);
	else
		st = step_job(s, job, &h, err);
	enum em_status shown = publish(s, st ? NULL : err);
	return st ? st : shown;
}
