/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What may be wrong with a fit: each trouble made on purpose is found, and a sound fit has none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elbow/diagnose.h"
#include "elbow/example.h"
#include "fit.h"

/* The findings of a kind; all is checked for being a sentence. */
static size_t found(struct em_run *r, enum em_trouble kind, struct em_finding *first)
{
	struct em_finding *f = NULL;
	size_t n = 0, count = 0;
	struct em_err err;
	if (em_run_diagnose(r, NULL, &f, &n, &err))
		fail_msg("%s", err.msg);
	for (size_t i = n; i-- > 0;) {
		assert_true(strlen(f[i].text) > 20 && strlen(f[i].text) < sizeof f[i].text - 1);
		count += f[i].kind == kind;
		if (f[i].kind == kind && first)
			*first = f[i];
	}
	free(f);
	return count;
}

static void test_components(void **state)
{
	(void)state;
	struct fit f;
	struct em_finding x;
	/* Three kinds of documents, nine components: what is left over is empty, alike, or one document alone. */
	static const unsigned counts[] = {9, 9, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 9, 9, 0, 0, 0, 0, 7, 9, 0, 0, 0, 0, 0, 0, 9, 9, 0, 0, 0, 0, 9, 8};
	fit_open(&f, "unigrams", small_corpus(6, 6, counts), NULL, NULL, "components", "6", NULL);
	for (int i = 0; i < 30; i++)
		fit_step(&f, EM_ITERATION);
	assert_true(found(f.run, EM_TROUBLE_ONE, &x) + found(f.run, EM_TROUBLE_EMPTY, NULL) + found(f.run, EM_TROUBLE_DUPLICATE, NULL) > 0);
	fit_close(&f);
	double theta[4 * 8] = {0};
	for (size_t k = 0; k < 2; k++) /* two topics, four words: one is flat, and both are the same */
		for (size_t v = 0; v < 3; v++)
			theta[8 + v * 8 + k] = 1.0 / 3;
	theta[0] = theta[1] = 0.5;
	double four[5 * 8] = {0.5, 0.5};
	for (size_t v = 0; v < 4; v++) {
		four[8 + v * 8] = 0.25;
		four[8 + v * 8 + 1] = v == 0 ? 0.7 : 0.1;
	}
	static const unsigned words[] = {3, 1, 0, 2, 0, 2, 4, 1, 5, 0, 1, 1};
	fit_open(&f, "lda", small_corpus(3, 4, words), NULL, four, "components", "2", NULL);
	assert_int_equal(found(f.run, EM_TROUBLE_UNIFORM, &x), 1);
	assert_int_equal(x.component, 0);
	assert_int_equal(found(f.run, EM_TROUBLE_DUPLICATE, NULL), 0);
	fit_close(&f);
	static const unsigned three[] = {3, 1, 2, 2, 4, 1};
	fit_open(&f, "lda", small_corpus(2, 3, three), NULL, theta, "components", "2", NULL);
	assert_int_equal(found(f.run, EM_TROUBLE_DUPLICATE, &x), 1);
	assert_true(x.component == 0 && x.other == 1 && x.number < 1e-6);
	fit_close(&f);
}

static void test_alpha_and_limits(void **state)
{
	(void)state;
	struct fit f;
	struct em_finding x;
	fit_open(&f, "lda", small_random(3, 12, 15, 20), NULL, NULL, "components", "3", "alpha", "5000", "e_sweeps", "1", NULL);
	fit_step(&f, EM_ITERATION);
	assert_int_equal(found(f.run, EM_TROUBLE_ALPHA, &x), 3);
	assert_true(x.number == 5000);
	fit_close(&f);
	fit_open(&f, "lda", small_random(3, 12, 15, 20), NULL, NULL, "components", "3", "e_sweeps", "1", NULL);
	fit_step(&f, EM_ITERATION);
	assert_int_equal(found(f.run, EM_TROUBLE_CAPPED, &x), 1);
	assert_true(x.number >= 1);
	fit_close(&f);
}

static void explained(struct fit *f, char *text, size_t size)
{
	const struct em_snapshot *s = fit_look(f);
	em_snapshot_explain(s, text, size);
	em_snapshot_release(s);
}

/* Documents all alike have their best alpha at infinity: where it is stopped the step says so. One topic's alpha is of no account. */
static void test_no_finite_maximum(void **state)
{
	(void)state;
	static const unsigned alike[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
	static const char *const update[] = {"symmetric", "vector"};
	for (int i = 0; i < 4; i++) {
		struct fit f;
		char text[1200];
		fit_open(&f, "lda", small_corpus(3, 3, alike), NULL, NULL, "components", "2", "alpha", i < 2 ? "9999" : "100", "alpha_update", update[i % 2],
		         NULL);
		fit_step(&f, EM_ITERATION);
		explained(&f, text, sizeof text);
		assert_int_equal(strstr(text, "no finite maximum in α, all documents are alike") != NULL, i < 2);
		fit_step(&f, EM_PHASE);
		explained(&f, text, sizeof text);
		assert_null(strstr(text, "no finite maximum")); /* an E-step leaves alpha alone */
		fit_close(&f);
	}
	for (int i = 0; i < 2; i++) {
		struct fit f;
		fit_open(&f, "lda", small_corpus(3, 3, alike), NULL, NULL, "components", "1", "alpha", "0.5", "alpha_update", update[i], NULL);
		fit_step(&f, EM_ITERATION);
		const struct em_snapshot *s = fit_look(&f);
		assert_true(fit_theta(s, "alpha", 0, 0) == 0.5);
		em_snapshot_release(s);
		fit_close(&f);
	}
}

/* Old Faithful's waits from equal means never leave them: a push does. And the even document of the example `saddle`. */
static void test_saddles(void **state)
{
	(void)state;
	const struct em_model *gmm = em_model_named("gmm");
	const struct em_setting_table *tables[] = {gmm->settings, &em_run_settings, em_data_settings(EM_DATA_POINTS)};
	struct em_settings *s = em_settings_new(tables, 3);
	struct em_data *data;
	struct em_run *run;
	struct em_err err;
	struct em_finding x;
	assert_int_equal(em_settings_put(&s, "components", "2", &err), EM_OK);
	assert_int_equal(em_example_named("waiting")->make(s, &data, &err), EM_OK);
	struct em_problem p = {gmm, data, s, {0}};
	assert_int_equal(gmm->layout(data, s, &p.layout, &err), EM_OK);
	for (int equal = 0; equal < 2; equal++) {
		double *theta = aligned_alloc(64, (p.layout.theta_size * 8 + 64) / 64 * 64);
		memset(theta, 0, p.layout.theta_size * 8);
		for (size_t k = 0; k < 2; k++) {
			theta[p.layout.theta[0].offset + k * p.layout.theta[0].stride[0]] = 0.5;
			theta[p.layout.theta[1].offset + k * p.layout.theta[1].stride[0]] = equal ? 70 : 55 + 25 * (double)k;
			theta[p.layout.theta[2].offset + k * p.layout.theta[2].stride[0]] = 100;
		}
		assert_int_equal(em_run_new(gmm, data, s, NULL, &(struct em_given){.theta = theta}, NULL, &run, &err), EM_OK);
		for (int i = 0; i < (equal ? 5 : 60); i++)
			assert_int_equal(em_run_step(run, EM_ITERATION, NULL, &err), EM_OK);
		assert_int_equal(found(run, EM_TROUBLE_SADDLE, &x), equal);
		if (equal)
			assert_true(x.number > 1);
		em_run_free(run);
		free(theta);
	}
	em_data_free(data);
	em_settings_release(s);
	struct fit f;
	double two[4 * 8] = {0.1, 0.1};
	static const double beta[2][3] = {{.5, .3, .2}, {.2, .3, .5}};
	for (size_t k = 0; k < 2; k++)
		for (size_t v = 0; v < 3; v++)
			two[8 + v * 8 + k] = beta[k][v];
	static const unsigned words[] = {1, 0, 1, 0, 1, 0};
	fit_open(&f, "lda", small_corpus(2, 3, words), NULL, two, "components", "2", "e_start", "cold", NULL);
	fit_step(&f, EM_PHASE);
	assert_true(found(f.run, EM_TROUBLE_SADDLE, &x) >= 1);
	assert_int_equal(x.other, 0);
	assert_true(fabs(x.number - 0.809) < 1e-3);
	fit_close(&f);
}

static void test_sound(void **state)
{
	(void)state;
	struct fit f;
	struct em_finding *all = NULL;
	size_t n = 1;
	fit_open(&f, "unigrams", small_random(5, 40, 30, 40), NULL, NULL, "components", "3", NULL);
	for (int i = 0; i < 5; i++)
		fit_step(&f, EM_ITERATION);
	const struct em_snapshot *before = fit_look(&f), *after;
	assert_int_equal(em_run_diagnose(f.run, NULL, &all, &n, &f.err), EM_OK);
	for (size_t i = 0; i < n; i++)
		assert_true(all[i].kind == EM_TROUBLE_ONE); /* the run of a small corpus may have that */
	free(all);
	after = fit_look(&f);
	assert_true(before->position == after->position && before->theta == after->theta && before->q == after->q); /* it is left alone */
	em_snapshot_release(before);
	em_snapshot_release(after);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_components), cmocka_unit_test(test_alpha_and_limits),
	    cmocka_unit_test(test_no_finite_maximum), cmocka_unit_test(test_saddles),
	                                   cmocka_unit_test(test_sound)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
