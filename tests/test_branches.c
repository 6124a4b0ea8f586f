/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Branches: forks that go on apart, switching, restarts, comparing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/session.h"

static struct em_err err;

static enum em_status try(struct session *s, enum job_kind kind, const char *name, const char *text)
{
	struct job job = {.kind = kind, .size = EM_ITERATION, .count = 1};
	snprintf(job.name, sizeof job.name, "%s", name);
	snprintf(job.text, sizeof job.text, "%s", text);
	return session_perform(s, &job, NULL, &err);
}

static void perform(struct session *s, enum job_kind kind, const char *name, const char *text)
{
	if (try(s, kind, name, text))
		fail_msg("%s", err.msg);
}

static void finish(struct session *s, size_t n)
{
	assert_int_equal(session_perform(s, &(struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = n}, NULL, &err), EM_OK);
}

static struct session *open_example(const char *name)
{
	struct session *s = session_new(NULL);
	assert_non_null(s);
	perform(s, JOB_EXAMPLE, name, "");
	return s;
}

static double elbo(struct session *s, size_t *position)
{
	const struct picture *p = session_picture(s);
	double x = p->run->ledger[p->run->position].elbo;
	if (position)
		*position = p->run->position;
	picture_release(p);
	return x;
}

static void where(struct session *s, const char *branch, size_t branches)
{
	const struct picture *p = session_picture(s);
	assert_string_equal(p->branch, branch);
	assert_int_equal(p->branches, branches);
	picture_release(p);
}

static void said(struct session *s, const char *part)
{
	const struct picture *p = session_picture(s);
	assert_non_null(p->said);
	if (!strstr(p->said, part))
		fail_msg("not in: %s", p->said);
	picture_release(p);
}

static void test_forks_go_on_apart(void **state)
{
	(void)state;
	struct session *s = open_example("paradox"), *plain = open_example("paradox");
	size_t at;
	where(s, "main", 1);
	finish(s, 3);
	double here = elbo(s, NULL);
	perform(s, JOB_BRANCH, "other", "");
	where(s, "other", 2);
	assert_true(elbo(s, &at) == here && at == 6);
	perform(s, JOB_SET, "alpha_update", "symmetric");
	finish(s, 2);
	double there = elbo(s, NULL);
	perform(s, JOB_SWITCH, "main", "");
	assert_true(elbo(s, &at) == here && at == 6);
	finish(s, 2); /* under main's own settings */
	finish(plain, 5);
	assert_true(elbo(s, NULL) == elbo(plain, NULL) && elbo(s, NULL) != there);
	perform(s, JOB_COMPARE, "main", "other");
	said(s, "They are the same up to step 7 and part at step 8");
	said(s, "They differ in alpha_update: fixed and symmetric.");
	said(s, "topics matched");
	perform(s, JOB_SWITCH, "other", "");
	assert_true(elbo(s, &at) == there && at == 10);
	assert_int_equal(session_perform(s, &(struct job){.kind = JOB_GOTO, .count = 2}, NULL, &err), EM_OK); /* back beyond the fork */
	perform(s, JOB_SWITCH, "main", "");
	assert_true(elbo(s, NULL) == elbo(plain, NULL));
	perform(s, JOB_BRANCHES, "", "");
	said(s, "  other                 2     1");
	said(s, "from main at step 6");
	session_free(plain);
	session_free(s);
}

static void test_branches_of_other_data(void **state)
{
	(void)state;
	struct session *s = open_example("paradox");
	finish(s, 1);
	double here = elbo(s, NULL);
	perform(s, JOB_BRANCH, "", "");
	where(s, "branch 1", 2);
	perform(s, JOB_EXAMPLE, "coins", "");
	finish(s, 1);
	perform(s, JOB_COMPARE, "main", "branch 1");
	said(s, "They are of other models or data");
	perform(s, JOB_SWITCH, "main", "");
	assert_true(elbo(s, NULL) == here);
	const struct picture *p = session_picture(s);
	assert_string_equal(p->run->problem->model->name, "lda");
	assert_string_equal(p->example->name, "paradox");
	picture_release(p);
	finish(s, 1);
	session_free(s);
}

static void test_names(void **state)
{
	(void)state;
	struct session *s = open_example("coins");
	assert_int_equal(try(s, JOB_SWITCH, "nowhere", ""), EM_USAGE);
	assert_string_equal(err.msg, "no branch \"nowhere\"; there are main");
	assert_int_equal(try(s, JOB_BRANCH, "main", ""), EM_USAGE);
	assert_string_equal(err.msg, "there is a branch \"main\" already");
	assert_int_equal(try(s, JOB_BRANCH, "a\033[2J", ""), EM_USAGE);
	assert_int_equal(try(s, JOB_BRANCH, "a name that is too long for a branch", ""), EM_USAGE);
	assert_int_equal(try(s, JOB_COMPARE, "main", "x"), EM_USAGE);
	where(s, "main", 1);
	session_free(s);
	s = session_new(NULL);
	assert_int_equal(try(s, JOB_BRANCH, "", ""), EM_USAGE); /* nothing is open */
	session_free(s);
}

/* Each is the run that its seed alone would have made. */
static void test_restarts(void **state)
{
	(void)state;
	struct session *s = open_example("bars"), *alone = open_example("bars");
	const char *const settings[][2] = {{"model", "unigrams"}, {"max_iterations", "8"}, {"components", "4"}, {"init", "random"}};
	for (size_t i = 0; i < 4; i++) {
		perform(s, JOB_SET, settings[i][0], settings[i][1]);
		perform(alone, JOB_SET, settings[i][0], settings[i][1]);
	}
	assert_int_equal(session_perform(s, &(struct job){.kind = JOB_RESTARTS, .count = 3}, NULL, &err), EM_OK);
	said(s, "3 runs");
	said(s, "found again");
	where(s, "main", 4);
	const struct picture *p = session_picture(s);
	assert_int_equal(p->run->position, 0);
	double seed = em_settings_number(p->settings, "seed");
	picture_release(p);
	char name[32];
	snprintf(name, sizeof name, "seed %.0f", seed + 2);
	perform(s, JOB_SWITCH, name, "");
	const struct picture *a = session_picture(s);
	size_t steps = a->run->position;
	assert_true(steps > 0 && em_settings_number(a->settings, "seed") == seed + 2);
	picture_release(a);
	session_perform(s, &(struct job){.kind = JOB_RESTARTS, .count = 1}, NULL, &err); /* the next one's, made anew */
	where(s, name, 4);
	session_free(s);
	session_free(alone);
}

static bool after_some(void *self)
{
	return ++*(size_t *)self > 60000;
}

static void test_cancelled(void **state)
{
	(void)state;
	struct session *s = open_example("faithful");
	size_t asked = 0;
	struct em_hooks h = {.self = &asked, .cancelled = after_some};
	perform(s, JOB_SET, "init", "random");
	assert_int_equal(session_perform(s, &(struct job){.kind = JOB_RESTARTS, .count = 50}, &h, &err), EM_CANCELLED);
	const struct picture *p = session_picture(s);
	assert_true(p->branches > 1 && p->branches < 51 && p->said);
	picture_release(p);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forks_go_on_apart), cmocka_unit_test(test_branches_of_other_data), cmocka_unit_test(test_names),
	    cmocka_unit_test(test_restarts),          cmocka_unit_test(test_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
