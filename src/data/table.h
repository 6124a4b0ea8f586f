/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strings kept together (arena) and numbered as they come (table). */
#ifndef ELBOW_DATA_TABLE_H
#define ELBOW_DATA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory handed out in pieces and freed at once; zero-initialize. */
struct arena {
	struct arena_block *last;
};

/* A NUL-terminated copy of n bytes that lives as long as the arena. NULL: out of memory. */
char *arena_copy(struct arena *a, const char *bytes, size_t n);
void arena_free(struct arena *a);

/* A set of byte strings numbered 0, 1, 2 ... in the order they were added; zero-initialize. */
struct table {
	struct table_key *key; /* [count] */
	uint32_t count, room;
	uint32_t *slot;        /* [slots]: index + 1, 0 for free; slots is a power of two */
	size_t slots;
	struct arena bytes;
};

struct table_key {
	const char *bytes; /* a copy, NUL-terminated */
	uint32_t length, hash;
};

#define TABLE_NONE UINT32_MAX

/* The number of a string, TABLE_NONE when it is not there. */
uint32_t table_find(const struct table *t, const char *bytes, size_t n);
/* The number of a string, new if need be. TABLE_NONE: out of memory, out of numbers, or too long a string. */
uint32_t table_add(struct table *t, const char *bytes, size_t n);
void table_free(struct table *t);

/* 64 bits of any bytes. */
uint64_t table_hash(const char *bytes, size_t n);

#endif
