/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/world.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elbow/store.h"

struct world {
	atomic_size_t refs;
	struct em_data *data;
	const struct em_example *example;
	uint64_t sum;
	bool summed;
};

enum em_status world_open(const struct em_model *model, const char *path, const struct em_example *example,
                          const struct em_settings *settings, struct world **out, struct em_err *err)
{
	struct world *w = calloc(1, sizeof *w);
	if (!w)
		return em_no_memory(err);
	enum em_status st = example ? example->make(settings, &w->data, err)
	                            : em_data_open(model->takes, *path ? path : NULL, settings, &w->data, err);
	if (st) {
		free(w);
		return st;
	}
	atomic_init(&w->refs, 1);
	w->example = example;
	*out = w;
	return EM_OK;
}

struct world *world_retain(struct world *w)
{
	if (w)
		atomic_fetch_add(&w->refs, 1);
	return w;
}

void world_release(struct world *w)
{
	if (w && atomic_fetch_sub(&w->refs, 1) == 1) {
		em_data_free(w->data);
		free(w);
	}
}

const struct em_data *world_data(const struct world *w)
{
	return w->data;
}

uint64_t world_sum(struct world *w)
{
	if (!w->summed)
		w->sum = em_data_sum(w->data);
	w->summed = true;
	return w->sum;
}

const struct em_example *world_example(const struct world *w)
{
	return w->example;
}

const struct em_model *world_model(const struct em_settings *s)
{
	return em_model_at((size_t)em_settings_number(s, "model"));
}

/* ---- settings of an example ---- */

enum em_status world_preset(const struct em_example *e, struct em_settings **settings, struct em_err *err)
{
	enum em_status st = EM_OK;
	bool first = strcmp(em_settings_text(*settings, "model"), e->models[0]) == 0;
	for (size_t i = 0; !st && e->settings && e->settings[i][0]; i++) {
		const char *name = e->settings[i][0];
		/* a model beside the first may lack some, and has no published start */
		if (em_settings_row(*settings, name) && (first || strcmp(name, "init") != 0))
			st = em_settings_put(settings, name, e->settings[i][1], err);
	}
	return st;
}

enum em_status world_renew(const struct em_example *e, struct em_settings **settings, struct em_err *err)
{
	enum em_status st = EM_OK;
	char now[256];
	bool first = strcmp(em_settings_text(*settings, "model"), e->models[0]) == 0;
	for (size_t i = 0; !st && e->settings && e->settings[i][0]; i++) {
		const struct em_setting *row = em_settings_row(*settings, e->settings[i][0]);
		if (row && (first || strcmp(row->name, "init") != 0) &&
		    strcmp(em_settings_show(*settings, row->name, now, sizeof now), row->fallback) == 0)
			st = em_settings_put(settings, row->name, e->settings[i][1], err);
	}
	return st;
}

enum em_status world_unset(const struct em_example *e, struct em_settings **settings, struct em_err *err)
{
	enum em_status st = EM_OK;
	char now[256];
	for (size_t i = 0; !st && e->settings && e->settings[i][0]; i++) {
		const struct em_setting *row = em_settings_row(*settings, e->settings[i][0]);
		if (row && strcmp(em_settings_show(*settings, row->name, now, sizeof now), e->settings[i][1]) == 0)
			st = em_settings_put(settings, row->name, row->fallback, err);
	}
	return st;
}

enum em_status world_forget(struct em_settings **settings, struct em_err *err)
{
	static const char *const names[] = {"text", "title", "id", "columns"};
	enum em_status st = EM_OK;
	for (size_t i = 0; !st && i < sizeof names / sizeof names[0]; i++)
		if (em_settings_row(*settings, names[i]))
			st = em_settings_put(settings, names[i], em_settings_row(*settings, names[i])->fallback, err);
	return st;
}

enum em_status world_with(const char *lines, struct em_settings **settings, struct em_err *err)
{
	enum em_status st = EM_OK;
	for (const char *end; !st && *lines; lines = *end ? end + 1 : end) {
		char pair[512];
		end = lines + strcspn(lines, "\n");
		snprintf(pair, sizeof pair, "%.*s", (int)(end - lines), lines);
		char *value = strchr(pair, '=');
		if (!value)
			return em_fail(err, EM_USAGE, "\"%s\" is no NAME=VALUE", pair);
		*value++ = '\0';
		st = em_settings_put(settings, pair, value, err);
	}
	return st;
}

/* ---- the run ---- */

static const struct em_array *array_named(const struct em_layout *l, const char *name)
{
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, name) == 0)
			return l->theta + i;
	return NULL;
}

static enum em_status put_array(const struct em_array *a, const struct em_start *from, double *theta, struct em_err *err)
{
	size_t d1 = a->rank > 1 ? a->dim[1] : 1, d2 = a->rank > 2 ? a->dim[2] : 1, at = 0;
	if (a->dim[0] * d1 * d2 != from->count)
		return em_fail(err, EM_USAGE, "the published start has %zu numbers for %s, these settings need %zu; choose another "
		               "`init`", from->count, a->name, a->dim[0] * d1 * d2);
	for (size_t i = 0; i < a->dim[0]; i++)
		for (size_t j = 0; j < d1; j++)
			for (size_t k = 0; k < d2; k++)
				theta[a->offset + i * a->stride[0] + j * a->stride[1] + k * a->stride[2]] = from->values[at++];
	return EM_OK;
}

/* theta as the example was published; owned by the caller (free). */
static enum em_status published(const struct em_example *e, const struct em_layout *l, double **out, struct em_err *err)
{
	double *theta = aligned_alloc(64, (l->theta_size * sizeof *theta + 64) / 64 * 64);
	enum em_status st = EM_OK;
	if (!theta)
		return em_no_memory(err);
	memset(theta, 0, l->theta_size * sizeof *theta);
	for (const struct em_start *s = e->starts; !st && s->array; s++) {
		const struct em_array *a = array_named(l, s->array);
		if (a)
			st = put_array(a, s, theta, err);
	}
	if (st)
		free(theta);
	else
		*out = theta;
	return st;
}

bool world_published(const struct world *w, const struct em_settings *s)
{
	const struct em_example *e = w->example;
	const struct em_model *model = world_model(s);
	return e && e->starts && strcmp(e->models[0], model->name) == 0 && em_settings_row(s, "init") &&
	       strcmp(em_settings_text(s, "init"), "given") == 0;
}

enum em_status world_run(const struct world *w, const struct em_settings *all, const char *init,
                         const struct em_hooks *h, struct em_run **out, struct em_err *err)
{
	const struct em_model *model = world_model(all);
	const struct em_setting_table *tables[] = {model->settings, &em_run_settings, em_data_settings(w->data->kind)};
	struct em_settings *settings = em_settings_rebase(all, tables, sizeof tables / sizeof tables[0]);
	struct em_state state = {0};
	enum em_status st = settings ? EM_OK : em_no_memory(err);
	bool given = false;
	if (!st && model->takes != w->data->kind)
		st = em_fail(err, EM_USAGE, "%s takes other data than %s; open a file for it, or an example (`open example`)",
		             model->name, w->data->name);
	if (!st && (*init || world_published(w, all))) {
		struct em_problem p = {em_model_under(model, settings), w->data, settings, {0}};
		given = true;
		st = p.model->layout(w->data, settings, &p.layout, err);
		if (!st)
			st = *init ? em_state_read(init, &p, &state, err) : published(w->example, &p.layout, &state.theta, err);
	}
	struct em_given from = {state.theta, state.q, state.made};
	if (!st)
		st = em_run_new(model, w->data, settings, &em_evidence_exact, given ? &from : NULL, h, out, err);
	em_state_free(&state);
	em_settings_release(settings);
	return st;
}
