/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "place.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

static char place[64];

int make_place(void **state)
{
	(void)state;
	strcpy(place, "/tmp/elbow-data-XXXXXX");
	return mkdtemp(place) ? 0 : -1;
}

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int drop_place(void **state)
{
	(void)state;
	return nftw(place, drop_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *in_place(const char *name)
{
	static char path[4][512];
	static int turn;
	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof path[turn], "%s/%s", place, name);
	return path[turn];
}

const char *put_bytes(const char *name, const char *bytes, size_t n)
{
	const char *path = in_place(name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

const char *put(const char *name, const char *text)
{
	return put_bytes(name, text, strlen(text));
}

struct em_settings *test_settings(const char *changes)
{
	static const struct em_setting_table *const tables[] = {&em_corpus_settings};
	struct em_settings *s = em_settings_new(tables, 1);
	char copy[1200], *rest = copy;
	snprintf(copy, sizeof copy, "%s", changes);
	for (char *word; (word = strsep(&rest, " "));) {
		char *value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		struct em_settings *next;
		struct em_err err;
		if (em_settings_with(s, word, value, &next, &err))
			fail_msg("%s", err.msg);
		em_settings_release(s);
		s = next;
	}
	return s;
}

struct em_corpus *open_with(const char *path, const char *changes)
{
	struct em_settings *s = test_settings(changes);
	struct em_corpus *c;
	struct em_err err;
	enum em_status status = em_corpus_open(path, s, &c, &err);
	em_settings_release(s);
	if (status)
		fail_msg("%s", err.msg);
	return c;
}

const char *refusal(const char *path, const char *changes)
{
	static char message[480];
	struct em_settings *s = test_settings(changes);
	struct em_corpus *c = (struct em_corpus *)message;
	struct em_err err = {0};
	enum em_status status = em_corpus_open(path, s, &c, &err);
	em_settings_release(s);
	if (status == EM_OK) {
		em_corpus_free(c);
		fail_msg("%s was opened", path);
	}
	assert_true(status == EM_INPUT || status == EM_IO);
	assert_int_equal(err.code, status);
	assert_null(c);
	char *out = message;
	for (const char *p = err.msg; *p;) {
		size_t n = strlen(place);
		if (strncmp(p, place, n) == 0 && p[n] == '/')
			p += n + 1;
		else
			*out++ = *p++;
	}
	*out = '\0';
	return message;
}

char *shape(const struct em_corpus *c)
{
	struct buf b = {0};
	uint64_t tokens = 0;
	buf_puts(&b, "");
	for (size_t d = 0; d < c->docs; d++) {
		uint64_t length = 0;
		buf_puts(&b, d ? "|" : "");
		for (size_t i = c->row[d]; i < c->row[d + 1]; i++) {
			assert_true(c->term[i] < c->terms && c->count[i] > 0);
			buf_printf(&b, "%s%s:%u", i > c->row[d] ? " " : "", c->vocabulary[c->term[i]], c->count[i]);
			length += c->count[i];
		}
		assert_int_equal(length, c->length[d]);
		tokens += length;
	}
	assert_int_equal(tokens, c->tokens);
	assert_int_equal(c->row[c->docs], c->pairs);
	return buf_take(&b);
}

void assert_shape(const char *path, const char *changes, const char *expected)
{
	struct em_corpus *c = open_with(path, changes);
	char *s = shape(c);
	assert_string_equal(s, expected);
	free(s);
	em_corpus_free(c);
}

void assert_reports(const struct em_corpus *c, const char *part)
{
	char *report = em_corpus_report(c);
	assert_non_null(report);
	if (!strstr(report, part))
		fail_msg("\"%s\" is not in the report:\n%s", part, report);
	free(report);
}
