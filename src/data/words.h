/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From text to words: word boundaries, one spelling for each word, and the rules that drop words. */
#ifndef ELBOW_DATA_WORDS_H
#define ELBOW_DATA_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/table.h"
#include "elbow/corpus.h"

/* A word as it is counted: folded, composed. */
struct word {
	enum em_rule rule;
	uint32_t term;   /* in the corpus; TABLE_NONE unless kept */
	uint32_t df;     /* documents that hold it */
	uint32_t last;   /* the last document that did, + 1 */
	size_t pair;     /* where that document counts it */
	uint64_t tokens;
};

/* Every spelling that occurs leads to its word, so that folding and the rules cost once a spelling. */
struct words {
	struct table spellings, words, stop;
	uint32_t *of;        /* [spellings.room] the word, TABLE_NONE for what is no word (punctuation) */
	struct word *word;   /* [words.room] */
	uint32_t of_room, word_room;
	size_t min_length;
	bool drop_numbers, no_stop;
	unsigned char class[128]; /* word break property of ASCII */
};

/* Reads the rules and the stop list. */
enum em_status words_init(struct words *w, const struct em_settings *s, struct em_err *err);
void words_free(struct words *w);

/* Walks the segments of a text that may be words. */
struct word_scan {
	const struct words *words;
	struct em_text text;
	size_t at, chunk_end;
	char *breaks;        /* of a chunk that is not ASCII, from chunk_at */
	size_t chunk_at, room;
	bool wide, slow, failed; /* slow: never take the short way through ASCII (for tests) */
};
bool word_scan_next(struct word_scan *scan, size_t *at, size_t *length);
void word_scan_free(struct word_scan *scan);

/* The one spelling of a word: NFC, full case folding, straight apostrophes, no invisible format characters; a Greek
 * word ends in ς again. Appends to out. */
void words_fold(const char *bytes, size_t n, struct buf *out);

/* The word of a spelling, new if need be; *out is TABLE_NONE for what is no word. */
enum em_status words_add(struct words *w, const char *bytes, size_t n, uint32_t *out, struct em_err *err);
/* The same without adding: TABLE_NONE for what is no word or was never added. */
uint32_t words_find(const struct words *w, const char *bytes, size_t n);

#endif
