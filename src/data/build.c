/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "data/part.h"

const char *rule_name(const struct em_corpus_part *part, enum em_rule rule, char *out, size_t size)
{
	static const char *const setting[EM_RULES] = {[EM_RULE_SHORT] = "min_length", [EM_RULE_NUMBER] = "numbers",
	                                              [EM_RULE_RARE] = "min_df", [EM_RULE_COMMON] = "max_df"};
	char value[40];
	if (rule == EM_RULE_STOP)
		snprintf(out, size, "stop words");
	else if (setting[rule])
		snprintf(out, size, "%s=%s", setting[rule], em_settings_show(part->settings, setting[rule], value, sizeof value));
	else
		snprintf(out, size, "kept");
	return out;
}

/* Counts the words of one document; counts->term holds word numbers as yet. */
static enum em_status count_document(struct em_corpus_part *part, size_t d, struct word_scan *scan, struct em_err *err)
{
	struct words *w = &part->words;
	struct counts *c = &part->counts;
	enum em_status status = counts_document(c, err);
	scan->text = part->source.text[d];
	scan->at = scan->chunk_end = 0;
	for (size_t at, n; !status && word_scan_next(scan, &at, &n);) {
		uint32_t i;
		status = words_add(w, scan->text.bytes + at, n, &i, err);
		if (status || i == TABLE_NONE)
			continue;
		struct word *word = &w->word[i];
		part->seen++;
		word->tokens++;
		if (word->rule != EM_KEPT)
			continue;
		if (word->last == d + 1 && c->count[word->pair] < UINT32_MAX) {
			c->count[word->pair]++;
			c->length[d]++;
			c->tokens++;
			continue;
		}
		word->last = (uint32_t)(d + 1);
		word->pair = c->pairs;
		word->df++;
		status = counts_pair(c, i, 1, err);
	}
	if (!status && scan->failed)
		return em_no_memory(err);
	if (!status && scan->text.length > UINT32_MAX / 2)
		return em_fail(err, EM_INPUT, "%s: longer than 2 GB; split it", part->source.name[d]);
	return status;
}

/* Terms are the kept words in the order of their code points. */
struct order {
	const char *name;
	uint32_t word;
};

static int by_code_point(const void *a, const void *b)
{
	return strcmp(((const struct order *)a)->name, ((const struct order *)b)->name);
}

static enum em_status number_terms(struct em_corpus_part *part, struct em_err *err)
{
	struct words *w = &part->words;
	double docs = (double)part->source.docs, max_df = em_settings_number(part->settings, "max_df");
	double min_df = em_settings_number(part->settings, "min_df");
	size_t terms = 0;
	struct order *order = malloc((w->words.count + 1) * sizeof *order);
	if (!order)
		return em_no_memory(err);
	for (uint32_t i = 0; i < w->words.count; i++) {
		struct word *word = &w->word[i];
		if (word->rule == EM_KEPT && (double)word->df < min_df)
			word->rule = EM_RULE_RARE;
		else if (word->rule == EM_KEPT && (double)word->df / docs > max_df)
			word->rule = EM_RULE_COMMON;
		part->removed[word->rule] += word->tokens;
		part->distinct[word->rule]++;
		if (word->rule == EM_KEPT)
			order[terms++] = (struct order){w->words.key[i].bytes, i};
	}
	qsort(order, terms, sizeof *order, by_code_point);
	part->vocabulary = malloc((terms + 1) * sizeof *part->vocabulary);
	for (size_t t = 0; part->vocabulary && t < terms; t++) {
		part->vocabulary[t] = order[t].name;
		w->word[order[t].word].term = (uint32_t)t;
	}
	part->counts.terms = terms;
	free(order);
	return part->vocabulary ? EM_OK : em_no_memory(err);
}

struct pair {
	uint32_t term, count;
};

static int by_term(const void *a, const void *b)
{
	uint32_t x = ((const struct pair *)a)->term, y = ((const struct pair *)b)->term;
	return (x > y) - (x < y);
}

/* Turns word numbers into terms, drops pairs whose word was dropped, sorts each row. */
static enum em_status settle(struct em_corpus_part *part, struct em_err *err)
{
	struct counts *c = &part->counts;
	size_t longest = 1, to = 0;
	for (size_t d = 0; d < c->docs; d++)
		if (c->row[d + 1] - c->row[d] > longest)
			longest = c->row[d + 1] - c->row[d];
	struct pair *pair = malloc(longest * sizeof *pair);
	if (!pair)
		return em_no_memory(err);
	c->tokens = 0;
	for (size_t d = 0, from = 0; d < c->docs; d++) {
		size_t end = c->row[d + 1], n = 0;
		for (; from < end; from++) {
			uint32_t term = part->words.word[c->term[from]].term;
			if (term != TABLE_NONE)
				pair[n++] = (struct pair){term, c->count[from]};
		}
		qsort(pair, n, sizeof *pair, by_term);
		c->row[d] = to;
		c->length[d] = 0;
		for (size_t i = 0; i < n; i++, to++) {
			c->term[to] = pair[i].term;
			c->count[to] = pair[i].count;
			c->length[d] += pair[i].count;
		}
		c->tokens += c->length[d];
	}
	c->row[c->docs] = c->pairs = to;
	free(pair);
	return EM_OK;
}

/* "16 documents, 812 tokens, none left: stop words took 800, min_df=20 took 12; loosen stop or min_df" */
static enum em_status none_left(const struct em_corpus_part *part, const char *path, struct em_err *err)
{
	static const char *const setting[EM_RULES] = {"", "min_length", "numbers", "stop", "min_df", "max_df"};
	struct buf took = {0}, loosen = {0};
	char name[60];
	for (int rule = EM_KEPT + 1; rule < EM_RULES; rule++) {
		if (!part->removed[rule])
			continue;
		buf_printf(&took, "%s%s took %s", took.len ? ", " : "", rule_name(part, (enum em_rule)rule, name, sizeof name),
		           number_count(part->removed[rule]).s);
		buf_printf(&loosen, "%s%s", loosen.len ? " or " : "", setting[rule]);
	}
	size_t docs = part->source.docs;
	if (part->seen == 0)
		em_fail(err, EM_INPUT, "%s: %s document%s without a single word", path, number_count(docs).s,
		        docs == 1 ? "" : "s");
	else
		em_fail(err, EM_INPUT, "%s: %s document%s, %s token%s, none left: %s; loosen %s", path, number_count(docs).s,
		        docs == 1 ? "" : "s", number_count(part->seen).s, part->seen == 1 ? "" : "s", took.s ? took.s : "",
		        loosen.s ? loosen.s : "");
	buf_free(&took);
	buf_free(&loosen);
	return EM_INPUT;
}

enum em_status build_counts(struct em_corpus_part *part, const char *path, struct em_err *err)
{
	enum em_status status = words_init(&part->words, part->settings, err);
	struct word_scan scan = {.words = &part->words};
	for (size_t d = 0; !status && d < part->source.docs; d++)
		status = count_document(part, d, &scan, err);
	word_scan_free(&scan);
	if (!status)
		status = number_terms(part, err);
	if (!status && part->counts.terms == 0)
		status = none_left(part, path, err);
	return status ? status : settle(part, err);
}
