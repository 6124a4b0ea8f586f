/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "data/part.h"

/* A document by what it holds. */
struct mark {
	uint64_t hash;
	uint32_t d;
};

static int by_hash(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->d > y->d) - (x->d < y->d);
}

static int by_document(const void *a, const void *b)
{
	const struct duplicate *x = a, *y = b;
	return (x->d > y->d) - (x->d < y->d);
}

/* The same for the same pairs in any order. */
static uint64_t hash_counts(const struct counts *c, size_t d)
{
	uint64_t sum = 0;
	for (size_t i = c->row[d]; i < c->row[d + 1]; i++) {
		uint32_t pair[2] = {c->term[i], c->count[i]};
		sum += table_hash((const char *)pair, sizeof pair);
	}
	return sum;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void sorted_pairs(const struct counts *c, size_t d, uint64_t *out)
{
	size_t n = c->row[d + 1] - c->row[d];
	for (size_t i = 0; i < n; i++)
		out[i] = (uint64_t)c->term[c->row[d] + i] << 32 | c->count[c->row[d] + i];
	qsort(out, n, sizeof *out, by_number);
}

/* scratch has room for the pairs of two documents. */
static bool same(const struct em_corpus_part *part, bool has_text, uint32_t a, uint32_t b, uint64_t *scratch)
{
	if (has_text) {
		const struct em_text x = part->source.text[a], y = part->source.text[b];
		return x.length == y.length && memcmp(x.bytes, y.bytes, x.length) == 0;
	}
	const struct counts *c = &part->counts;
	size_t n = c->row[a + 1] - c->row[a];
	if (n != c->row[b + 1] - c->row[b])
		return false;
	sorted_pairs(c, a, scratch);
	sorted_pairs(c, b, scratch + n);
	return memcmp(scratch, scratch + n, n * sizeof *scratch) == 0;
}

/* Marks of the documents that are not empty, in order of their hash. */
static size_t mark_all(const struct em_corpus_part *part, bool has_text, struct mark *mark)
{
	const struct counts *c = &part->counts;
	size_t n = 0;
	for (size_t d = 0; d < c->docs; d++)
		if (c->length[d]) {
			const struct em_text *text = &part->source.text[d];
			uint64_t hash = has_text ? table_hash(text->bytes, text->length) : hash_counts(c, d);
			mark[n++] = (struct mark){hash, (uint32_t)d};
		}
	qsort(mark, n, sizeof *mark, by_hash);
	return n;
}

enum em_status build_duplicates(struct em_corpus_part *part, bool has_text, struct em_err *err)
{
	const struct counts *c = &part->counts;
	size_t longest = 0;
	for (size_t d = 0; d < c->docs; d++)
		if (c->row[d + 1] - c->row[d] > longest)
			longest = c->row[d + 1] - c->row[d];
	struct mark *mark = malloc((c->docs + 1) * sizeof *mark);
	uint64_t *scratch = malloc((2 * longest + 1) * sizeof *scratch);
	part->duplicates = malloc((c->docs + 1) * sizeof *part->duplicates);
	if (!mark || !scratch || !part->duplicates) {
		free(mark);
		free(scratch);
		return em_no_memory(err);
	}
	size_t n = mark_all(part, has_text, mark);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (mark[i].hash != mark[first].hash)
			first = i;
		else if (same(part, has_text, mark[first].d, mark[i].d, scratch))
			part->duplicates[part->duplicate_count++] = (struct duplicate){mark[i].d, mark[first].d};
	}
	qsort(part->duplicates, part->duplicate_count, sizeof *part->duplicates, by_document);
	free(mark);
	free(scratch);
	return EM_OK;
}
