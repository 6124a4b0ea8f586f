/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "data/ldac.h"

void counts_free(struct counts *c)
{
	free(c->row);
	free(c->term);
	free(c->count);
	free(c->length);
	*c = (struct counts){0};
}

enum em_status counts_document(struct counts *c, struct em_err *err)
{
	if (c->docs == UINT32_MAX - 1)
		return em_fail(err, EM_INPUT, "more than %zu documents; give fewer", c->docs);
	if (c->docs == c->docs_room) {
		size_t room = c->docs_room ? c->docs_room * 2 : 64;
		size_t *row = realloc(c->row, (room + 1) * sizeof *row);
		if (!row)
			return em_no_memory(err);
		c->row = row;
		uint32_t *length = realloc(c->length, room * sizeof *length);
		if (!length)
			return em_no_memory(err);
		c->length = length;
		c->docs_room = room;
	}
	c->row[c->docs] = c->row[c->docs + 1] = c->pairs;
	c->length[c->docs++] = 0;
	return EM_OK;
}

enum em_status counts_pair(struct counts *c, uint32_t term, uint32_t count, struct em_err *err)
{
	if (c->pairs == c->pairs_room) {
		size_t room = c->pairs_room ? c->pairs_room * 2 : 1024;
		uint32_t *terms = realloc(c->term, room * sizeof *terms);
		if (!terms)
			return em_no_memory(err);
		c->term = terms;
		uint32_t *counts = realloc(c->count, room * sizeof *counts);
		if (!counts)
			return em_no_memory(err);
		c->count = counts;
		c->pairs_room = room;
	}
	uint32_t *length = &c->length[c->docs - 1];
	if (*length > UINT32_MAX - count)
		return em_fail(err, EM_INPUT, "document %zu has more than %u tokens; split it", c->docs, UINT32_MAX);
	c->term[c->pairs] = term;
	c->count[c->pairs++] = count;
	c->row[c->docs] = c->pairs;
	*length += count;
	c->tokens += count;
	if (c->terms <= term)
		c->terms = (size_t)term + 1;
	return EM_OK;
}
