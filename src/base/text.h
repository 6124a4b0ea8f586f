/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text from anywhere, made fit for screens and messages: safe code points, columns, clipping, wrapping. */
#ifndef ELBOW_BASE_TEXT_H
#define ELBOW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* One code point as it may be drawn. code is never a control or format character and never half of anything:
 * tabs and line ends become a blank, what is invalid, invisible or dangerous becomes U+FFFD. */
struct text_char {
	uint32_t code;  /* 0: draw nothing (a variation selector) */
	size_t length;  /* bytes of the original it stands for */
	int width;      /* columns: 0 for a combining mark, 1 or 2 */
};

/* The code point at s, of the n bytes left there; returns its length, 0 for n = 0. Any bytes are allowed. */
size_t text_next(const char *s, size_t n, struct text_char *out);

/* Appends any bytes as printable UTF-8, code point by code point as text_next() has them. */
void text_safe(struct buf *out, const char *bytes, size_t n);

/* Columns of the text as text_safe() would show it. */
size_t text_width(const char *utf8);
size_t text_width_of(const char *bytes, size_t n);

/* Appends the text made safe and cut to `width` columns between graphemes; a cut text ends in "…" ("..." for ascii). */
void text_clip(struct buf *out, const char *utf8, size_t width, bool ascii);
/* Bytes of the longest beginning that fits `width` columns and does not split a grapheme. */
size_t text_fit(const char *bytes, size_t n, size_t width);

/* Wrapping: *at starts at 0; each call gives the bytes [start,end) of the next line of at most `width` columns,
 * without the blanks or the line end at which it was broken. False when there is no further line.
 * A character wider than `width` gets a line of its own. */
struct text_line {
	size_t start, end;
};
bool text_wrap(const char *bytes, size_t n, size_t width, size_t *at, struct text_line *line);

/* Order by code points, <0 0 >0. */
int text_compare(const char *a, const char *b);

/* Edits (insert, delete, replace, swap neighbours) from one ASCII word to another, ignoring case; for "did you mean". */
size_t text_distance(const char *a, const char *b);
/* True when `word` is near enough to `candidate` to be a slip of the fingers. */
bool text_near(const char *word, const char *candidate);

#endif
