/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The screen before it is painted: a grid of cells, each a code point and a style. Every call clips; any size is safe. */
#ifndef ELBOW_PLOT_CANVAS_H
#define ELBOW_PLOT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plot/palette.h"

enum glyphs { GLYPHS_UTF8, GLYPHS_ASCII };

enum { CELL_MARKS = 2 };

struct cell {
	uint32_t code;              /* a printable code point of one or two columns; 0: right half of the wide one before */
	uint32_t marks[CELL_MARKS]; /* combining marks on it, 0: none */
	struct style style;
};

struct canvas {
	int w, h;           /* columns, rows; both may be 0 */
	enum glyphs glyphs; /* ASCII: text is transliterated as it is put ("theta", "->", "..."), other letters become '?' */
	bool mono;          /* no colour will be seen: bars and figures tell things apart by glyph alone */
	struct cell *cells; /* w * h, row by row */
};

struct rect {
	int x, y, w, h; /* empty when w or h is not above 0 */
};

/* NULL when out of memory. Negative sizes count as 0, above 4096 as 4096. Blank. */
struct canvas *canvas_new(int w, int h, enum glyphs glyphs);
/* Blank again in the new size; false and unchanged when out of memory. */
bool canvas_resize(struct canvas *c, int w, int h);
void canvas_clear(struct canvas *c);
void canvas_free(struct canvas *c); /* NULL is allowed */

/* The cell, or a blank one outside. */
struct cell canvas_at(const struct canvas *c, int x, int y);
struct rect canvas_rect(const struct canvas *c);

/* Puts text at a cell; what lies outside is clipped, a wide character is never halved. Returns the columns the text
 * takes, clipped or not, so that x += canvas_put(...) goes on behind it. Bytes may be anything (see base/text.h). */
int canvas_put(struct canvas *c, int x, int y, struct style style, const char *utf8);
int canvas_printf(struct canvas *c, int x, int y, struct style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* At most width columns, cut with an ellipsis. Returns the columns used. */
int canvas_put_clipped(struct canvas *c, int x, int y, int width, struct style style, const char *utf8);
int canvas_put_clipped_n(struct canvas *c, int x, int y, int width, struct style style, const char *bytes, size_t n);
/* Ends at column x + width; starts there or later. Cut on the right when too long. */
int canvas_put_right(struct canvas *c, int x, int y, int width, struct style style, const char *utf8);
int canvas_put_center(struct canvas *c, int x, int y, int width, struct style style, const char *utf8);
/* Columns the text takes on this canvas (ASCII spells letters out). */
int canvas_width(const struct canvas *c, const char *utf8);

/* One code point as it is; outside, or where its right half would be outside, nothing happens. */
void canvas_set(struct canvas *c, int x, int y, struct style style, uint32_t code);
void canvas_fill(struct canvas *c, struct rect r, struct style style, uint32_t code);
/* Changes the look of what is there. The first sets everything, the others leave the rest as it is. */
void canvas_restyle(struct canvas *c, struct rect r, struct style style);
void canvas_background(struct canvas *c, struct rect r, enum color bg);
void canvas_attr(struct canvas *c, struct rect r, int attr);

/* Lines that join what they meet: a rule that ends on a box makes a tee. */
void canvas_box(struct canvas *c, struct rect r, struct style style);
/* A box with a title in its upper edge. */
void canvas_box_titled(struct canvas *c, struct rect r, struct style style, struct style title_style, const char *title);
void canvas_hline(struct canvas *c, int x, int y, int w, struct style style);
void canvas_vline(struct canvas *c, int x, int y, int h, struct style style);

/* A vertical scroll bar in a column of height r.h: rows top..top+page of total are seen. Nothing when all are. */
void canvas_scrollbar(struct canvas *c, struct rect r, struct style style, size_t top, size_t page, size_t total);

struct rect rect_inset(struct rect r, int dx, int dy);
struct rect rect_clip(struct rect r, struct rect to);
bool rect_has(struct rect r, int x, int y);
/* Cuts n columns (rows) off a side of *r, at most what is there, and returns them. */
struct rect rect_cut_left(struct rect *r, int n);
struct rect rect_cut_right(struct rect *r, int n);
struct rect rect_cut_top(struct rect *r, int n);
struct rect rect_cut_bottom(struct rect *r, int n);
/* The i-th of n nearly equal parts side by side (one above the other), gap cells between. */
struct rect rect_column(struct rect r, int i, int n, int gap);
struct rect rect_row(struct rect r, int i, int n, int gap);

/* The screen as lines of text, blanks at their ends left out. */
void canvas_text(const struct canvas *c, struct buf *out);
/* Its styles: a grid of letters ('.' for the default style), then a line for each letter in use. */
void canvas_styles(const struct canvas *c, struct buf *out);

#endif
