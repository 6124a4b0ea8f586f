/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/table.h"

#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *before;
	size_t used, room;
	char bytes[];
};

#define BLOCK ((size_t)64 << 10)

char *arena_copy(struct arena *a, const char *bytes, size_t n)
{
	struct arena_block *b = a->last;
	if (n >= SIZE_MAX / 4)
		return NULL;
	if (!b || b->room - b->used <= n) {
		size_t room = n + 1 > BLOCK / 4 ? n + 1 : BLOCK;
		struct arena_block *fresh = malloc(sizeof *fresh + room);
		if (!fresh)
			return NULL;
		*fresh = (struct arena_block){.room = room};
		/* A big string gets a block of its own, behind the one that still has room. */
		if (b && room != BLOCK) {
			fresh->before = b->before;
			b->before = fresh;
		} else {
			fresh->before = b;
			a->last = fresh;
		}
		b = fresh;
	}
	char *copy = b->bytes + b->used;
	if (n)
		memcpy(copy, bytes, n);
	copy[n] = '\0';
	b->used += n + 1;
	return copy;
}

void arena_free(struct arena *a)
{
	while (a->last) {
		struct arena_block *before = a->last->before;
		free(a->last);
		a->last = before;
	}
}

uint64_t table_hash(const char *bytes, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a, then mixed so that the low bits depend on all */
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* The slot that holds the string, or the free one where it belongs. The table has a free slot. */
static size_t probe(const struct table *t, const char *bytes, size_t n, uint32_t hash)
{
	size_t at = hash & (t->slots - 1);
	while (t->slot[at]) {
		const struct table_key *k = &t->key[t->slot[at] - 1];
		if (k->hash == hash && k->length == n && memcmp(k->bytes, bytes, n) == 0)
			break;
		at = (at + 1) & (t->slots - 1);
	}
	return at;
}

uint32_t table_find(const struct table *t, const char *bytes, size_t n)
{
	if (t->slots == 0)
		return TABLE_NONE;
	uint32_t held = t->slot[probe(t, bytes, n, (uint32_t)table_hash(bytes, n))];
	return held ? held - 1 : TABLE_NONE;
}

/* Keeps the slots at most half full. */
static bool grow(struct table *t)
{
	if (t->count == t->room) {
		if (t->room >= UINT32_MAX / 2)
			return false;
		uint32_t room = t->room ? t->room * 2 : 256;
		struct table_key *key = realloc(t->key, room * sizeof *key);
		if (!key)
			return false;
		t->key = key;
		t->room = room;
	}
	if (t->slots >= 2 * ((size_t)t->count + 1))
		return true;
	size_t slots = t->slots ? t->slots * 2 : 512;
	uint32_t *slot = calloc(slots, sizeof *slot);
	if (!slot)
		return false;
	for (uint32_t i = 0; i < t->count; i++) {
		size_t at = t->key[i].hash & (slots - 1);
		while (slot[at])
			at = (at + 1) & (slots - 1);
		slot[at] = i + 1;
	}
	free(t->slot);
	t->slot = slot;
	t->slots = slots;
	return true;
}

uint32_t table_add(struct table *t, const char *bytes, size_t n)
{
	uint32_t hash = (uint32_t)table_hash(bytes, n);
	if (t->slots) {
		uint32_t held = t->slot[probe(t, bytes, n, hash)];
		if (held)
			return held - 1;
	}
	if (n >= UINT32_MAX || !grow(t))
		return TABLE_NONE;
	char *copy = arena_copy(&t->bytes, bytes, n);
	if (!copy)
		return TABLE_NONE;
	t->key[t->count] = (struct table_key){copy, (uint32_t)n, hash};
	t->slot[probe(t, bytes, n, hash)] = t->count + 1;
	return t->count++;
}

void table_free(struct table *t)
{
	free(t->key);
	free(t->slot);
	arena_free(&t->bytes);
	*t = (struct table){0};
}
