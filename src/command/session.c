/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/held.h"

static const struct em_setting rows[] = {
	{"model", EM_CHOICE, "lda", 0, 0, em_model_names, EM_EFFECT_REOPEN, "the latent-variable model"},
	{"max_iterations", EM_INTEGER, "1000", 1, 1e9, NULL, EM_EFFECT_NOW, "most iterations of one `continue`"},
};
static const struct em_setting_table own = {"session", rows, sizeof rows / sizeof rows[0]};

size_t session_tables(const struct session *s, const struct em_model *m, const struct em_setting_table *out[SESSION_TABLES])
{
	size_t n = 0;
	out[n++] = m->settings;
	out[n++] = &em_run_settings;
	out[n++] = &own;
	out[n++] = em_data_settings(m->takes);
	if (s->screen)
		out[n++] = s->screen;
	return n;
}

void seen_release(struct seen *x)
{
	if (!x || atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	em_landscape_free(x->l);
	free(x);
}

void picture_release(const struct picture *p)
{
	struct held *h = (struct held *)(void *)(uintptr_t)p;
	if (!h || atomic_fetch_sub(&h->refs, 1) != 1)
		return;
	em_snapshot_release(h->owned);
	em_settings_release(h->pub.settings);
	world_release(h->world);
	free(h->said);
	free(h->breaks);
	free(h->labels);
	free(h->binds);
	free(h->path);
	study_release(h->study);
	seen_release(h->seen);
	free(h);
}

double session_clock(void)
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
	snprintf(v->text, sizeof v->text, "%s: max_iterations=%zu; %.250s", em_verdict_word(EM_LIMIT), limit, h->owned->verdict.text);
	h->pub.run = &h->limited;
}

enum em_status session_publish(struct session *s, struct em_err *err)
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
		h->world = world_retain(s->world);
		h->pub.data = world_data(s->world);
		h->pub.corpus = h->pub.data->corpus;
		h->pub.name = h->pub.data->name;
		h->pub.example = world_example(s->world);
	}
	h->pub.settings = em_settings_retain(s->settings);
	h->pub.said = h->said = s->said ? strdup(s->said) : NULL;
	struct buf points = {0};
	breaks_list(&s->breaks, &points);
	h->pub.breaks = h->breaks = buf_take(&points);
	if (s->binds.count && (h->binds = malloc(s->binds.count * sizeof *h->binds))) {
		memcpy(h->binds, s->binds.all, s->binds.count * sizeof *h->binds);
		h->pub.binds = h->binds;
		h->pub.bound = s->binds.count;
	}
	struct buf labels = {0};
	labels_list(&s->labels, s->branches.all[s->branches.current].name, &labels);
	if (labels.len) /* lines end between, not behind */
		labels.s[--labels.len] = '\0';
	h->pub.labels = h->labels = buf_take(&labels);
	if (s->seen) {
		atomic_fetch_add(&s->seen->refs, 1);
		h->seen = s->seen;
		h->pub.landscape = s->seen->l;
		h->pub.landscape_now = s->seen_now;
	}
	h->pub.split = s->split_of == s->version + 1;
	h->pub.parts = s->parts;
	if (s->study && s->study->version == s->version)
		h->pub.study = h->study = study_retain(s->study);
	h->pub.beside = h->path = beside_path(s->beside);
	h->pub.version = s->version;
	memcpy(h->pub.branch, s->branches.all[s->branches.current].name, sizeof h->pub.branch);
	h->pub.branches = s->branches.count;
	pthread_mutex_lock(&s->lock);
	struct held *old = s->newest;
	s->newest = h;
	pthread_mutex_unlock(&s->lock);
	if (old)
		picture_release(&old->pub);
	s->published = session_clock();
	return EM_OK;
}

struct session *session_new(const struct em_setting_table *screen)
{
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	const struct em_setting_table *tables[SESSION_TABLES];
	s->screen = screen;
	pthread_mutex_init(&s->lock, NULL);
	s->settings = em_settings_new(tables, session_tables(s, em_model_at(0), tables));
	if (!s->settings || branches_init(&s->branches, NULL) || session_publish(s, NULL)) {
		session_free(s);
		return NULL;
	}
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	keep_close(s);
	if (s->newest)
		picture_release(&s->newest->pub);
	seen_release(s->seen);
	beside_free(s->beside);
	study_release(s->study);
	branches_free(&s->branches);
	breaks_free(&s->breaks);
	script_free(&s->script);
	labels_free(&s->labels);
	em_run_free(s->run);
	world_release(s->world);
	em_settings_release(s->settings);
	free(s->said);
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
