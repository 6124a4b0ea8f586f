/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/words.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwbrk.h>

#include "data/embedded.h"
#include "data/source.h"

/* Blanks separate: no word, and no rule of the word breaker, reaches across an ASCII blank. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of the run of non-blanks at `at`; *wide when it holds more than ASCII. */
static size_t chunk(struct em_text text, size_t at, bool *wide)
{
	unsigned char high = 0;
	while (at < text.length && !is_blank(text.bytes[at]))
		high |= (unsigned char)text.bytes[at++];
	*wide = high >= 0x80;
	return at;
}

static bool in_word(int class)
{
	return class == WBP_ALETTER || class == WBP_NUMERIC || class == WBP_EXTENDNUMLET;
}

/* True when `middle` joins two of `side` (UAX #29, rules WB6, WB7, WB11, WB12). */
static bool joins(int side, int middle)
{
	if (side == WBP_ALETTER)
		return middle == WBP_MIDLETTER || middle == WBP_MIDNUMLET || middle == WBP_SQ;
	return side == WBP_NUMERIC && (middle == WBP_MIDNUM || middle == WBP_MIDNUMLET || middle == WBP_SQ);
}

/* The word that starts at `at` in an ASCII chunk. Letters, digits and _ stick together (WB5, WB8-WB10, WB13a, WB13b). */
static size_t ascii_word(const struct words *w, const char *s, size_t at, size_t end)
{
	for (at++; at < end; at++) {
		int class = w->class[(unsigned char)s[at]];
		if (in_word(class))
			continue;
		int before = w->class[(unsigned char)s[at - 1]];
		if (at + 1 < end && joins(before, class) && w->class[(unsigned char)s[at + 1]] == before)
			continue;
		break;
	}
	return at;
}

/* Starts the chunk at or after scan->at. */
static bool next_chunk(struct word_scan *scan)
{
	const struct em_text text = scan->text;
	while (scan->at < text.length && is_blank(text.bytes[scan->at]))
		scan->at++;
	if (scan->at >= text.length)
		return false;
	scan->chunk_at = scan->at;
	scan->chunk_end = chunk(text, scan->at, &scan->wide);
	scan->wide |= scan->slow;
	size_t n = scan->chunk_end - scan->at;
	if (!scan->wide)
		return true;
	if (n > scan->room) {
		char *more = realloc(scan->breaks, n * 2);
		if (!more) {
			scan->failed = true;
			return false;
		}
		scan->breaks = more;
		scan->room = n * 2;
	}
	u8_wordbreaks((const uint8_t *)text.bytes + scan->at, n, scan->breaks);
	return true;
}

bool word_scan_next(struct word_scan *scan, size_t *at, size_t *length)
{
	const char *s = scan->text.bytes;
	for (;;) {
		if (scan->at >= scan->chunk_end && !next_chunk(scan))
			return false;
		size_t from = scan->at, to = from + 1;
		if (scan->wide) {
			while (to < scan->chunk_end && !scan->breaks[to - scan->chunk_at])
				to++;
		} else if (in_word(scan->words->class[(unsigned char)s[from]]))
			to = ascii_word(scan->words, s, from, scan->chunk_end);
		scan->at = to;
		if (to == from + 1 && (unsigned char)s[from] < 0x80 && !in_word(scan->words->class[(unsigned char)s[from]]))
			continue;
		*at = from;
		*length = to - from;
		return true;
	}
}

void word_scan_free(struct word_scan *scan)
{
	free(scan->breaks);
	scan->breaks = NULL;
	scan->room = 0;
}

/* Format characters that hide inside words without changing them: soft hyphen, joiners of lines, directions, BOM. */
static bool is_hidden(ucs4_t c)
{
	return c == 0xad || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || c == 0x2060 ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Without hidden characters, apostrophes straight. */
static void straighten(const uint8_t *s, size_t n, struct buf *out)
{
	for (size_t at = 0; at < n;) {
		ucs4_t c;
		size_t length = (size_t)u8_mbtouc(&c, s + at, n - at);
		if (c == 0x2018 || c == 0x2019 || c == 0x2bc || c == 0xff07)
			buf_putc(out, '\'');
		else if (!is_hidden(c))
			buf_add(out, (const char *)s + at, length);
		at += length;
	}
}

void words_fold(const char *bytes, size_t n, struct buf *out)
{
	bool wide = false;
	size_t start = out->len;
	for (size_t i = 0; i < n; i++)
		wide |= (unsigned char)bytes[i] >= 0x80;
	if (!wide) {
		buf_add(out, bytes, n);
		for (size_t i = start; i < out->len; i++)
			if (out->s[i] >= 'A' && out->s[i] <= 'Z')
				out->s[i] = (char)(out->s[i] - 'A' + 'a');
		return;
	}
	struct buf plain = {0};
	size_t length = 0;
	straighten((const uint8_t *)bytes, n, &plain);
	uint8_t *folded = plain.failed || !plain.s ? NULL
	                : u8_casefold((const uint8_t *)plain.s, plain.len, NULL, UNINORM_NFC, NULL, &length);
	if (folded)
		buf_add(out, (const char *)folded, length);
	else if (plain.failed || plain.len)
		out->failed = true;
	if (!out->failed && length > 2 && memcmp(out->s + out->len - 2, "σ", 2) == 0)
		memcpy(out->s + out->len - 2, "ς", 2);
	free(folded);
	buf_free(&plain);
}

/* What decides about a word: its letters and digits (a mark belongs to its letter). */
struct measure {
	size_t length;
	bool letter, digit;
};

static struct measure measure(const char *bytes, size_t n)
{
	struct measure m = {0};
	for (size_t at = 0; at < n;) {
		ucs4_t c;
		at += (size_t)u8_mbtouc(&c, (const uint8_t *)bytes + at, n - at);
		bool letter = uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L);
		bool digit = !letter && uc_is_general_category_withtable(c, UC_CATEGORY_MASK_N);
		m.letter |= letter;
		m.digit |= digit;
		/* An ideograph is a word, and the word breaker gives each by itself. */
		m.length += letter && uc_is_property_ideographic(c) ? 2 : letter || digit;
	}
	return m;
}

static enum em_rule judge(const struct words *w, const char *bytes, size_t n, struct measure m)
{
	if (!m.letter && w->drop_numbers)
		return EM_RULE_NUMBER;
	if (table_find(&w->stop, bytes, n) != TABLE_NONE)
		return EM_RULE_STOP;
	return m.length < w->min_length ? EM_RULE_SHORT : EM_KEPT;
}

/* Arrays beside the tables grow with them. */
static bool room_for_word(struct words *w)
{
	if (w->words.room <= w->word_room)
		return true;
	struct word *more = realloc(w->word, w->words.room * sizeof *more);
	if (!more)
		return false;
	w->word = more;
	w->word_room = w->words.room;
	return true;
}

static bool room_for_spelling(struct words *w)
{
	if (w->spellings.room <= w->of_room)
		return true;
	uint32_t *more = realloc(w->of, w->spellings.room * sizeof *more);
	if (!more)
		return false;
	w->of = more;
	w->of_room = w->spellings.room;
	return true;
}

/* The word of a folded spelling. */
static enum em_status add_word(struct words *w, const struct buf *folded, uint32_t *out, struct em_err *err)
{
	struct measure m = measure(folded->s, folded->len);
	*out = TABLE_NONE;
	if (!m.letter && !m.digit)
		return EM_OK;
	uint32_t before = w->words.count, at = table_add(&w->words, folded->s, folded->len);
	if (at == TABLE_NONE || !room_for_word(w))
		return em_no_memory(err);
	if (at == before)
		w->word[at] = (struct word){.rule = judge(w, folded->s, folded->len, m), .term = TABLE_NONE};
	*out = at;
	return EM_OK;
}

enum em_status words_add(struct words *w, const char *bytes, size_t n, uint32_t *out, struct em_err *err)
{
	uint32_t before = w->spellings.count, at = table_add(&w->spellings, bytes, n);
	if (at == TABLE_NONE || !room_for_spelling(w))
		return em_no_memory(err);
	if (at < before) {
		*out = w->of[at];
		return EM_OK;
	}
	struct buf folded = {0};
	words_fold(bytes, n, &folded);
	buf_add(&folded, "", 0);
	w->of[at] = TABLE_NONE;
	enum em_status status = folded.failed ? em_no_memory(err) : add_word(w, &folded, &w->of[at], err);
	*out = w->of[at];
	buf_free(&folded);
	return status;
}

uint32_t words_find(const struct words *w, const char *bytes, size_t n)
{
	uint32_t at = table_find(&w->spellings, bytes, n);
	return at == TABLE_NONE ? TABLE_NONE : w->of[at];
}

/* Adds the words of one line of a stop list, up to a #. */
static enum em_status add_stops(struct words *w, struct em_text line, struct em_err *err)
{
	const char *mark = line.length ? memchr(line.bytes, '#', line.length) : NULL;
	if (mark)
		line.length = (size_t)(mark - line.bytes);
	struct word_scan scan = {.words = w, .text = line};
	struct buf folded = {0};
	bool added = true;
	for (size_t at, n; added && word_scan_next(&scan, &at, &n);) {
		folded.len = 0;
		words_fold(line.bytes + at, n, &folded);
		added = !folded.failed && table_add(&w->stop, folded.s, folded.len) != TABLE_NONE;
	}
	added = added && !scan.failed;
	word_scan_free(&scan);
	buf_free(&folded);
	return added ? EM_OK : em_no_memory(err);
}

static enum em_status read_stops(struct words *w, const char *stop, struct em_err *err)
{
	struct source file = {0};
	struct file_bytes f = {0};
	struct em_text all = {embedded_stopwords, embedded_stopwords_size()}, line;
	enum em_status status = EM_OK;
	if (strcmp(stop, "english") != 0) {
		struct em_err why;
		status = file_map(stop, &f, &why);
		if (status == EM_MEMORY)
			return em_no_memory(err);
		if (status)
			return em_fail(err, EM_INPUT, "stop words: %s; give english, none or a file of words", why.msg);
		status = source_take(&file, &f, stop, &all, err);
	}
	for (size_t at = 0; !status && source_line(all, &at, &line);)
		status = add_stops(w, line, err);
	source_free(&file);
	return status;
}

enum em_status words_init(struct words *w, const struct em_settings *s, struct em_err *err)
{
	*w = (struct words){.min_length = (size_t)em_settings_number(s, "min_length")};
	w->drop_numbers = strcmp(em_settings_text(s, "numbers"), "drop") == 0;
	for (unsigned i = 0; i < sizeof w->class; i++)
		w->class[i] = (unsigned char)uc_wordbreak_property(i);
	const char *stop = em_settings_text(s, "stop");
	w->no_stop = *stop == '\0' || strcmp(stop, "none") == 0;
	return w->no_stop ? EM_OK : read_stops(w, stop, err);
}

void words_free(struct words *w)
{
	table_free(&w->spellings);
	table_free(&w->words);
	table_free(&w->stop);
	free(w->of);
	free(w->word);
	*w = (struct words){0};
}
