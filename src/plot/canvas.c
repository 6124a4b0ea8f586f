/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/canvas.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/text.h"
#include "plot/ascii.h"

#define REPLACEMENT 0xfffdu

static int within(int size)
{
	return size < 0 ? 0 : size > 4096 ? 4096 : size;
}

static const struct cell blank = {.code = ' '};

void canvas_clear(struct canvas *c)
{
	for (size_t i = 0; i < (size_t)c->w * (size_t)c->h; i++)
		c->cells[i] = blank;
}

bool canvas_resize(struct canvas *c, int w, int h)
{
	w = within(w);
	h = within(h);
	struct cell *cells = malloc(((size_t)w * (size_t)h + 1) * sizeof *cells);
	if (!cells)
		return false;
	free(c->cells);
	c->cells = cells;
	c->w = w;
	c->h = h;
	canvas_clear(c);
	return true;
}

struct canvas *canvas_new(int w, int h, enum glyphs glyphs)
{
	struct canvas *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->glyphs = glyphs;
	if (!canvas_resize(c, w, h)) {
		free(c);
		return NULL;
	}
	return c;
}

void canvas_free(struct canvas *c)
{
	if (!c)
		return;
	free(c->cells);
	free(c);
}

static struct cell *at(const struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->w || y >= c->h)
		return NULL;
	return c->cells + (size_t)y * (size_t)c->w + x;
}

struct cell canvas_at(const struct canvas *c, int x, int y)
{
	const struct cell *cell = at(c, x, y);
	return cell ? *cell : blank;
}

struct rect canvas_rect(const struct canvas *c)
{
	return (struct rect){0, 0, c->w, c->h};
}

/* The other half of a wide character that is about to lose this one becomes a blank. */
static void unpair(struct canvas *c, int x, int y)
{
	struct cell *cell = at(c, x, y), *right = at(c, x + 1, y), *left = at(c, x - 1, y);
	if (cell && cell->code == 0 && left)
		left->code = ' ', memset(left->marks, 0, sizeof left->marks);
	if (cell && right && right->code == 0)
		right->code = ' ';
}

/* A code point known to be printable and of this width. */
static void place(struct canvas *c, int x, int y, struct style style, uint32_t code, int width)
{
	struct cell *cell = at(c, x, y), *right = width == 2 && x < INT_MAX ? at(c, x + 1, y) : NULL;
	if (width == 2 && (!cell || !right)) {
		/* Half of it would be outside: the half inside stays blank. */
		if (x == -1)
			place(c, 0, y, style, ' ', 1);
		else if (cell)
			place(c, x, y, style, ' ', 1);
		return;
	}
	if (!cell)
		return;
	unpair(c, x, y);
	*cell = (struct cell){.code = code, .style = style};
	if (right) {
		unpair(c, x + 1, y);
		*right = (struct cell){.code = 0, .style = style};
	}
}

/* Columns far outside are far outside, not a wrapped sum. */
static int plus(int x, int columns)
{
	int64_t to = (int64_t)x + columns;
	return to > INT_MAX - 8 ? INT_MAX - 8 : (int)to;
}

/* One code point of a text as this canvas shows it: itself, or its spelling in ASCII. */
struct piece {
	size_t length;
	int width;
	uint32_t code;       /* 0: draw nothing */
	struct ascii letters; /* on ASCII canvases */
};

static struct piece next_piece(const struct canvas *c, const char *s, size_t n)
{
	struct text_char t;
	struct piece p = {.length = text_next(s, n, &t)};
	p.code = t.code;
	p.width = t.width;
	if (c->glyphs == GLYPHS_ASCII && t.code >= 0x80) {
		if (t.width == 0)
			p.code = 0;
		p.letters = ascii_of(t.code);
		p.width = t.width == 0 ? 0 : (int)strlen(p.letters.s);
	}
	return p;
}

static void add_mark(struct canvas *c, int x, int y, uint32_t mark)
{
	struct cell *cell = at(c, x, y);
	for (int i = 0; cell && cell->code > ' ' && i < CELL_MARKS; i++)
		if (!cell->marks[i]) {
			cell->marks[i] = mark;
			return;
		}
}

/* Draws as much of the text as `limit` columns take; returns the columns and, in *rest, what is left of the bytes. */
static int draw(struct canvas *c, int x, int y, int limit, struct style style, const char *s, size_t n, size_t *rest)
{
	int used = 0, last = 0;
	while (n > 0) {
		struct piece p = next_piece(c, s, n);
		if (p.width > limit - used)
			break;
		int column = plus(x, used);
		if (p.width == 0 && p.code && used > 0)
			add_mark(c, last, y, p.code);
		else if (p.letters.s[0])
			for (int i = 0; i < p.width; i++)
				place(c, column + i, y, style, (uint32_t)p.letters.s[i], 1);
		else if (p.width > 0)
			place(c, column, y, style, p.code, p.width);
		if (p.width > 0)
			last = column;
		used += p.width;
		s += p.length;
		n -= p.length;
	}
	*rest = n;
	return used;
}

int canvas_put(struct canvas *c, int x, int y, struct style style, const char *utf8)
{
	size_t rest;
	return draw(c, x, y, INT_MAX / 2, style, utf8, strlen(utf8), &rest);
}

int canvas_printf(struct canvas *c, int x, int y, struct style style, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return canvas_put(c, x, y, style, text);
}

static int width_of(const struct canvas *c, const char *s, size_t n, int enough)
{
	int width = 0;
	while (n > 0 && width <= enough) {
		struct piece p = next_piece(c, s, n);
		width += p.width;
		s += p.length;
		n -= p.length;
	}
	return width;
}

int canvas_width(const struct canvas *c, const char *utf8)
{
	return width_of(c, utf8, strlen(utf8), INT_MAX / 2);
}

int canvas_put_clipped_n(struct canvas *c, int x, int y, int width, struct style style, const char *bytes, size_t n)
{
	size_t rest;
	if (width <= 0)
		return 0;
	if (width_of(c, bytes, n, width) <= width)
		return draw(c, x, y, width, style, bytes, n, &rest);
	const char *dots = c->glyphs == GLYPHS_ASCII ? "..." : "…";
	int dots_width = c->glyphs == GLYPHS_ASCII ? 3 : 1;
	if (dots_width > width / 2)
		dots_width = 1;
	int used = draw(c, x, y, width - dots_width < 0 ? 0 : width - dots_width, style, bytes, n, &rest);
	if (c->glyphs == GLYPHS_ASCII)
		return used + draw(c, plus(x, used), y, dots_width, style, dots, (size_t)dots_width, &rest);
	return used + draw(c, plus(x, used), y, 1, style, dots, strlen(dots), &rest);
}

int canvas_put_clipped(struct canvas *c, int x, int y, int width, struct style style, const char *utf8)
{
	return canvas_put_clipped_n(c, x, y, width, style, utf8, strlen(utf8));
}

int canvas_put_right(struct canvas *c, int x, int y, int width, struct style style, const char *utf8)
{
	int wide = canvas_width(c, utf8), shift = wide < width ? width - wide : 0;
	return canvas_put_clipped(c, plus(x, shift), y, width - shift, style, utf8);
}

int canvas_put_center(struct canvas *c, int x, int y, int width, struct style style, const char *utf8)
{
	int wide = canvas_width(c, utf8), shift = wide < width ? (width - wide) / 2 : 0;
	return canvas_put_clipped(c, plus(x, shift), y, width - shift, style, utf8);
}

/* A code point as it may be drawn, and its columns. */
static uint32_t safe_code(const struct canvas *c, uint32_t code, int *width)
{
	*width = 1;
	if (code >= 0x20 && code < 0x7f)
		return code;
	if (c->glyphs == GLYPHS_ASCII)
		return (uint32_t)ascii_of(code).s[0];
	uint8_t bytes[6];
	int n = u8_uctomb(bytes, code, (ptrdiff_t)sizeof bytes);
	struct text_char t = {.code = REPLACEMENT, .width = 1};
	if (n > 0)
		text_next((const char *)bytes, (size_t)n, &t);
	*width = t.width;
	return t.width == 0 ? ' ' : t.code;
}

void canvas_set(struct canvas *c, int x, int y, struct style style, uint32_t code)
{
	int width;
	uint32_t safe = safe_code(c, code, &width);
	place(c, x, y, style, safe, width == 2 ? 2 : 1);
}

void canvas_fill(struct canvas *c, struct rect r, struct style style, uint32_t code)
{
	int width;
	uint32_t safe = safe_code(c, code, &width);
	r = rect_clip(r, canvas_rect(c));
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x += width == 2 ? 2 : 1)
			if (width == 2 && x + 1 < r.x + r.w)
				place(c, x, y, style, safe, 2);
			else
				place(c, x, y, style, width == 2 ? ' ' : safe, 1);
}

void canvas_restyle(struct canvas *c, struct rect r, struct style style)
{
	r = rect_clip(r, canvas_rect(c));
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			at(c, x, y)->style = style;
}

void canvas_background(struct canvas *c, struct rect r, enum color bg)
{
	r = rect_clip(r, canvas_rect(c));
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			at(c, x, y)->style.bg = (uint8_t)bg;
}

void canvas_attr(struct canvas *c, struct rect r, int attr)
{
	r = rect_clip(r, canvas_rect(c));
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			at(c, x, y)->style.attr |= (uint8_t)attr;
}
