/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Settings: values are parsed whole or refused, sets never change, each set lives as long as somebody holds it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "elbow/corpus.h"
#include "elbow/settings.h"

static const char *const updates[] = {"fixed", "symmetric", "vector", NULL};
static const struct em_setting first_rows[] = {
	{"alpha", EM_REAL, "0.1", 1e-6, 10000, NULL, EM_EFFECT_RESTART, "prior"},
	{"components", EM_INTEGER, "4", 1, 1000, NULL, EM_EFFECT_RESTART, "how many"},
	{"alpha_update", EM_CHOICE, "fixed", 0, 0, updates, EM_EFFECT_STEP, "how alpha moves"},
};
static const struct em_setting second_rows[] = {
	{"colour", EM_SWITCH, "on", 0, 0, NULL, EM_EFFECT_NOW, "colours"},
	{"label", EM_TEXT, "", 0, 0, NULL, EM_EFFECT_NOW, "a text"},
	{"seed", EM_INTEGER, "1", 0, 4294967295.0, NULL, EM_EFFECT_RESTART, "seed"},
};
static const struct em_setting_table first = {"first", first_rows, 3}, second = {"second", second_rows, 3};
static const struct em_setting_table *const both[] = {&first, &second};

/* A new set, releasing the old one. */
static struct em_settings *with(struct em_settings *s, const char *name, const char *text)
{
	struct em_err err;
	struct em_settings *out;
	assert_int_equal(em_settings_with(s, name, text, &out, &err), EM_OK);
	em_settings_release(s);
	return out;
}

static void test_defaults(void **state)
{
	(void)state;
	struct em_settings *s = em_settings_new(both, 2);
	assert_non_null(s);
	assert_true(em_settings_number(s, "alpha") == 0.1);
	assert_true(em_settings_number(s, "components") == 4);
	assert_true(em_settings_number(s, "alpha_update") == 0);
	assert_string_equal(em_settings_text(s, "alpha_update"), "fixed");
	assert_true(em_settings_number(s, "colour") == 1);
	assert_string_equal(em_settings_text(s, "label"), "");
	assert_string_equal(em_settings_at(s, 0)->name, "alpha");
	assert_string_equal(em_settings_at(s, 5)->name, "seed");
	assert_null(em_settings_at(s, 6));
	assert_string_equal(em_settings_group(s, 2), "first");
	assert_string_equal(em_settings_group(s, 3), "second");
	assert_ptr_equal(em_settings_row(s, "label"), &second_rows[1]);
	assert_null(em_settings_row(s, "nothing"));
	em_settings_release(s);
}

static const struct {
	const char *name, *text, *shown;
} accepted[] = {
	{"alpha", "1e-6", "1e-06"},      {"alpha", " 2.5 ", "2.5"},        {"alpha", "10000", "10000"},
	{"alpha", "0.1", "0.1"},         {"alpha", ".3333333333333333148", "0.3333333333333333"},
	{"alpha", "0.12345678901234568", "0.12345678901234568"},
	{"components", "7", "7"},        {"components", "1e3", "1000"},    {"components", "7.0", "7"},
	{"seed", "4294967295", "4294967295"},                              {"seed", "-0", "0"},
	{"alpha_update", "vector", "vector"},                              {"alpha_update", "Symmetric", "symmetric"},
	{"colour", "off", "off"},        {"colour", "YES", "on"},          {"colour", "0", "off"},
	{"colour", "true", "on"},        {"colour", "False", "off"},       {"colour", "no", "off"},
	{"colour", "1", "on"},           {"label", "naïve text", "naïve text"},
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		char shown[64];
		struct em_settings *s = with(em_settings_new(both, 2), accepted[i].name, accepted[i].text);
		assert_string_equal(em_settings_show(s, accepted[i].name, shown, sizeof shown), accepted[i].shown);
		/* What is shown reads back as the same value. */
		struct em_settings *again = with(em_settings_retain(s), accepted[i].name, shown);
		assert_true(em_settings_same(s, again));
		em_settings_release(again);
		em_settings_release(s);
	}
}

static const struct {
	const char *name, *text, *message;
} refused[] = {
	{"alpha", "x", "alpha: \"x\" is not a number; give one from 1e-06 to 10000"},
	{"alpha", "", "alpha: \"\" is not a number; give one from 1e-06 to 10000"},
	{"alpha", "1 2", "alpha: \"1 2\" is not a number; give one from 1e-06 to 10000"},
	{"alpha", "0.5x", "alpha: \"0.5x\" is not a number; give one from 1e-06 to 10000"},
	{"alpha", "0x10", "alpha: \"0x10\" is not a number; give one from 1e-06 to 10000"},
	{"alpha", "nan", "alpha: \"nan\" is not a number; give one from 1e-06 to 10000"},
	{"alpha", "inf", "alpha: \"inf\" is out of range; give one from 1e-06 to 10000"},
	{"alpha", "1e999", "alpha: \"1e999\" is out of range; give one from 1e-06 to 10000"},
	{"alpha", "0", "alpha: \"0\" is out of range; give one from 1e-06 to 10000"},
	{"alpha", "-1", "alpha: \"-1\" is out of range; give one from 1e-06 to 10000"},
	{"alpha", "1,5", "alpha: \"1,5\" is not a number; give one from 1e-06 to 10000"},
	{"components", "2.5", "components: \"2.5\" is not a whole number; give one from 1 to 1000"},
	{"components", "1001", "components: \"1001\" is out of range; give one from 1 to 1000"},
	{"components", "four", "components: \"four\" is not a whole number; give one from 1 to 1000"},
	{"alpha_update", "none", "alpha_update: \"none\" is not a choice; give fixed, symmetric or vector"},
	{"colour", "2", "colour: \"2\" is neither on nor off; give on or off"},
	{"alhpa", "1", "no setting named \"alhpa\"; did you mean alpha? (show settings lists them)"},
	{"comp", "1", "no setting named \"comp\"; did you mean components? (show settings lists them)"},
	{"zzz", "1", "no setting named \"zzz\"; show settings lists them"},
	{"", "1", "no setting named \"\"; show settings lists them"},
};

static void test_refused(void **state)
{
	(void)state;
	struct em_settings *s = em_settings_new(both, 2), *before = em_settings_new(both, 2), *out;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct em_err err;
		assert_int_equal(em_settings_with(s, refused[i].name, refused[i].text, &out, &err), EM_USAGE);
		assert_null(out);
		assert_string_equal(err.msg, refused[i].message);
		assert_int_equal(err.code, EM_USAGE);
	}
	assert_true(em_settings_same(s, before));
	/* An escape sequence does not get through, a long text is cut, and NULL for the error is allowed. */
	struct em_err err;
	char many[2000];
	memset(many, 'y', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	assert_int_equal(em_settings_with(s, "alpha", "\x1b[2J\xff", &out, &err), EM_USAGE);
	assert_null(strchr(err.msg, '\x1b'));
	assert_int_equal(em_settings_with(s, "alpha", many, &out, &err), EM_USAGE);
	assert_non_null(strstr(err.msg, "give one from"));
	assert_int_equal(em_settings_with(s, many, "1", &out, &err), EM_USAGE);
	assert_int_equal(em_settings_with(s, "alpha", "x", &out, NULL), EM_USAGE);
	em_settings_release(s);
	em_settings_release(before);
}

static void test_sets_do_not_change(void **state)
{
	(void)state;
	struct em_settings *s = em_settings_new(both, 2), *out;
	const char *label = em_settings_text(s, "label");
	assert_int_equal(em_settings_with(s, "label", "new", &out, NULL), EM_OK);
	assert_ptr_equal(em_settings_text(s, "label"), label);
	assert_string_equal(label, "");
	assert_string_equal(em_settings_text(out, "label"), "new");
	assert_false(em_settings_same(s, out));
	struct em_settings *back = with(em_settings_retain(out), "label", "");
	assert_true(em_settings_same(s, back));
	em_settings_release(back);
	em_settings_release(s);
	assert_string_equal(em_settings_text(out, "label"), "new"); /* lives on without s */
	em_settings_release(out);
	em_settings_release(NULL);
}

static void test_rebase(void **state)
{
	(void)state;
	static const struct em_setting_table *const one[] = {&second};
	struct em_settings *s = with(with(with(em_settings_new(both, 2), "seed", "7"), "label", "x"), "alpha", "2");
	struct em_settings *less = em_settings_rebase(s, one, 1), *more = em_settings_rebase(less, both, 2);
	assert_null(em_settings_row(less, "alpha"));
	assert_true(em_settings_number(less, "seed") == 7);
	assert_string_equal(em_settings_text(less, "label"), "x");
	assert_true(em_settings_number(more, "alpha") == 0.1);
	assert_true(em_settings_number(more, "seed") == 7);
	assert_false(em_settings_same(less, more));
	em_settings_release(s);
	em_settings_release(less);
	em_settings_release(more);
}

static void test_show_cuts_between_characters(void **state)
{
	(void)state;
	char out[8];
	struct em_settings *s = with(em_settings_new(both, 2), "label", "abcdefé");
	assert_string_equal(em_settings_show(s, "label", out, 8), "abcdef");
	assert_string_equal(em_settings_show(s, "label", out, 4), "abc");
	em_settings_release(s);
}

static void *hold_and_release(void *data)
{
	for (int i = 0; i < 20000; i++)
		em_settings_release(em_settings_retain(data));
	return NULL;
}

static void test_holders_in_two_threads(void **state)
{
	(void)state;
	struct em_settings *s = em_settings_new(both, 2);
	pthread_t thread[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hold_and_release, s), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_true(em_settings_number(s, "seed") == 1);
	em_settings_release(s);
}

static void test_corpus_table(void **state)
{
	(void)state;
	static const struct em_setting_table *const one[] = {&em_corpus_settings};
	static const char *const names[] = {"text", "title", "id", "vocab", "min_length", "numbers", "stop", "min_df", "max_df"};
	struct em_settings *s = em_settings_new(one, 1);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct em_setting *row = em_settings_row(s, names[i]);
		assert_non_null(row);
		assert_int_equal(row->effect, EM_EFFECT_REOPEN);
		assert_true(strlen(row->help) > 10);
	}
	assert_string_equal(em_settings_group(s, 0), "corpus");
	assert_string_equal(em_settings_text(s, "stop"), "english");
	em_settings_release(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sets_do_not_change),
		cmocka_unit_test(test_rebase),
		cmocka_unit_test(test_show_cuts_between_characters),
		cmocka_unit_test(test_holders_in_two_threads),
		cmocka_unit_test(test_corpus_table),
	};
	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
