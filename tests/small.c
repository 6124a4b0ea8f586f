/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "small.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

uint64_t small_next(uint64_t *state) /* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double small_uniform(uint64_t *state)
{
	return (double)(small_next(state) >> 11) * 0x1p-53;
}

struct em_corpus *small_corpus(size_t docs, size_t terms, const unsigned *counts)
{
	struct em_corpus *c = calloc(1, sizeof *c);
	size_t *row = calloc(docs + 1, sizeof *row);
	uint32_t *term = calloc(docs * terms + 1, sizeof *term), *count = calloc(docs * terms + 1, sizeof *count);
	uint32_t *length = calloc(docs + 1, sizeof *length);
	char **vocabulary = calloc(terms + 1, sizeof *vocabulary), **name = calloc(docs + 1, sizeof *name);
	for (size_t d = 0; d < docs; d++) {
		for (size_t v = 0; v < terms; v++)
			if (counts[d * terms + v]) {
				term[c->pairs] = (uint32_t)v;
				count[c->pairs++] = counts[d * terms + v];
				length[d] += counts[d * terms + v];
				c->tokens += counts[d * terms + v];
			}
		row[d + 1] = c->pairs;
		name[d] = calloc(32, 1);
		snprintf(name[d], 32, "document %zu", d + 1);
	}
	for (size_t v = 0; v < terms; v++) {
		vocabulary[v] = calloc(32, 1);
		snprintf(vocabulary[v], 32, "term%zu", v + 1);
	}
	c->docs = docs;
	c->terms = terms;
	c->row = row;
	c->term = term;
	c->count = count;
	c->length = length;
	c->vocabulary = (const char *const *)vocabulary;
	c->name = (const char *const *)name;
	c->text = calloc(docs + 1, sizeof *c->text);
	return c;
}

struct em_corpus *small_random(uint64_t seed, size_t docs, size_t terms, unsigned longest)
{
	unsigned *counts = calloc(docs * terms, sizeof *counts);
	for (size_t d = 0; d < docs; d++) {
		unsigned n = (unsigned)(small_next(&seed) % longest) + 1;
		size_t home = small_next(&seed) % terms;
		for (unsigned i = 0; i < n; i++) {
			bool near = small_uniform(&seed) < 0.7;
			size_t v = near ? (home + small_next(&seed) % (terms / 3 + 1)) % terms : small_next(&seed) % terms;
			counts[d * terms + v]++;
		}
	}
	struct em_corpus *c = small_corpus(docs, terms, counts);
	free(counts);
	return c;
}

void small_free(struct em_corpus *c)
{
	for (size_t d = 0; d < c->docs; d++)
		free((void *)(uintptr_t)c->name[d]);
	for (size_t v = 0; v < c->terms; v++)
		free((void *)(uintptr_t)c->vocabulary[v]);
	const void *all[] = {c->row, c->term, c->count, c->length, c->vocabulary, c->name, c->text};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		free((void *)(uintptr_t)all[i]);
	free(c);
}

struct em_settings *small_settings(const char *name, ...)
{
	const struct em_setting_table *tables[] = {em_model_named("lda")->settings, &em_run_settings};
	struct em_settings *s = em_settings_new(tables, 2);
	struct em_err err = {0};
	va_list args;
	assert_non_null(s);
	va_start(args, name);
	for (; name; name = va_arg(args, const char *)) {
		const char *value = va_arg(args, const char *);
		struct em_settings *next = NULL;
		if (em_settings_with(s, name, value, &next, &err))
			fail_msg("%s", err.msg);
		em_settings_release(s);
		s = next;
	}
	va_end(args);
	return s;
}
