/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

bool fit_brief(void)
{
	return getenv("ELBOW_VALGRIND") != NULL;
}

void fit_near(double a, double b, double room)
{
	if (!(fabs(a - b) <= room))
		fail_msg("%.17g and %.17g differ by %.3g, more than %.3g", a, b, a - b, room);
}

/* The model of "MODEL" or "MODEL SETTING=VALUE". */
static const struct em_model *model_of(const char *model)
{
	char name[32];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(model, " "), model);
	return em_model_named(name);
}

static void put(struct em_settings **s, const char *name, const char *value)
{
	struct em_settings *next = NULL;
	struct em_err err;
	if (em_settings_with(*s, name, value, &next, &err))
		fail_msg("%s", err.msg);
	em_settings_release(*s);
	*s = next;
}

struct em_settings *fit_settings(const char *model)
{
	const struct em_setting_table *tables[] = {model_of(model)->settings, &em_run_settings, &em_corpus_settings};
	struct em_settings *s = em_settings_new(tables, 3);
	char name[64];
	assert_non_null(s);
	const char *with = strchr(model, ' '), *equals = with ? strchr(with, '=') : NULL;
	if (equals) {
		snprintf(name, sizeof name, "%.*s", (int)(equals - with - 1), with + 1);
		put(&s, name, equals + 1);
	}
	return s;
}

void fit_open(struct fit *f, const char *model, struct em_corpus *corpus, struct em_data *data, const double *theta, ...)
{
	*f = (struct fit){.corpus = corpus, .owned = data, .settings = fit_settings(model)};
	if (corpus)
		f->of_corpus = (struct em_data){EM_DATA_CORPUS, "small", corpus->docs, corpus, NULL, NULL};
	f->data = corpus ? &f->of_corpus : data;
	va_list args;
	va_start(args, theta);
	for (const char *name; (name = va_arg(args, const char *));) {
		const char *value = va_arg(args, const char *);
		put(&f->settings, name, value);
	}
	va_end(args);
	struct em_given given = {.theta = theta};
	if (em_run_new(model_of(model), f->data, f->settings, NULL, theta ? &given : NULL, NULL, &f->run, &f->err))
		fail_msg("%s", f->err.msg);
}

void fit_close(struct fit *f)
{
	em_run_free(f->run);
	em_settings_release(f->settings);
	em_data_free(f->owned);
	if (f->corpus)
		small_free(f->corpus);
}

void fit_step(struct fit *f, enum em_size size)
{
	if (em_run_step(f->run, size, NULL, &f->err))
		fail_msg("%s", f->err.msg);
}

const struct em_entry *fit_entry(const struct fit *f)
{
	return em_run_entry(f->run);
}

const struct em_snapshot *fit_look(struct fit *f)
{
	const struct em_snapshot *s = NULL;
	if (em_run_snapshot(f->run, &s, &f->err))
		fail_msg("%s", f->err.msg);
	return s;
}

static double element(const struct em_array *a, unsigned count, const double *v, const char *name, size_t i, size_t j)
{
	for (unsigned x = 0; x < count; x++)
		if (strcmp(a[x].name, name) == 0)
			return v[a[x].offset + i * a[x].stride[0] + (a[x].rank > 1 ? j * a[x].stride[1] : 0)];
	fail_msg("no array %s", name);
	return NAN;
}

double fit_theta(const struct em_snapshot *s, const char *name, size_t i, size_t j)
{
	return element(s->problem->layout.theta, s->problem->layout.theta_arrays, s->theta, name, i, j);
}

double fit_q(const struct em_snapshot *s, const char *name, size_t i, size_t j)
{
	return element(s->problem->layout.q, s->problem->layout.q_arrays, s->q, name, i, j);
}

/* Every third document of a random corpus is emptied. */
static struct em_corpus *with_gaps(uint64_t seed, size_t docs, size_t terms, unsigned longest)
{
	unsigned *counts = calloc(docs * terms, sizeof *counts);
	for (size_t d = 0; d < docs; d++)
		for (unsigned i = 0, n = d % 3 == 1 ? 0 : 1 + (unsigned)(small_next(&seed) % longest); i < n; i++)
			counts[d * terms + (small_next(&seed) % terms + d) % (1 + small_next(&seed) % terms)]++;
	struct em_corpus *c = small_corpus(docs, terms, counts);
	free(counts);
	return c;
}

/* The numbers of one entry against one another; the parts of q against its shares. */
static void check_entry(struct fit *f)
{
	const struct em_snapshot *s = fit_look(f);
	const struct em_model *m = s->problem->model;
	const struct em_corpus *c = f->data->corpus;
	const struct em_entry *e = s->ledger + s->position;
	bool alpha = strcmp(s->problem->layout.theta[0].name, "alpha") == 0;
	size_t k = s->problem->layout.components;
	double elbo = 0, log_p = 0, kl = 0, size = 1 + fabs(e->elbo), *share = calloc(k, sizeof *share);
	for (size_t n = 0; n < c->docs; n++) {
		elbo += s->obs[n].elbo;
		log_p += s->obs[n].log_evidence;
		kl += s->obs[n].kl;
		assert_true(s->obs[n].kl >= -1e-10 && s->obs[n].log_evidence <= 0);
		if (c->length[n] == 0)
			assert_true(s->obs[n].log_evidence == 0 && s->obs[n].elbo == 0 && s->obs[n].kl == 0);
		m->shares(s->problem, s->q + n * s->problem->layout.q_stride, n, share);
		double sum = 0;
		for (size_t i = 0; i < k; i++)
			sum += share[i];
		fit_near(sum, 1, 1e-12);
		size_t pairs = c->row[n + 1] - c->row[n];
		double *part = calloc(pairs * k + 1, sizeof *part);
		assert_int_equal(m->parts(s->problem, s->theta_made, s->q + n * s->problem->layout.q_stride, n, 0, pairs, part,
		                          &f->err), EM_OK);
		double total = 0;
		for (size_t i = 0; alpha && i < k; i++)
			total += fit_theta(s, "alpha", i, 0);
		for (size_t i = 0; i < k && pairs && !s->inside; i++) {
			double mean = 0;
			for (size_t w = 0; w < pairs; w++)
				mean += c->count[c->row[n] + w] * part[w * k + i] / c->length[n];
			if (alpha) /* E[theta], the prior included */
				mean = (fit_theta(s, "alpha", i, 0) + mean * c->length[n]) / (total + c->length[n]);
			fit_near(mean, share[i], 1e-12);
		}
		free(part);
	}
	free(share);
	fit_near(elbo, e->elbo, 1e-11 * size);
	fit_near(log_p, e->log_evidence, 1e-11 * size);
	fit_near(kl, e->kl, 1e-11 * size);
	fit_near(e->elbo + e->kl, e->log_evidence, 1e-11 * size);
	if (e->phase == EM_E)
		fit_near(e->kl, 0, 1e-11 * size);
	em_snapshot_release(s);
}

void fit_check_random(const char *model)
{
	static const char *const ks[] = {"2", "1", "3", "5", "9", "17"};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 3 : 18); seed++) {
		struct fit f;
		bool lda = !strncmp(model, "lda", 3); /* many topics are too dear there */
		fit_open(&f, model, with_gaps(seed, 3 + seed % 8, 2 + seed % 9, lda ? 11 : 15), NULL, NULL, "components",
		         ks[lda ? seed % 4 : seed % 6], "init",
		         seed % 3 ? "random" : strcmp(model, "plsa") && !lda ? "observations" : "documents", NULL);
		struct em_entry before = *fit_entry(&f);
		for (int i = 0; i < 24; i++) {
			check_entry(&f);
			fit_step(&f, i % 8 == 7 ? EM_UNIT : EM_PHASE);
			const struct em_entry *e = fit_entry(&f);
			assert_true(e->elbo >= before.elbo - 1e-9);
			assert_true(e->log_evidence >= before.log_evidence - 1e-9);
			if (e->phase == EM_E)
				assert_true(e->log_evidence == before.log_evidence);
			before = *e;
		}
		fit_close(&f);
	}
}

static void same(const struct em_snapshot *a, const struct em_snapshot *b)
{
	const struct em_layout *l = &a->problem->layout;
	assert_memory_equal(a->theta, b->theta, l->theta_size * sizeof(double));
	assert_memory_equal(a->q, b->q, l->observations * l->q_stride * sizeof(double));
	const struct em_entry *x = a->ledger + a->position, *y = b->ledger + b->position;
	const double one[] = {x->elbo, x->kl, x->log_evidence}, two[] = {y->elbo, y->kl, y->log_evidence};
	assert_memory_equal(one, two, sizeof one); /* unknown ones too */
}

void fit_check_threads(const char *model)
{
	struct fit one, many;
	fit_open(&one, model, small_random(3, 70, 40, 30), NULL, NULL, "components", strncmp(model, "lda", 3) ? "5" : "3", "threads", "1", NULL);
	fit_open(&many, model, small_random(3, 70, 40, 30), NULL, NULL, "components", strncmp(model, "lda", 3) ? "5" : "3", "threads", "3", NULL);
	for (int i = 0; i < 10; i++) {
		fit_step(&one, EM_PHASE);
		fit_step(&many, EM_PHASE);
		const struct em_snapshot *a = fit_look(&one), *b = fit_look(&many);
		same(a, b);
		em_snapshot_release(a);
		em_snapshot_release(b);
	}
	fit_close(&one);
	fit_close(&many);
}

void fit_check_units(const char *model)
{
	bool lda = !strncmp(model, "lda", 3); /* the topics are all there is of its M-step */
	struct fit whole, parts;
	fit_open(&whole, model, with_gaps(5, 12, 9, 12), NULL, NULL, "components", "3", NULL);
	fit_open(&parts, model, with_gaps(5, 12, 9, 12), NULL, NULL, "components", "3", NULL);
	for (int phase = 0; phase < 8; phase++) {
		fit_step(&whole, EM_PHASE);
		size_t count = 0;
		do {
			fit_step(&parts, count == 5 ? EM_SWEEP : EM_UNIT);
			check_entry(&parts);
			assert_true(++count < 100);
		} while (fit_entry(&parts)->phase != EM_E && fit_entry(&parts)->phase != EM_M);
		assert_true(count > 1 || (fit_entry(&parts)->phase == EM_M && lda));
		const struct em_snapshot *a = fit_look(&whole), *b = fit_look(&parts);
		const struct em_layout *l = &a->problem->layout;
		assert_memory_equal(a->theta, b->theta, l->theta_size * sizeof(double));
		assert_memory_equal(a->q, b->q, l->observations * l->q_stride * sizeof(double));
		fit_near(fit_entry(&whole)->elbo, fit_entry(&parts)->elbo, 1e-9);
		em_snapshot_release(a);
		em_snapshot_release(b);
	}
	fit_close(&whole);
	fit_close(&parts);
}

void fit_check_back(const char *model)
{
	struct fit f;
	const struct em_snapshot *all[14];
	uint64_t rng = 4;
	fit_open(&f, model, with_gaps(9, 14, 8, 12), NULL, NULL, "components", "3", NULL);
	all[0] = fit_look(&f);
	for (size_t i = 1; i < 14; i++) {
		fit_step(&f, i % 5 == 3 ? EM_UNIT : EM_PHASE);
		all[i] = fit_look(&f);
	}
	for (int i = 0; i < 30; i++) {
		size_t to = small_next(&rng) % 14;
		if (em_run_goto(f.run, to, NULL, &f.err))
			fail_msg("%s", f.err.msg);
		const struct em_snapshot *s = fit_look(&f);
		assert_int_equal(s->position, to);
		same(all[to], s);
		em_snapshot_release(s);
	}
	for (size_t i = 0; i < 14; i++)
		em_snapshot_release(all[i]);
	fit_close(&f);
}
