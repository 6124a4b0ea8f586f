/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document as the Reader lays it out: its words in order and its lines, kept between frames. */
#ifndef ELBOW_VIEW_PAGE_H
#define ELBOW_VIEW_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/number.h"
#include "plot/canvas.h"
#include "view/ui.h"

/* A word of the text, or, of a document without text, one of its terms. */
struct page_word {
	size_t at, length;   /* bytes of the text; 0, 0 without */
	uint32_t term;       /* of a kept one */
	uint32_t count;      /* how often the term is in the document */
	bool kept;
};

/* Bytes [from, to) of the text; without text, the kept words. */
struct page_line {
	size_t from, to;
};

struct page {
	size_t document;
	const struct em_text *text; /* of the picture it was last asked for; bytes NULL: none */
	struct page_word *word;
	size_t words;
	size_t *kept;               /* [kept_n] indices of the kept words */
	size_t kept_n;
	struct page_line *line;
	size_t lines;
	size_t hit;                 /* byte (without text: kept word) that was found last, SIZE_MAX: none */
	struct page_interval *interval; /* [intervals] of the shares, as far as they were asked for */
	size_t intervals;
	/* Private. */
	uint64_t print;
	int width, mark;
	enum glyphs glyphs;
	size_t room;
	bool laid;
};

/* From which gamma and sum of gammas, and the 5 % and 95 % quantiles of the share. */
struct page_interval {
	double gamma, sum, lo, hi;
};

/* A piece of a line as it is drawn: a word and its mark, or what lies between words. */
struct page_run {
	int x, width;        /* columns from the left edge; width without the mark and what follows it */
	size_t at, length;   /* bytes of the text */
	size_t word;         /* index, SIZE_MAX between words */
	bool ends;           /* the word ends here: its mark follows */
};

enum { PAGE_RUNS = 1024, PAGE_MARK = 16 };

/* The page of a document, laid out in `width` columns with marks of the canvas. Borrowed until the next call. NULL: out of memory. */
struct page *page_of(struct ui *ui, const struct picture *pic, size_t document, int width, const struct canvas *c);
void page_free(struct page *p); /* NULL is allowed */

/* The pieces of line i; how many. */
size_t page_runs(const struct page *p, const struct picture *pic, const struct canvas *c, size_t i,
                 struct page_run out[PAGE_RUNS]);
/* Columns of n bytes of the text. */
int page_columns(const struct page *p, size_t at, size_t n);
/* The line that the i-th kept word ends on. */
size_t page_line_of(const struct page *p, size_t i);
/* The kept word nearest to a column of a line, or on the lines nearest to it; kept_n when there is none. */
size_t page_nearest(const struct page *p, const struct picture *pic, const struct canvas *c, size_t line, int x);
/* The column where the i-th kept word begins on its line. */
int page_column(const struct page *p, const struct picture *pic, const struct canvas *c, size_t i);
/* The 90 % interval of the marginal Beta(gamma, sum - gamma) of component k of n. Computed once for the same numbers. */
struct page_interval page_interval_of(struct page *p, size_t k, size_t n, double gamma, double sum);
/* "×3", what follows the mark of a word of a document without text; "" for a single one. */
struct number page_times(const struct page_word *w);

#endif
