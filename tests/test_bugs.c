/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Planted bugs: the checks of a step catch each of them, and nothing but them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/session.h"
#include "engine/bugs.h"

static struct em_err err;

static enum em_status set(struct session *s, const char *name, const char *value)
{
	struct job job = {.kind = JOB_SET};
	snprintf(job.name, sizeof job.name, "%s", name);
	snprintf(job.text, sizeof job.text, "%s", value);
	return session_perform(s, &job, NULL, &err);
}

static struct session *open_example(const char *name)
{
	struct session *s = session_new(NULL);
	struct job job = {.kind = JOB_EXAMPLE};
	assert_non_null(s);
	snprintf(job.name, sizeof job.name, "%s", name);
	assert_int_equal(session_perform(s, &job, NULL, &err), EM_OK);
	return s;
}

static enum em_status finish(struct session *s, size_t n)
{
	return session_perform(s, &(struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = n}, NULL, &err);
}

/* A bug, on an example after some sound iterations, and what the check says. */
static void test_each_is_caught(void **state)
{
	(void)state;
	static const struct {
		const char *bug, *example;
		size_t after;
		const char *says;
	} cases[] = {
	    {"variance", "waiting", 0, "the ELBO fell by"},
	    {"variance", "three", 1, "the ELBO fell by"},
	    {"prior", "paradox", 0, "the terms sum to"},
	    {"prior", "gazette", 0, "exceeds its log p"},
	    {"prior", "gazette", 1, "the ELBO fell by"},
	    {"entropy", "gazette", 0, "exceeds its log p"},
	    {"entropy", "coins", 0, "differ from log p"},
	    {"entropy", "vowels", 0, "differ from log p"},
	    {"stale", "paradox", 0, "the terms sum to"},
	    {"stale", "faithful", 1, "the terms sum to"},
	    {"cold", "gazette", 10, "the ELBO fell by"},
	    {"float", "gazette", 0, "the terms sum to"},
	    {"float", "faithful", 2, "the terms sum to"},
	    {"epsilon", "gazette", 0, "the terms sum to"},
	    {"epsilon", "bars", 0, "the terms sum to"},
	    {"q", "gazette", 1, "the terms sum to"},
	    {"q", "icecream", 0, "the terms sum to"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool small = !strcmp(cases[i].example, "paradox") || !strcmp(cases[i].example, "coins") || !strcmp(cases[i].example, "three");
		if (getenv("ELBOW_VALGRIND") && !small)
			continue;
		struct session *s = open_example(cases[i].example);
		assert_int_equal(finish(s, cases[i].after), EM_OK);
		enum em_status st = set(s, "bug", cases[i].bug);
		for (int n = 0; n < 20 && !st; n++)
			st = finish(s, 1);
		if (st != EM_BREACH || !strstr(err.msg, cases[i].says))
			fail_msg("bug=%s on %s: %s", cases[i].bug, cases[i].example, st ? err.msg : "nobody noticed");
		session_free(s);
	}
}

static void test_marked(void **state)
{
	(void)state;
	char text[2048];
	struct session *s = open_example("paradox");
	assert_int_equal(set(s, "bug", "cold"), EM_OK);
	assert_int_equal(finish(s, 1), EM_OK);
	const struct picture *p = session_picture(s);
	const struct em_snapshot *r = p->run;
	assert_string_equal(r->problem->model->title, "LDA, BUG cold");
	em_step_explain(r->problem, r->ledger + r->position - 1, r->ledger + r->position, text, sizeof text);
	assert_non_null(strstr(text, "(bug=cold is planted: these numbers are wrong on purpose.)"));
	picture_release(p);
	session_free(s);
}

static void test_never_by_default(void **state)
{
	(void)state;
	const struct em_setting *row = NULL;
	for (size_t i = 0; i < em_run_settings.count; i++)
		row = strcmp(em_run_settings.rows[i].name, "bug") ? row : em_run_settings.rows + i;
	assert_non_null(row);
	assert_string_equal(row->fallback, "none");
	for (const char *const *b = bug_choices; *b; b++)
		assert_non_null(strstr("none variance prior entropy stale cold float epsilon q", *b));
}

static void test_refused(void **state)
{
	(void)state;
	struct session *s = open_example("coins");
	assert_int_equal(set(s, "bug", "variance"), EM_USAGE);
	assert_string_equal(err.msg, "bug=variance is for gmm; coins has no variances");
	assert_int_equal(set(s, "bug", "prior"), EM_USAGE);
	assert_string_equal(err.msg, "bug=prior is for lda with its variational E-step");
	assert_int_equal(set(s, "bug", "epsilon"), EM_USAGE);
	assert_int_equal(finish(s, 2), EM_OK); /* nothing was planted */
	session_free(s);
}

/* Taken out again, the run goes on as if it had never been. */
static void test_taken_out(void **state)
{
	(void)state;
	double end[2];
	for (int i = 0; i < 2; i++) {
		struct session *s = open_example("coins");
		assert_int_equal(finish(s, 2), EM_OK);
		if (i) {
			assert_int_equal(set(s, "bug", "entropy"), EM_OK);
			assert_int_equal(finish(s, 1), EM_BREACH);
			assert_int_equal(set(s, "bug", "none"), EM_OK);
		}
		assert_int_equal(finish(s, 2), EM_OK);
		const struct picture *p = session_picture(s);
		end[i] = p->run->ledger[p->run->position].elbo;
		picture_release(p);
		session_free(s);
	}
	assert_true(end[0] == end[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_is_caught), cmocka_unit_test(test_marked), cmocka_unit_test(test_never_by_default),
	    cmocka_unit_test(test_refused),        cmocka_unit_test(test_taken_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
