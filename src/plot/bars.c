/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/bars.h"

#include <math.h>

#define FULL 0x2588u

uint32_t bar_glyph_left(int eighths)
{
	return eighths <= 0 ? ' ' : eighths >= 8 ? FULL : 0x2590u - (uint32_t)eighths;
}

uint32_t bar_glyph_below(int eighths)
{
	return eighths <= 0 ? ' ' : eighths >= 8 ? FULL : 0x2580u + (uint32_t)eighths;
}

static double positive(double value)
{
	return isfinite(value) && value > 0 ? value : 0;
}

/* value / full of `cells` cells in eighths, rounded; what is there at all shows at least one. */
static int eighths_of(double value, double full, int cells)
{
	if (!(full > 0) || !isfinite(full) || positive(value) == 0)
		return 0;
	double e = round(8.0 * cells * (value / full));
	return e < 1 ? 1 : e > 8.0 * cells ? 8 * cells : (int)e;
}

/* The cell at `step` along the bar and `across` it. */
static void set(struct canvas *c, struct rect r, bool upright, int step, int across, struct style style, uint32_t code)
{
	if (upright)
		canvas_set(c, r.x + across, r.y + r.h - 1 - step, style, code);
	else
		canvas_set(c, r.x + step, r.y + across, style, code);
}

static bool hidden(const struct canvas *c, struct rect r)
{
	struct rect seen = rect_clip(r, canvas_rect(c));
	return r.w > 4096 || r.h > 4096 || seen.w == 0 || seen.h == 0;
}

static void simple(struct canvas *c, struct rect r, bool upright, enum color color, double value, double full)
{
	if (hidden(c, r))
		return;
	int cells = upright ? r.h : r.w, across = upright ? r.w : r.h, left = eighths_of(value, full, cells);
	for (int step = 0; step < cells && left > 0; step++, left -= 8) {
		uint32_t glyph = upright ? bar_glyph_below(left) : bar_glyph_left(left);
		if (c->glyphs == GLYPHS_ASCII && left < 4 && step > 0)
			break; /* whole cells only, but a first one for what is there at all */
		for (int i = 0; i < across; i++)
			set(c, r, upright, step, i, style_of(color), c->glyphs == GLYPHS_ASCII ? '#' : glyph);
	}
}

void bar_horizontal(struct canvas *c, struct rect r, enum color color, double value, double full)
{
	simple(c, r, false, color, value, full);
}

void bar_vertical(struct canvas *c, struct rect r, enum color color, double value, double full)
{
	simple(c, r, true, color, value, full);
}

/* How parts differ without colour. */
static uint32_t texture(const struct canvas *c, const struct bar_part *part, size_t i)
{
	static const uint32_t shades[] = {FULL, 0x2591, 0x2593, 0x2592}; /* neighbours differ most */
	if (c->glyphs == GLYPHS_ASCII)
		return part->letter ? (uint32_t)(unsigned char)part->letter : (uint32_t)"#.=+"[i % 4];
	if (part->glyph)
		return part->glyph;
	return i >= 4 && part->letter ? (uint32_t)(unsigned char)part->letter : shades[i % 4];
}

/* Sum of the parts before i, then of all. */
static double before(const struct bar_part *parts, size_t i)
{
	double sum = 0;
	for (size_t j = 0; j < i; j++)
		sum += positive(parts[j].value);
	return sum;
}

/* Eighths at which part i begins; i == n: where the bar ends. */
static int begin(const struct bar_part *parts, size_t n, size_t i, double full, int cells, bool whole)
{
	double place = (whole ? 1.0 : 8.0) * cells * (before(parts, i) / full);
	double most = whole ? cells : 8.0 * cells;
	double rounded = round(place);
	if (i == n && rounded < 1 && place > 0)
		rounded = 1;
	return (int)(rounded > most ? most : rounded) * (whole ? 8 : 1);
}

static void stack(struct canvas *c, struct rect r, bool upright, const struct bar_part *parts, size_t n, double full)
{
	int cells = upright ? r.h : r.w, across = upright ? r.w : r.h;
	bool whole = c->glyphs == GLYPHS_ASCII || c->mono;
	if (hidden(c, r) || !(full > 0) || !isfinite(full) || n == 0)
		return;
	size_t part = 0;
	int end = begin(parts, n, n, full, cells, whole);
	for (int step = 0; step < cells && 8 * step < end; step++) {
		int from = 8 * step, to = from + 8;
		while (part + 1 < n && begin(parts, n, part + 1, full, cells, whole) <= from)
			part++;
		int here = begin(parts, n, part + 1, full, cells, whole) - from;
		struct style style = style_of(parts[part].color);
		uint32_t glyph = texture(c, &parts[part], part);
		if (!whole && here < 8)
			glyph = upright ? bar_glyph_below(here) : bar_glyph_left(here);
		else if (!whole && !parts[part].glyph && glyph != FULL)
			style.bg = style.fg; /* seen as solid, yet apart in a dump of the text */
		if (!whole && here < 8 && part + 1 < n && to - from > here) {
			/* Behind the boundary: the part that has the rest of the cell, the nearest if there are several. */
			size_t next = part + 1;
			while (next + 1 < n && begin(parts, n, next + 1, full, cells, whole) <= from + here)
				next++;
			if (end > from + here)
				style.bg = (uint8_t)parts[next].color;
		}
		for (int i = 0; i < across; i++)
			set(c, r, upright, step, i, style, glyph);
	}
}

void bar_stack_horizontal(struct canvas *c, struct rect r, const struct bar_part *parts, size_t n, double full)
{
	stack(c, r, false, parts, n, full);
}

void bar_stack_vertical(struct canvas *c, struct rect r, const struct bar_part *parts, size_t n, double full)
{
	stack(c, r, true, parts, n, full);
}

/* The mean of the values that fall into column i; NAN when none is finite. */
static double column_mean(const double *values, size_t n, int columns, int i)
{
	size_t from = n * (size_t)i / (size_t)columns, to = n * (size_t)(i + 1) / (size_t)columns;
	double sum = 0, count = 0;
	for (size_t j = from; j < to; j++)
		if (isfinite(values[j])) {
			sum += values[j];
			count++;
		}
	return count > 0 ? sum / count : NAN;
}

int bar_sparkline(struct canvas *c, int x, int y, int width, struct style style, const double *values, size_t n,
                  double lo, double hi)
{
	if (width <= 0 || n == 0 || width > 4096)
		return 0;
	int columns = n < (size_t)width ? (int)n : width;
	if (!(lo < hi)) {
		lo = INFINITY;
		hi = -INFINITY;
		for (int i = 0; i < columns; i++) {
			lo = fmin(lo, column_mean(values, n, columns, i));
			hi = fmax(hi, column_mean(values, n, columns, i));
		}
	}
	for (int i = 0; i < columns && x < c->w; i++) {
		double mean = column_mean(values, n, columns, i), place = hi > lo ? (mean - lo) / (hi - lo) : 0.5;
		if (isnan(mean) || !isfinite(place))
			continue;
		int level = (int)(place < 0 ? 0 : place > 1 ? 7 : place * 7.0 + 0.5);
		uint32_t glyph = c->glyphs == GLYPHS_ASCII ? (uint32_t)"__..--=#"[level] : bar_glyph_below(level + 1);
		canvas_set(c, x + i, y, style, glyph);
	}
	return columns;
}
