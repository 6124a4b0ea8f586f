/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening: data, examples and runs that begin anew, also those that a setting asks for. */
#include <stdio.h>
#include <string.h>

#include "command/held.h"
#include "command/opening.h"
#include "elbow/store.h"

/* components as the state file has them. */
static enum em_status adopt_components(const char *init, struct em_settings **settings, struct em_err *err)
{
	char name[64], k[32];
	size_t components = 0;
	enum em_status st = em_state_peek(init, name, sizeof name, &components, err);
	const char *model = world_model(*settings)->name;
	if (!st && strcmp(name, model) != 0)
		st = em_fail(err, EM_INPUT, "%s: a state of the model %s; this run is of %s (set model first, or -m %s)", init, name,
		             model, name);
	const struct em_setting *row = em_settings_row(*settings, "components");
	if (!row || row->min == row->max)
		return st;
	snprintf(k, sizeof k, "%zu", components);
	return st ? st : em_settings_put(settings, "components", k, err);
}

/* What to open: the data that are open when neither a path nor an example is given. */
struct place {
	const char *path; /* "": the built-in corpus */
	const struct em_example *example;
	const char *init; /* a state file, or "" */
};

/* Everything anew under `settings` (given up to this): data where `at` names some, then a run. All or nothing. */
static enum em_status reopen(struct session *s, struct em_settings *settings, const struct place *at,
                             const struct em_hooks *h, struct em_err *err)
{
	struct world *w = world_retain(s->world);
	struct em_run *run = NULL;
	enum em_status st = *at->init ? adopt_components(at->init, &settings, err) : EM_OK;
	if (!st && (at->path || at->example)) {
		world_release(w);
		w = NULL;
		st = world_open(world_model(settings), at->path, at->example, settings, &w, err);
	}
	if (!st && w)
		st = world_run(w, settings, at->init, h, &run, err);
	if ((st == EM_USAGE || st == EM_INPUT) && w && !*at->init && world_published(w, settings)) {
		/* an example's start fits its own settings only; with others the model's default begins */
		st = em_settings_put(&settings, "init", em_settings_row(settings, "init")->fallback, err);
		st = st ? st : world_run(w, settings, "", h, &run, err);
	}
	if (st) {
		world_release(w);
		em_settings_release(settings);
		return st;
	}
	seen_release(s->seen);
	s->seen = NULL;
	beside_free(s->beside);
	s->beside = NULL;
	em_run_free(s->run);
	world_release(s->world);
	em_settings_release(s->settings);
	s->run = run;
	s->world = w;
	s->settings = settings;
	if (at->path || at->example)
		snprintf(s->path, sizeof s->path, "%s", at->path ? at->path : "");
	if (at->init != s->init)
		snprintf(s->init, sizeof s->init, "%s", at->init);
	return EM_OK;
}

/* The same values for the tables of another model; *settings is given up. */
static enum em_status for_model(const struct session *s, const struct em_model *m, struct em_settings **settings,
                                struct em_err *err)
{
	const struct em_setting_table *tables[SESSION_TABLES];
	struct em_settings *next = em_settings_rebase(*settings, tables, session_tables(s, m, tables));
	em_settings_release(*settings);
	*settings = next;
	return next ? EM_OK : em_no_memory(err);
}

static bool takes(const struct em_example *e, const struct em_model *m)
{
	for (size_t i = 0; e && e->models[i]; i++)
		if (strcmp(e->models[i], m->name) == 0)
			return true;
	return false;
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

/* Data and run after a change of the setting `row` to what `next` (given up) says. */
static enum em_status set_anew(struct session *s, const struct em_setting *row, struct em_settings *next,
                               const struct em_hooks *h, struct em_err *err)
{
	const struct em_example *e = world_example(s->world);
	bool drawn = e && e->seeded && strcmp(row->name, "seed") == 0;
	struct place at = {NULL, NULL, ""};
	if (row->effect != EM_EFFECT_REOPEN && !drawn) {
		at.init = init_after(s, row->name);
		return reopen(s, next, &at, h, err);
	}
	if (strcmp(s->path, "-") == 0) {
		em_settings_release(next);
		return em_fail(err, EM_USAGE, "%s: standard input cannot be read again; start with --set %s=...", row->name, row->name);
	}
	at.path = s->path;
	at.example = takes(e, world_model(next)) ? e : NULL;
	if (e && !at.example) {
		em_settings_release(next);
		return em_fail(err, EM_USAGE, "%s is no example for this model; open data of its own, or an example: `open example`",
		               e->name);
	}
	return reopen(s, next, &at, h, err);
}

enum em_status opening_set(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
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
	if (strcmp(row->name, "model") == 0)
		st = for_model(s, world_model(next), &next, err);
	if (!st && s->world && strcmp(row->name, "model") == 0 && takes(world_example(s->world), world_model(next)))
		st = world_renew(world_example(s->world), &next, err);
	if (!st && s->run && (row->effect == EM_EFFECT_REOPEN || row->effect == EM_EFFECT_RESTART))
		return set_anew(s, row, next, h, err);
	/* A setting of the session or the screen is none of the run's. */
	const struct em_snapshot *now = s->newest ? s->newest->pub.run : NULL;
	if (!st && s->run && now && em_settings_row(now->problem->settings, job->name))
		st = em_run_set(s->run, job->name, job->text, err);
	if (!st)
		beside_set(s->beside, job->name, job->text);
	if (st) {
		em_settings_release(next);
		return st;
	}
	em_settings_release(s->settings);
	s->settings = next;
	return EM_OK;
}

/* The settings with the model that lines "NAME=VALUE" name, if they do; *settings is given up. */
static enum em_status with_model(const struct session *s, const char *lines, struct em_settings **settings, struct em_err *err)
{
	char name[64];
	const char *at = strncmp(lines, "model=", 6) == 0 ? lines + 6 : strstr(lines, "\nmodel=");
	if (!at)
		return EM_OK;
	at += *at == '\n' ? 7 : 0;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "\n"), at);
	enum em_status st = em_settings_put(settings, "model", name, err);
	return st ? st : for_model(s, world_model(*settings), settings, err);
}

/* Settings for an example: its model (or the one in use, if it is for that), what it wants, nothing of another's. */
static enum em_status settings_for(const struct session *s, const struct em_example *e, const char *with, struct em_settings **out,
                                   struct em_err *err)
{
	enum em_status st = EM_OK;
	*out = em_settings_retain(s->settings);
	if (s->world && world_example(s->world))
		st = world_unset(world_example(s->world), out, err);
	if (!st)
		st = with_model(s, with, out, err);
	const struct em_model *m = world_model(*out);
	if (!st && !takes(e, m)) {
		m = em_model_named(e->models[0]);
		st = em_settings_put(out, "model", m->name, err);
		if (!st)
			st = for_model(s, m, out, err);
	}
	if (!st)
		st = world_preset(e, out, err);
	if (!st)
		st = world_with(with, out, err);
	if (st)
		em_settings_release(*out);
	return st;
}

static enum em_status unknown_example(const char *name, struct em_err *err)
{
	char list[240] = "";
	size_t n = 0;
	for (size_t i = 0; em_example_at(i) && n < sizeof list; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", em_example_at(i)->name);
	return em_fail(err, EM_USAGE, "no example \"%s\"; there are %s", name, list);
}

enum em_status opening_example(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	const struct em_example *e = em_example_named(job->name);
	struct em_settings *next = NULL;
	if (!e)
		return unknown_example(job->name, err);
	struct place at = {NULL, e, job->init};
	enum em_status st = job->kind == JOB_OPEN ? EM_OK : settings_for(s, e, job->with, &next, err);
	if (st)
		return st;
	if (job->kind == JOB_OPEN) /* the settings were chosen before */
		return takes(e, world_model(s->settings)) ? reopen(s, same_settings(s), &at, h, err)
		                                          : em_fail(err, EM_USAGE, "%s is an example for %s, not for %s", e->name,
		                                                    e->models[0], world_model(s->settings)->name);
	if (job->kind == JOB_EXAMPLE)
		return reopen(s, next, &at, h, err);
	em_settings_release(s->settings);
	s->settings = next;
	return EM_OK;
}

/* Data at a path, without the settings of the example that was open. */
enum em_status opening_path(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	if (strcmp(job->text, "-") != 0 && em_file_is(job->text)) {
		if (*job->with || *job->init)
			return em_fail(err, EM_USAGE, "%s: a session, which has its settings and its start; open it without others", job->text);
		return keep_open(s, job->text, h, err);
	}
	struct em_settings *next = same_settings(s);
	enum em_status st = s->world && world_example(s->world) ? world_unset(world_example(s->world), &next, err) : EM_OK;
	if (!st && s->world && strcmp(s->path, job->text) != 0)
		st = world_forget(&next, err);
	if (!st)
		st = with_model(s, job->with, &next, err);
	if (!st)
		st = world_with(job->with, &next, err);
	if (st) {
		em_settings_release(next);
		return st;
	}
	struct place at = {job->text, NULL, job->init};
	return reopen(s, next, &at, h, err);
}

enum em_status opening_restart(struct session *s, const struct job *job, const struct em_hooks *h, struct em_err *err)
{
	return reopen(s, same_settings(s), &(struct place){NULL, NULL, *job->init ? job->init : s->init}, h, err);
}
