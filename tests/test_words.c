/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words in several scripts, the rules that drop words, and where each token stands in its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwbrk.h>

#include <cmocka.h>

#include "data/csv.h"
#include "data/words.h"
#include "place.h"

static const struct {
	const char *in, *changes, *expected;
} words_read[] = {
	{"Apple APPLE apple", "", "apple:3"},
	{"Don't don\xe2\x80\x99t", "stop=none", "don't:2"},
	{"rock 'n' roll, 'quoted'", "stop=none min_length=1", "n:1 quoted:1 rock:1 roll:1"},
	{"well-known e.g. example.com", "stop=none min_length=1", "e.g:1 example.com:1 known:1 well:1"},
	{"snake_case __init__ ___", "", "__init__:1 snake_case:1"},
	{"caf\xc3\xa9 cafe\xcc\x81 CAF\xc3\x89", "", "caf\xc3\xa9:3"},                /* NFC, NFD, capitals */
	{"Привет, МИР! привет", "", "мир:1 привет:2"},
	{"ΛΌΓΟΣ λόγος Λόγος", "", "λόγος:3"},
	{"Stra\xc3\x9f" "e STRASSE", "", "strasse:2"},
	{"co\xc2\xad" "operate cooperate", "", "cooperate:2"},
	{"日本", "stop=none", "日:1 本:1"},
	{"한국어 한국어", "", "한국어:2"},
	{"z é a b ж", "stop=none min_length=1", "a:1 b:1 z:1 é:1 ж:1"},                /* by code point */
	{"1999 3.14 2nd x86", "", "2nd:1 x86:1"},
	{"1999 3.14 2nd 7", "numbers=keep", "1999:1 2nd:1 3.14:1"},
	{"a ab abc", "stop=none min_length=3", "abc:1"},
	{"\xd0\xb6\xd0\xb6 \xc3\xa9", "stop=none min_length=2", "\xd0\xb6\xd0\xb6:1"}, /* letters, not bytes */
	{"e\xcc\x81", "stop=none min_length=1", "\xc3\xa9:1"},
	{"bad\xff" "byte \xc3(", "", "bad:1 byte:1"},
	{"\x1b[31mred\x1b[0m", "stop=none min_length=1", "0m:1 31mred:1"},
	{"they'll it's CAN'T the apple", "", "apple:1"},
	{"word\xe2\x80\xae" "drow", "", "worddrow:1"},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof words_read / sizeof words_read[0]; i++) {
		struct buf b = {0};
		buf_puts(&b, "text\n");
		csv_field(&b, words_read[i].in);
		assert_shape(put("a.csv", b.s), words_read[i].changes, words_read[i].expected);
		buf_free(&b);
	}
}

static void test_rules(void **state)
{
	(void)state;
	put("a.csv", "text\napple pear\napple plum\napple pear fig\n");
	assert_shape(in_place("a.csv"), "min_df=2", "apple:1 pear:1|apple:1|apple:1 pear:1");
	assert_shape(in_place("a.csv"), "max_df=0.67", "pear:1|plum:1|fig:1 pear:1");
	assert_shape(in_place("a.csv"), "max_df=0.5", "|plum:1|fig:1");
	put("stops", "# fruit\nAPPLE fig # two\n\n");
	char changes[600];
	snprintf(changes, sizeof changes, "stop=%s", in_place("stops"));
	assert_shape(in_place("a.csv"), changes, "pear:1|plum:1|pear:1");
	snprintf(changes, sizeof changes, "stop=%s", in_place("nostops"));
	assert_string_equal(refusal(in_place("a.csv"), changes),
	                    "stop words: nostops: No such file or directory; give english, none or a file of words");
	/* A share that is not exact in binary: 29 of 100 documents is not more than 0.29. */
	struct buf b = {0};
	buf_puts(&b, "text\n");
	for (int i = 0; i < 100; i++)
		buf_puts(&b, i < 29 ? "edge\n" : "rest edgy\n");
	struct em_corpus *c = open_with(put("b.csv", b.s), "max_df=0.29");
	assert_int_equal(c->tokens, 29);
	em_corpus_free(c);
	buf_free(&b);
}

static void test_tokens(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		enum em_rule rule;
		const char *term;
	} expected[] = {
		{"The", EM_RULE_STOP, NULL},    {"Caf\xc3\xa9", EM_KEPT, "caf\xc3\xa9"}, {"1999", EM_RULE_NUMBER, NULL},
		{"q", EM_RULE_SHORT, NULL},     {"rare", EM_RULE_RARE, NULL},            {"everywhere2", EM_RULE_COMMON, NULL},
		{"cafe\xcc\x81", EM_KEPT, "caf\xc3\xa9"},
	};
	put("a.csv", "text\n\"The Caf\xc3\xa9, 1999: q rare everywhere2 cafe\xcc\x81!\"\ncaf\xc3\xa9 everywhere2\neverywhere2\n");
	struct em_corpus *c = open_with(in_place("a.csv"), "min_df=2 max_df=0.9");
	struct em_token *tokens;
	size_t count;
	assert_int_equal(em_corpus_tokens(c, 0, &tokens, &count, NULL), EM_OK);
	assert_int_equal(count, sizeof expected / sizeof expected[0]);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(tokens[i].length, strlen(expected[i].word));
		assert_memory_equal(c->text[0].bytes + tokens[i].at, expected[i].word, tokens[i].length);
		assert_int_equal(tokens[i].rule, expected[i].rule);
		if (expected[i].term)
			assert_string_equal(c->vocabulary[tokens[i].term], expected[i].term);
	}
	free(tokens);
	em_corpus_free(c);
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* The words of a text by one way through, joined by '|'. */
static char *scanned(const struct words *w, const char *text, size_t n, bool slow)
{
	struct word_scan scan = {.words = w, .text = {text, n}, .slow = slow};
	struct buf b = {0};
	buf_puts(&b, "");
	for (size_t at, length; word_scan_next(&scan, &at, &length);)
		buf_printf(&b, "%zu+%zu|", at, length);
	word_scan_free(&scan);
	return buf_take(&b);
}

/* The short way through ASCII finds what the word breaker finds. */
static void test_ascii_agrees(void **state)
{
	(void)state;
	static const char kinds[] = "aaaaZZ0099..,,;::''\"\"__-- \t\n\r\v\f/@#$%()[]{}+=*&^~`|\\<>?!\x01\x1f\x7f";
	struct em_settings *s = test_settings("");
	struct words w;
	uint64_t seed = 3;
	assert_int_equal(words_init(&w, s, NULL), EM_OK);
	for (int round = 0; round < 20000; round++) {
		char text[48];
		size_t n = next_random(&seed) % sizeof text;
		for (size_t i = 0; i < n; i++)
			text[i] = kinds[next_random(&seed) % (sizeof kinds - 1)];
		char *fast = scanned(&w, text, n, false), *slow = scanned(&w, text, n, true);
		assert_string_equal(fast, slow);
		free(fast);
		free(slow);
	}
	words_free(&w);
	em_settings_release(s);
}

static bool has_letter_or_digit(const char *bytes, size_t n)
{
	for (size_t at = 0; at < n;) {
		ucs4_t c;
		at += (size_t)u8_mbtouc(&c, (const uint8_t *)bytes + at, n - at);
		if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N))
			return true;
	}
	return false;
}

/* Cutting at blanks first finds the words that the word breaker finds in the whole text, in any script. */
static void test_chunks_agree(void **state)
{
	(void)state;
	static const char *const piece[] = {"a", "Z", "9", "'", ".", ",", ":", "_", "\"", " ", "  ", "\t", "\n", "\r\n", "é", "e\xcc\x81",
	                                    "\xcc\x81", "\xe2\x80\x99", "\xe2\x80\x8d", "\xc2\xad", "д", "日", "カ", "א", "\xc2\xa0",
	                                    "\xe2\x80\x83", "\xf0\x9f\x87\xa9", "\xf0\x9f\x91\xa9", "-", "—", "५"};
	struct em_settings *s = test_settings("");
	struct words w;
	uint64_t seed = 4;
	assert_int_equal(words_init(&w, s, NULL), EM_OK);
	for (int round = 0; round < 20000; round++) {
		struct buf text = {0}, whole = {0};
		buf_puts(&text, "");
		for (uint32_t i = next_random(&seed) % 14; i > 0; i--)
			buf_puts(&text, piece[next_random(&seed) % (sizeof piece / sizeof piece[0])]);
		char breaks[128] = {0};
		u8_wordbreaks((const uint8_t *)text.s, text.len, breaks);
		for (size_t at = 0, end; at < text.len; at = end) {
			for (end = at + 1; end < text.len && !breaks[end];)
				end++;
			if (has_letter_or_digit(text.s + at, end - at))
				buf_printf(&whole, "%zu+%zu|", at, end - at);
		}
		struct word_scan scan = {.words = &w, .text = {text.s, text.len}};
		struct buf ours = {0};
		for (size_t at, length; word_scan_next(&scan, &at, &length);)
			if (has_letter_or_digit(text.s + at, length))
				buf_printf(&ours, "%zu+%zu|", at, length);
		word_scan_free(&scan);
		assert_string_equal(ours.s ? ours.s : "", whole.s ? whole.s : "");
		buf_free(&text);
		buf_free(&whole);
		buf_free(&ours);
	}
	words_free(&w);
	em_settings_release(s);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_words),
		IN_PLACE(test_rules),
		IN_PLACE(test_tokens),
		cmocka_unit_test(test_ascii_agrees),
		cmocka_unit_test(test_chunks_agree),
	};
	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
