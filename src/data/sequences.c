/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines to sequences. Letters: the line is case folded and composed (NFC); a letter with the marks behind it is one
 * symbol; every run of other characters between two letters is one blank, and those before the first and behind the last
 * letter are dropped; invisible format characters are passed over. Words: what stands between white space, as it is. */
#include "elbow/sequences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistd.h>
#include <unistr.h>

#include "data/source.h"

static const char *const choices[] = {"words", "letters", NULL};

static const struct em_setting rows[] = {
	{"symbols", EM_CHOICE, "words", 0, 0, choices, EM_EFFECT_REOPEN, "what a sequence is made of: words, or letters"},
};

const struct em_setting_table em_sequences_settings = {"sequences", rows, sizeof rows / sizeof rows[0]};

struct held {
	struct em_sequences pub; /* first, so that one pointer serves both */
	size_t *row;
	uint32_t *symbol;
	const char **alphabet, **name;
	struct table table;      /* owns the alphabet's bytes */
	struct arena names;
};

/* What is being read. known: the number of an ASCII letter or the blank, TABLE_NONE before it occurs. */
struct reader {
	struct held *h;
	size_t row_room, symbol_room;
	uint32_t known[128];
	bool letters;
};

/* Makes room for one element more. */
static bool room_for(void *array, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room ? *room * 2 : 1024;
	void *old, *new;
	memcpy(&old, array, sizeof old);
	if (more > SIZE_MAX / 2 / size || !(new = realloc(old, more * size)))
		return false;
	memcpy(array, &new, sizeof new);
	*room = more;
	return true;
}

static bool push(struct reader *r, uint32_t id)
{
	struct held *h = r->h;
	if (id == TABLE_NONE || !room_for(&h->symbol, &r->symbol_room, h->pub.total, sizeof *h->symbol))
		return false;
	h->symbol[h->pub.total++] = id;
	return true;
}

static bool push_bytes(struct reader *r, const char *bytes, size_t n)
{
	return push(r, table_add(&r->h->table, bytes, n));
}

static bool push_ascii(struct reader *r, char c)
{
	uint32_t *id = &r->known[(unsigned char)c];
	if (*id == TABLE_NONE)
		*id = table_add(&r->h->table, &c, 1);
	return push(r, *id);
}

static bool is_ascii(struct em_text line)
{
	unsigned char high = 0;
	for (size_t i = 0; i < line.length; i++)
		high |= (unsigned char)line.bytes[i];
	return high < 0x80;
}

static bool ascii_letters(struct reader *r, struct em_text line)
{
	bool begun = false, gap = false;
	for (size_t i = 0; i < line.length; i++) {
		char c = line.bytes[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c < 'a' || c > 'z') {
			gap = begun;
			continue;
		}
		if ((gap && !push_ascii(r, ' ')) || !push_ascii(r, c))
			return false;
		begun = true;
		gap = false;
	}
	return true;
}

/* The end of the letter at `at` with its marks; 0 when there is none. *skip: the character leaves no trace. */
static size_t letter_end(const char *s, size_t n, size_t at, size_t *length, bool *skip)
{
	ucs4_t c;
	*length = (size_t)u8_mbtouc(&c, (const uint8_t *)s + at, n - at);
	*skip = uc_is_property_default_ignorable_code_point(c);
	if (!uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L))
		return 0;
	size_t end = at + *length;
	while (end < n) {
		size_t mark = (size_t)u8_mbtouc(&c, (const uint8_t *)s + end, n - end);
		if (!uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M))
			break;
		end += mark;
	}
	return end;
}

static bool wide_letters(struct reader *r, struct em_text line)
{
	size_t n = 0, length, end;
	bool begun = false, gap = false, skip, ok = true;
	uint8_t *folded = u8_casefold((const uint8_t *)line.bytes, line.length, NULL, UNINORM_NFC, NULL, &n);
	const char *s = (const char *)folded;
	if (!folded)
		return false;
	for (size_t at = 0; ok && at < n; at = end) {
		end = letter_end(s, n, at, &length, &skip);
		if (!end) {
			end = at + length;
			gap |= begun && !skip;
			continue;
		}
		ok = (!gap || push_ascii(r, ' ')) && push_bytes(r, s + at, end - at);
		begun = true;
		gap = false;
	}
	free(folded);
	return ok;
}

static bool is_space(const char *s, size_t n, size_t at, size_t *length)
{
	ucs4_t c = (unsigned char)s[at];
	*length = 1;
	if (c >= 0x80)
		*length = (size_t)u8_mbtouc(&c, (const uint8_t *)s + at, n - at);
	return c < 0x80 ? c == ' ' || (c >= '\t' && c <= '\r') : uc_is_property_white_space(c);
}

static bool add_words(struct reader *r, struct em_text line)
{
	size_t from = 0, length;
	bool inside = false;
	for (size_t at = 0; at < line.length; at += length) {
		bool space = is_space(line.bytes, line.length, at, &length);
		if (space && inside && !push_bytes(r, line.bytes + from, at - from))
			return false;
		if (!space && !inside)
			from = at;
		inside = !space;
	}
	return !inside || push_bytes(r, line.bytes + from, line.length - from);
}

static bool add_line(struct reader *r, struct em_text line)
{
	struct held *h = r->h;
	size_t begin = h->pub.total;
	bool ok = !r->letters ? add_words(r, line) : is_ascii(line) ? ascii_letters(r, line) : wide_letters(r, line);
	if (!ok || !room_for(&h->row, &r->row_room, h->pub.count + 1, sizeof *h->row))
		return false;
	h->row[h->pub.count++] = begin;
	h->row[h->pub.count] = h->pub.total;
	if (h->pub.total - begin > h->pub.longest)
		h->pub.longest = h->pub.total - begin;
	return true;
}

static int by_code_point(const void *a, const void *b)
{
	const struct table_key *const *x = a, *const *y = b;
	return strcmp((*x)->bytes, (*y)->bytes); /* UTF-8 keeps the order of code points */
}

/* Numbers the symbols in code-point order. */
static bool order(struct held *h)
{
	uint32_t count = h->table.count;
	const struct table_key **key = calloc((size_t)count + 1, sizeof *key);
	uint32_t *rank = calloc((size_t)count + 1, sizeof *rank);
	h->alphabet = calloc((size_t)count + 1, sizeof *h->alphabet);
	bool ok = key && rank && h->alphabet;
	if (ok) {
		for (uint32_t i = 0; i < count; i++)
			key[i] = &h->table.key[i];
		qsort(key, count, sizeof(const struct table_key *), by_code_point);
		for (uint32_t i = 0; i < count; i++) {
			h->alphabet[i] = key[i]->bytes;
			rank[key[i] - h->table.key] = i;
		}
		for (size_t t = 0; t < h->pub.total; t++)
			h->symbol[t] = rank[h->symbol[t]];
	}
	free(key);
	free(rank);
	h->pub.symbols = count;
	return ok;
}

static bool add_names(struct held *h)
{
	h->name = calloc(h->pub.count + 1, sizeof *h->name);
	for (size_t i = 0; h->name && i < h->pub.count; i++) {
		char made[40];
		int n = snprintf(made, sizeof made, "line %zu", i + 1);
		if (!(h->name[i] = arena_copy(&h->names, made, (size_t)n)))
			return false;
	}
	return h->name != NULL;
}

static enum em_status read_text(const char *name, struct em_text all, bool letters, struct held *h, struct em_err *err)
{
	struct reader r = {.h = h, .letters = letters};
	struct em_text line;
	memset(r.known, 0xff, sizeof r.known);
	for (size_t at = 0; source_line(all, &at, &line);)
		if (!add_line(&r, line))
			return em_no_memory(err);
	if (h->pub.count == 0)
		return em_fail(err, EM_INPUT, "%s: nothing in it; give text, one sequence a line", name);
	if (h->pub.total == 0)
		return em_fail(err, EM_INPUT, "%s: not a single %s in it; give text, one sequence a line", name,
		               letters ? "letter" : "word");
	if (!order(h) || !add_names(h))
		return em_no_memory(err);
	h->pub.row = h->row;
	h->pub.symbol = h->symbol;
	h->pub.alphabet = h->alphabet;
	h->pub.name = h->name;
	return EM_OK;
}

/* Takes f over. */
static enum em_status take(const char *name, struct file_bytes *f, const struct em_settings *s, struct em_sequences **out,
                           struct em_err *err)
{
	struct source source = {0};
	struct em_text all;
	struct held *h = calloc(1, sizeof *h);
	enum em_status st = source_take(&source, f, name, &all, err);
	if (!st && !h)
		st = em_no_memory(err);
	if (!st)
		st = read_text(name, all, strcmp(em_settings_text(s, "symbols"), "letters") == 0, h, err);
	source_free(&source);
	if (st)
		em_sequences_free(h ? &h->pub : NULL);
	else
		*out = &h->pub;
	return st;
}

enum em_status em_sequences_from(const char *name, const char *bytes, size_t size, const struct em_settings *s,
                                 struct em_sequences **out, struct em_err *err)
{
	struct file_bytes f = {.bytes = bytes, .size = size};
	return take(name, &f, s, out, err);
}

enum em_status em_sequences_open(const char *path, const struct em_settings *s, struct em_sequences **out,
                                 struct em_err *err)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	struct file_bytes f;
	enum em_status st = standard ? file_read_fd(STDIN_FILENO, name, &f, err) : file_map(path, &f, err);
	return st ? st : take(name, &f, s, out, err);
}

void em_sequences_free(struct em_sequences *q)
{
	struct held *h = (struct held *)(void *)q;
	if (!h)
		return;
	free(h->row);
	free(h->symbol);
	free(h->alphabet);
	free(h->name);
	table_free(&h->table);
	arena_free(&h->names);
	free(h);
}
