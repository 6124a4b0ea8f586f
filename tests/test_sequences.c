/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sequences from lines: words as they stand, letters in several scripts, and what is wrong with files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "data/vowels.h"
#include "elbow/data.h"
#include "place.h"

static struct em_settings *settings(const char *symbols)
{
	const struct em_setting_table *tables[] = {&em_sequences_settings};
	struct em_settings *s = em_settings_new(tables, 1), *out = NULL;
	assert_int_equal(em_settings_with(s, "symbols", symbols, &out, NULL), EM_OK);
	em_settings_release(s);
	return out;
}

/* "a·b·_|c|": symbols between dots (letters: without), the blank as _, lines between bars; then the alphabet. */
static char *spelled(const struct em_sequences *q, bool letters)
{
	struct buf b = {0};
	for (size_t n = 0; n < q->count; n++) {
		buf_puts(&b, n ? "|" : "");
		for (size_t t = q->row[n]; t < q->row[n + 1]; t++) {
			const char *s = q->alphabet[q->symbol[t]];
			buf_printf(&b, "%s%s", letters || t == q->row[n] ? "" : "+", strcmp(s, " ") == 0 ? "_" : s);
		}
	}
	return buf_take(&b);
}

static void check_shape(const char *text, size_t size, const char *symbols, const char *want)
{
	struct em_settings *s = settings(symbols);
	struct em_sequences *q = NULL;
	struct em_err err = {0};
	if (em_sequences_from("test", text, size, s, &q, &err))
		fail_msg("%s: %s", text, err.msg);
	char *got = spelled(q, strcmp(symbols, "letters") == 0);
	assert_string_equal(got, want);
	size_t total = 0, longest = 0;
	for (size_t n = 0; n < q->count; n++) {
		char name[32];
		size_t length = q->row[n + 1] - q->row[n];
		snprintf(name, sizeof name, "line %zu", n + 1);
		assert_string_equal(q->name[n], name);
		total += length;
		longest = length > longest ? length : longest;
	}
	assert_int_equal(q->total, total);
	assert_int_equal(q->longest, longest);
	for (size_t v = 1; v < q->symbols; v++)
		assert_true(strcmp(q->alphabet[v - 1], q->alphabet[v]) < 0);
	free(got);
	em_sequences_free(q);
	em_settings_release(s);
}

static void test_letters(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"Hello, World!", "hello_world"},
		{"  ...Hello --- World?!  \n", "hello_world"},
		{"a\nB\r\nc\rd", "a|b|c|d"},
		{"a\n\n\nb\n", "a|||b"},
		{"42\nabc\n", "|abc"},
		{"don't 3x", "don_t_x"},
		{"\xef\xbb\xbf" "abc", "abc"},
		{"caf\xc3\xa9 CAFE\xcc\x81", "caf\xc3\xa9_caf\xc3\xa9"},
		{"Stra\xc3\x9f" "e", "strasse"},
		{"co\xc2\xad" "op", "coop"},                       /* a soft hyphen leaves no trace */
		{"ПРИВЕТ, мир", "привет_мир"},
		{"日本 語", "日本_語"},
		{"q\xcc\x83" "a", "q\xcc\x83" "a"},                 /* a mark stays with its letter */
		{"\xcc\x81" "a", "a"},                              /* one without a letter is an other character */
		{"a\xff" "b", "a_b"},                               /* bytes that are not UTF-8 */
		{"a\x1b[31mb", "a_mb"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_shape(cases[i].text, strlen(cases[i].text), "letters", cases[i].want);
}

static void test_words(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"The cat, the  Cat!\n", "The+cat,+the+Cat!"},
		{" 2 3\t3\n\n1\n", "2+3+3||1"},
		{"a\xc2\xa0" "b\xe3\x80\x80" "c", "a+b+c"},         /* no-break and ideographic blanks */
		{"x\ny z", "x|y+z"},
		{"bad\xff", "bad\xef\xbf\xbd"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_shape(cases[i].text, strlen(cases[i].text), "words", cases[i].want);
}

static void expect(const char *text, size_t size, const char *symbols, const char *want)
{
	struct em_settings *s = settings(symbols);
	struct em_sequences *q = NULL;
	struct em_err err = {0};
	assert_int_equal(em_sequences_from("f.txt", text, size, s, &q, &err), EM_INPUT);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
	em_settings_release(s);
}

static void test_errors(void **state)
{
	(void)state;
	expect("", 0, "words", "f.txt: nothing in it");
	expect("\n\n", 2, "words", "not a single word");
	expect("12 34\n", 6, "letters", "not a single letter");
	expect("ok\na\0b", 6, "words", "f.txt:2: a zero byte");
	expect("\xff\xfe" "a", 3, "words", "UTF-16");
	struct em_settings *s = settings("words");
	struct em_data *d = NULL;
	struct em_err err = {0};
	assert_int_not_equal(em_data_open(EM_DATA_SEQUENCES, "/nowhere/at/all", s, &d, &err), EM_OK);
	assert_non_null(strstr(err.msg, "/nowhere/at/all"));
	em_settings_release(s);
}

static void test_file(void **state)
{
	(void)state;
	struct em_settings *s = settings("letters");
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (em_data_open(EM_DATA_SEQUENCES, put("lines.txt", "Abba\n\nBaa"), s, &d, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(d->observations, 3);
	assert_int_equal(d->sequences->total, 7);
	assert_string_equal(d->name, "lines.txt");
	em_data_free(d);
	em_settings_release(s);
}

/* A megabyte in one line and in many, and words that never come twice. */
static void test_large(void **state)
{
	(void)state;
	enum { SIZE = 1 << 20 };
	char *text = malloc(SIZE + 1);
	struct em_settings *letters = settings("letters"), *words = settings("words");
	struct em_sequences *q = NULL;
	for (size_t i = 0; i < SIZE; i++)
		text[i] = "etaoin shrdlu"[i * 7 % 13];
	assert_int_equal(em_sequences_from("one", text, SIZE, letters, &q, NULL), EM_OK);
	assert_int_equal(q->count, 1);
	assert_int_equal(q->symbols, 13);
	assert_true(q->longest > SIZE - 3);
	em_sequences_free(q);
	size_t at = 0, count = 0;
	while (at + 16 < SIZE)
		at += (size_t)sprintf(text + at, "w%zu%c", count, count % 10 == 9 ? '\n' : ' '), count++;
	assert_int_equal(em_sequences_from("many", text, at, words, &q, NULL), EM_OK);
	assert_int_equal(q->symbols, count);
	assert_int_equal(q->total, count);
	assert_int_equal(q->count, (count + 9) / 10);
	em_sequences_free(q);
	em_settings_release(letters);
	em_settings_release(words);
	free(text);
}

static void test_vowels(void **state)
{
	(void)state;
	struct em_settings *s = settings("words");
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (vowels_make(s, &d, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(d->kind, EM_DATA_SEQUENCES);
	assert_string_equal(d->name, "vowels");
	assert_true(d->sequences->total > 40000 && d->sequences->total < 70000);
	assert_true(d->sequences->count > 200 && d->sequences->longest < 400);
	assert_true(d->sequences->symbols >= 27 && d->sequences->symbols <= 30); /* a few letters with accents */
	for (size_t n = 0; n < d->sequences->count; n++)
		assert_true(d->sequences->row[n + 1] > d->sequences->row[n]);
	em_data_free(d);
	em_settings_release(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters), cmocka_unit_test(test_words), cmocka_unit_test(test_errors),
		cmocka_unit_test_setup_teardown(test_file, make_place, drop_place),
		cmocka_unit_test(test_large), cmocka_unit_test(test_vowels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
