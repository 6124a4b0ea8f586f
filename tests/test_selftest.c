/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The selftest: that it passes, that a wrong number makes it fail and says which, and how digits are compared. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/command.h"
#include "command/selftest.h"

/* ---- a front that performs jobs and keeps what it is told ---- */

struct notes {
	struct session *session;
	struct buf said;
	int cancel_after; /* looks at cancelled, < 0: never */
};

static bool note_cancelled(void *self)
{
	struct notes *n = self;
	return n->cancel_after >= 0 && n->cancel_after-- == 0;
}

static enum em_status note_job(void *self, const struct job *job, struct em_err *err)
{
	struct em_hooks h = {.self = self, .cancelled = note_cancelled};
	return session_perform(((struct notes *)self)->session, job, &h, err);
}

static void note_text(void *self, const char *text)
{
	buf_printf(&((struct notes *)self)->said, "%s\n", text);
}

static enum em_status note_ui(void *self, int argc, char *const argv[], struct em_err *err)
{
	(void)self, (void)argc, (void)argv, (void)err;
	return EM_OK;
}

static void note_quit(void *self)
{
	(void)self;
}

static enum em_status command(struct notes *n, const char *line, struct em_err *err)
{
	struct cmd_front front = {n, n->session, note_job, note_text, note_ui, note_quit, false};
	return cmd_execute(&front, line, err);
}

static void test_command_passes(void **state)
{
	(void)state;
	struct notes n = {.session = session_new(NULL), .cancel_after = -1};
	struct em_err err = {0};
	assert_non_null(n.session);
	if (command(&n, "selftest", &err)) /* nothing need be open */
		fail_msg("%s\n%s", err.msg, n.said.s ? n.said.s : "");
	assert_non_null(strstr(n.said.s, "all as published"));
	assert_null(strstr(n.said.s, "DIFFERS"));
	for (const struct trial *t = selftest_trials; t->name; t++) /* each trial and each of its rows is in the table */
		for (const struct published *p = t->rows; p->what; p++) {
			assert_non_null(strstr(n.said.s, t->name));
			assert_non_null(strstr(n.said.s, p->what));
			assert_non_null(strstr(n.said.s, p->printed));
		}
	buf_free(&n.said);
	session_free(n.session);
}

static void test_one_of_them(void **state)
{
	(void)state;
	struct notes n = {.session = session_new(NULL), .cancel_after = -1};
	struct em_err err = {0};
	assert_int_equal(command(&n, "selftest coins", &err), EM_OK);
	assert_non_null(strstr(n.said.s, "bias[1]"));
	assert_null(strstr(n.said.s, "evidence"));
	buf_free(&n.said);
	assert_int_equal(command(&n, "selftest coin", &err), EM_USAGE);
	assert_non_null(strstr(err.msg, "no published numbers for \"coin\"; there are those of jensen, coins"));
	assert_null(n.said.s);
	session_free(n.session);
}

/* The session stands where it stood. */
static void test_leaves_the_session_alone(void **state)
{
	(void)state;
	struct notes n = {.session = session_new(NULL), .cancel_after = -1};
	struct em_err err = {0};
	if (command(&n, "open example coins; finish 2", &err))
		fail_msg("%s", err.msg);
	const struct picture *before = session_picture(n.session);
	assert_int_equal(command(&n, "selftest evidence", &err), EM_OK);
	const struct picture *after = session_picture(n.session);
	assert_int_equal(after->run->position, before->run->position);
	assert_string_equal(after->name, before->name);
	assert_ptr_equal(after->settings, before->settings);
	assert_memory_equal(after->run->theta, before->run->theta, after->run->problem->layout.theta_size * sizeof(double));
	assert_non_null(after->said);
	picture_release(before);
	picture_release(after);
	assert_int_equal(command(&n, "finish", &err), EM_OK);
	after = session_picture(n.session);
	assert_null(after->said);
	picture_release(after);
	buf_free(&n.said);
	session_free(n.session);
}

static void test_cancelled(void **state)
{
	(void)state;
	struct notes n = {.session = session_new(NULL)};
	struct em_err err = {0};
	for (int after = 0; after < 400; after += 37) {
		n.cancel_after = after;
		assert_int_equal(command(&n, "selftest coins", &err), EM_CANCELLED);
		assert_null(n.said.s);
	}
	session_free(n.session);
}

/* ---- doctored tables ---- */

#define END {.what = NULL}

static enum em_status run(const struct published *rows, struct em_err *err, char **table)
{
	const struct trial trials[] = {{.name = "coins", .title = "", .rows = rows}, {.name = NULL}};
	struct buf b = {0};
	enum em_status st = selftest_run(trials, "", NULL, &b, err);
	*table = buf_take(&b);
	return st;
}

static void test_a_wrong_number_fails(void **state)
{
	(void)state;
	static const struct published rows[] = {
		{AT_M, 1, "bias[1]", ".71", NULL}, {AT_M, 1, "bias[2]", ".59", NULL}, {AT_M, 2, "log p", "-31.0", NULL}, END};
	struct em_err err = {0};
	char *table;
	assert_int_equal(run(rows, &err, &table), EM_BREACH);
	assert_string_equal(err.msg, "selftest: coins: bias[2] at M 1 is 0.5813, published .59 (and 1 more differ)");
	assert_null(strchr(err.msg, '\n'));
	assert_non_null(strstr(table, "DIFFERS"));
	assert_non_null(strstr(table, "selftest: 2 of 3 numbers differ"));
	const char *good = strstr(table, ".71 "), *line = good ? strchr(good, '\n') : NULL;
	assert_non_null(line);
	assert_true(strncmp(line - 2, "ok", 2) == 0);
	free(table);
}

/* In every row of the real table a last digit that is off by one is found. */
static void test_every_digit_counts(void **state)
{
	(void)state;
	for (const struct trial *t = selftest_trials; t->name; t++) {
		struct published row = t->rows[0];
		char printed[64];
		const char *point = strchr(row.printed, '.');
		int decimals = point ? (int)strlen(point + 1) : 0;
		snprintf(printed, sizeof printed, "%.*f", decimals, strtod(row.printed, NULL) + 2 * pow(10, -decimals));
		struct published rows[] = {{row.when, row.iteration, row.what, printed, row.of}, END};
		struct trial one[] = {*t, {.name = NULL}};
		struct em_err err = {0};
		struct buf b = {0};
		one[0].rows = rows;
		assert_int_equal(selftest_run(one, "", NULL, &b, &err), EM_BREACH);
		assert_non_null(strstr(err.msg, row.what));
		buf_free(&b);
	}
}

static void test_bad_rows(void **state)
{
	(void)state;
	static const char *const names[] = {"bias[3]", "bias", "bias[1][1]", "bias[0]", "bias[x]", "bias[1", "nothing", "KL[6]",
	                                    "mass[3]", "heads"};
	struct em_err err = {0};
	char *table;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct published rows[] = {{AT_M, 1, names[i], "1", NULL}, END};
		assert_int_equal(run(rows, &err, &table), EM_BREACH);
		assert_non_null(strstr(err.msg, "there is no "));
		free(table);
	}
	static const struct published late[] = {{AT_M, 2, "log p", "-31.7", NULL}, {AT_E, 1, "KL", "0.0", NULL}, END};
	assert_int_equal(run(late, &err, &table), EM_BREACH);
	assert_non_null(strstr(err.msg, "too late"));
	free(table);
	const struct trial unknown[] = {{.name = "no such", .title = "", .rows = late}, {.name = NULL}};
	struct buf b = {0};
	assert_int_equal(selftest_run(unknown, "", NULL, &b, &err), EM_BREACH);
	assert_non_null(strstr(err.msg, "no example"));
	buf_free(&b);
}

static void test_quantities(void **state)
{
	(void)state;
	static const struct published rows[] = {
		{AT_START, 0, "bias[1]", ".6", NULL}, {AT_E, 1, "KL", ".000", NULL}, {AT_E, 1, "KL[5]", ".000", NULL},
		{AT_E, 1, "sqrt heads[1]", "4.615", NULL}, {AT_E, 1, "mass[1]", "2.98697", NULL}, {AT_LIMIT, 0, "ELBO", "-31.570200", NULL},
		END};
	struct em_err err = {0};
	char *table;
	if (run(rows, &err, &table))
		fail_msg("%s\n%s", err.msg, table);
	free(table);
}

/* ---- digits ---- */

static void test_rounding(void **state)
{
	(void)state;
	assert_true(selftest_agrees(".71", 0.7130));
	assert_true(selftest_agrees(".71", 0.705));
	assert_true(selftest_agrees(".71", 0.715)); /* halfway is printed either way */
	assert_false(selftest_agrees(".71", 0.7151));
	assert_false(selftest_agrees(".71", 0.7049));
	assert_true(selftest_agrees("-33.093863", -33.09386252));
	assert_false(selftest_agrees("-33.093863", -33.093864));
	assert_false(selftest_agrees("-33.093863", 33.093863));
	assert_true(selftest_agrees("2312", 2312));
	assert_false(selftest_agrees("2312", 2313));
	assert_false(selftest_agrees(".71", NAN));
	assert_false(selftest_agrees(".71", INFINITY));
	assert_true(selftest_agrees(".626821497871", 0.6268214978709824));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_command_passes),
		cmocka_unit_test(test_one_of_them),
		cmocka_unit_test(test_leaves_the_session_alone),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_a_wrong_number_fails),
		cmocka_unit_test(test_every_digit_counts),
		cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_quantities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
