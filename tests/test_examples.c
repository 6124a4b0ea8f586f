/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every built-in data set with every model it names: opens, steps, keeps the identity, goes back, leaves and comes back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/session.h"
#include "elbow/store.h"
#include "place.h"
#include "view/ui.h"

static void must(enum em_status st, const struct em_err *err)
{
	if (st)
		print_error("%s\n", err->msg);
	assert_int_equal(st, EM_OK);
}

static void perform(struct session *s, const struct job *job)
{
	struct em_err err;
	must(session_perform(s, job, NULL, &err), &err);
}

static void set(struct session *s, const char *name, const char *text)
{
	struct job job = {.kind = JOB_SET};
	strcpy(job.name, name);
	strcpy(job.text, text);
	perform(s, &job);
}

/* The example under one of its models, two iterations further. */
static struct session *open_example(const struct em_example *e, const char *model)
{
	struct session *s = session_new(&ui_settings);
	struct job preset = {.kind = JOB_PRESET}, open = {.kind = JOB_OPEN}, step = {.kind = JOB_STEP, .size = EM_ITERATION, .count = 2};
	assert_non_null(s);
	set(s, "model", model);
	set(s, "threads", "1");
	strcpy(preset.name, e->name);
	strcpy(open.name, e->name);
	perform(s, &preset);
	perform(s, &open);
	perform(s, &step);
	return s;
}

static void check_identity(const struct em_snapshot *r)
{
	for (size_t i = 0; i < r->entries; i++) {
		const struct em_entry *e = r->ledger + i;
		double terms = 0;
		for (size_t t = 0; t < r->problem->layout.terms; t++)
			terms += e->terms[t];
		assert_true(fabs(terms - e->elbo) <= 1e-10 * (1 + fabs(e->elbo)) + e->allowance);
		if (!r->problem->model->exact)
			continue;
		assert_int_equal(e->evidence, EM_EVIDENCE_EXACT);
		assert_true(fabs(e->elbo + e->kl - e->log_evidence) <= 1e-10 * (1 + fabs(e->log_evidence)));
		if (e->phase == EM_E)
			assert_true(e->kl <= 1e-9 * (1 + fabs(e->log_evidence)));
		if (i > 0)
			assert_true(e->log_evidence >= e[-1].log_evidence - e->allowance);
	}
}

/* What was exported starts a run at the same log p, ELBO and KL. */
static void check_return(const struct session *s, const struct picture *pic)
{
	struct em_err err;
	const struct em_snapshot *r = pic->run;
	struct job again = {.kind = JOB_RESTART};
	double log_p = r->ledger[r->position].log_evidence, elbo = r->ledger[r->position].elbo;
	strcpy(again.init, in_place("state.json"));
	must(em_export_state(r, again.init, true, &err), &err);
	must(em_export_topics(r, in_place("components.csv"), true, &err), &err);
	must(em_export_documents(r, in_place("observations.csv"), true, &err), &err);
	must(em_export_trace(r, in_place("trace.csv"), true, &err), &err);
	perform((struct session *)(uintptr_t)s, &again);
	const struct picture *back = session_picture((struct session *)(uintptr_t)s);
	const struct em_entry *start = back->run->ledger;
	if (r->problem->model->exact)
		assert_true(fabs(start->log_evidence - log_p) <= 1e-9 * (1 + fabs(log_p)));
	assert_true(fabs(start->elbo - elbo) <= 1e-9 * (1 + fabs(elbo))); /* of the q that was, whichever theta made it */
	picture_release(back);
}

static void test_every_example(void **state)
{
	(void)state;
	const struct em_example *e;
	for (size_t i = 0; (e = em_example_at(i)); i++) {
		if (getenv("ELBOW_VALGRIND") && i % 5) /* a part of them is enough there */
			continue;
		assert_true(strlen(e->title) > 0 && strlen(e->title) < 80 && strlen(e->source) > 0);
		for (size_t m = 0; e->models[m]; m++) {
			assert_non_null(em_model_named(e->models[m]));
			struct session *s = open_example(e, e->models[m]);
			const struct picture *pic = session_picture(s);
			assert_string_equal(pic->run->problem->model->name, e->models[m]);
			assert_ptr_equal(pic->example, e);
			assert_int_equal(pic->run->position, 4);
			check_identity(pic->run);
			struct job e_step = {.kind = JOB_PHASE, .count = 1};
			perform(s, &e_step);
			picture_release(pic);
			pic = session_picture(s);
			check_return(s, pic);
			picture_release(pic);
			session_free(s);
		}
	}
}

/* Units are the phase, and back leads to the same bits. */
static void test_units_and_back(void **state)
{
	(void)state;
	const struct em_example *e;
	struct job back = {.kind = JOB_GOTO, .count = 4}, whole = {.kind = JOB_PHASE, .count = 1}, sweep = {.kind = JOB_STEP, .size = EM_SWEEP, .count = 1};
	for (size_t i = 0; (e = em_example_at(i)); i++) {
		if (strcmp(e->models[0], "lda") == 0 || (getenv("ELBOW_VALGRIND") && i % 5))
			continue;
		struct session *s = open_example(e, e->models[0]);
		perform(s, &whole);
		const struct picture *a = session_picture(s);
		perform(s, &back);
		perform(s, &sweep);
		const struct picture *b = session_picture(s);
		const struct em_layout *l = &a->run->problem->layout;
		assert_int_equal(b->run->ledger[b->run->position].phase, EM_E);
		assert_memory_equal(a->run->q, b->run->q, l->observations * l->q_stride * sizeof(double));
		assert_true(a->run->ledger[a->run->position].elbo == b->run->ledger[b->run->position].elbo);
		picture_release(a);
		picture_release(b);
		session_free(s);
	}
}

/* An example's settings go with it; one's own stay. */
static void test_settings_come_and_go(void **state)
{
	(void)state;
	struct session *fresh = session_new(&ui_settings);
	struct job open = {.kind = JOB_EXAMPLE}, none = {.kind = JOB_OPEN};
	struct em_err err;
	strcpy(open.name, "bars");
	set(fresh, "tolerance", "0.5");
	perform(fresh, &open);
	const struct picture *pic = session_picture(fresh);
	assert_true(em_settings_number(pic->settings, "components") == 10 && em_settings_number(pic->settings, "grid") == 5);
	picture_release(pic);
	perform(fresh, &none);
	pic = session_picture(fresh);
	assert_true(em_settings_number(pic->settings, "components") == 4 && em_settings_number(pic->settings, "grid") == 0);
	assert_true(em_settings_number(pic->settings, "tolerance") == 0.5);
	assert_null(pic->run->problem->data->points);
	picture_release(pic);
	strcpy(open.name, "coins");
	perform(fresh, &open);
	set(fresh, "components", "3"); /* the published start has two */
	pic = session_picture(fresh);
	assert_string_equal(pic->run->problem->model->name, "coins");
	assert_string_equal(em_settings_text(pic->settings, "init"), "observations");
	assert_int_equal(pic->run->problem->layout.components, 3);
	picture_release(pic);
	strcpy(open.name, "bars"); /* another model of the example has its settings too, and the way back its start */
	perform(fresh, &open);
	set(fresh, "model", "plsa");
	pic = session_picture(fresh);
	assert_int_equal(pic->run->problem->layout.components, 10);
	picture_release(pic);
	strcpy(open.name, "faithful");
	perform(fresh, &open);
	set(fresh, "model", "factor");
	set(fresh, "model", "gmm");
	pic = session_picture(fresh);
	assert_string_equal(em_settings_text(pic->settings, "init"), "given");
	picture_release(pic);
	set(fresh, "covariance", "spherical"); /* nor does the start fit that */
	pic = session_picture(fresh);
	assert_string_equal(em_settings_text(pic->settings, "init"), "observations");
	picture_release(pic);
	strcpy(open.name, "coins");
	perform(fresh, &open);
	struct job model = {.kind = JOB_SET};
	strcpy(model.name, "model");
	strcpy(model.text, "plsa");
	assert_int_equal(session_perform(fresh, &model, NULL, &err), EM_USAGE); /* coins are no corpus */
	strcpy(open.name, "nothing");
	assert_int_equal(session_perform(fresh, &open, NULL, &err), EM_USAGE);
	pic = session_picture(fresh); /* and nothing was lost */
	assert_string_equal(pic->run->problem->model->name, "coins");
	picture_release(pic);
	session_free(fresh);
}

/* Another seed draws other bars, the same seed the same. */
static void test_seeded_examples(void **state)
{
	(void)state;
	struct session *s = session_new(&ui_settings);
	struct job open = {.kind = JOB_EXAMPLE};
	double log_p[3];
	static const char *const seeds[] = {"1", "2", "1"};
	strcpy(open.name, "bars");
	set(s, "model", "unigrams");
	perform(s, &open);
	for (int i = 0; i < 3; i++) {
		set(s, "seed", seeds[i]);
		const struct picture *pic = session_picture(s);
		log_p[i] = pic->run->ledger[0].log_evidence;
		picture_release(pic);
	}
	assert_true(log_p[0] != log_p[1]);
	assert_true(log_p[0] == log_p[2]);
	session_free(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_every_example, make_place, drop_place),
	    cmocka_unit_test(test_units_and_back),
	    cmocka_unit_test(test_settings_come_and_go),
	    cmocka_unit_test(test_seeded_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
