/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/fig_layout.h"
#include "plot/raster.h"

enum { MARK_EVERY = 8, SERIES_MOST = 254, FLOOR_MARK = 0x25bd };

static bool blank(const struct canvas *c, int x, int y)
{
	return canvas_at(c, x, y).code == ' ';
}

/* ---- frame ---- */

static void draw_y_axis(const struct fig_layout *l, struct canvas *c)
{
	struct style dim = style_of(COLOR_DIM);
	int last = -2;
	if (l->axis_column < 0)
		return;
	for (int i = 0; i < l->plot.h; i++)
		canvas_set(c, l->axis_column, l->plot.y + i, dim, 0x2502);
	for (size_t i = 0; i < l->axes.y.n; i++) {
		const struct axis_tick *t = &l->axes.y.ticks[i];
		int row = fig_row(l, t->value);
		if (row < 0 || row == last)
			continue;
		canvas_set(c, l->axis_column, row, dim, 0x2524);
		if (t->minor || !l->y_labels.w)
			continue;
		canvas_put_right(c, l->y_labels.x, row, l->y_labels.w - 1, style_of(COLOR_DEFAULT), t->label);
		last = row;
	}
}

static void draw_x_line(const struct fig_layout *l, struct canvas *c)
{
	struct style dim = style_of(COLOR_DIM);
	if (!l->x_axis.h)
		return;
	for (int x = l->plot.x; x < l->plot.x + l->plot.w; x++)
		canvas_set(c, x, l->x_axis.y, dim, 0x2500);
	if (l->axis_column >= 0)
		canvas_set(c, l->axis_column, l->x_axis.y, dim, 0x2514);
}

static void draw_x_axis(const struct fig *f, const struct fig_layout *l, struct canvas *c)
{
	int from = l->y_labels.w ? l->y_labels.x : l->plot.x, end = l->plot.x + l->plot.w + l->ends.w, free = from;
	draw_x_line(l, c);
	if (!l->x_axis.h)
		return;
	if (f->x_title && l->x_labels.h && canvas_width(c, f->x_title) <= l->plot.w / 3) {
		int w = canvas_width(c, f->x_title);
		canvas_put(c, end - w, l->x_labels.y, style_of(COLOR_DIM), f->x_title);
		end -= w + 2;
	}
	for (size_t i = 0; i < l->axes.x.n; i++) {
		const struct axis_tick *t = &l->axes.x.ticks[i];
		int x = fig_column(l, t->value);
		if (x < 0)
			continue;
		canvas_set(c, x, l->x_axis.y, style_of(COLOR_DIM), 0x252c);
		int w = canvas_width(c, t->label), at = x - w / 2;
		at = at < free ? free : at;
		if (!l->x_labels.h || at + w > end || at > x)
			continue;
		canvas_put(c, at, l->x_labels.y, style_of(COLOR_DEFAULT), t->label);
		free = at + w + 2;
	}
}

/* ---- legend ---- */

struct pen {
	struct canvas *c;
	int x, end, y;
	bool drawing; /* false: measuring */
	bool first;
};

static void entry(struct pen *p, struct style style, uint32_t glyph, const char *label)
{
	if (!label)
		return;
	int w = 2 + canvas_width(p->c, label);
	if (p->drawing && p->x + w > p->end && !p->first)
		return; /* a shorter one behind it may still fit */
	if (p->drawing && p->x + 2 < p->end) {
		canvas_set(p->c, p->x, p->y, style, glyph);
		canvas_put_clipped(p->c, p->x + 2, p->y, p->end - p->x - 2, style_of(COLOR_DEFAULT), label);
	}
	p->first = false;
	p->x += w + 2;
}

static void legend_of_bars(const struct fig *f, struct pen *p)
{
	char label[48];
	bool ascii = p->c->glyphs == GLYPHS_ASCII;
	entry(p, style_of(COLOR_ELBO), 0x2588, "ELBO");
	for (int known = FIG_EXACT; known <= FIG_UNKNOWN; known++) {
		if (!fig_has_known(f, (enum fig_known)known))
			continue;
		/* An exact KL is solid where there is colour, anything less is shaded. */
		bool solid = known == FIG_EXACT && !p->c->mono && !ascii;
		snprintf(label, sizeof label, "KL %s", fig_known_word((enum fig_known)known));
		entry(p, solid ? style_on(COLOR_KL, COLOR_KL) : style_of(COLOR_KL),
		      known == FIG_UNKNOWN ? '?' : known == FIG_EXACT ? 0x2591 : 0x2592, label);
	}
	if (fig_has_known(f, FIG_EXACT) || fig_has_known(f, FIG_ESTIMATE) || fig_has_known(f, FIG_BOUND))
		entry(p, style_of(COLOR_EVIDENCE), 0x2500, "log p");
}

static void legend(const struct fig *f, const struct fig_layout *l, struct pen *p)
{
	char label[64];
	bool ascii = p->c->glyphs == GLYPHS_ASCII;
	if (l->axes.below > 0) {
		snprintf(label, sizeof label, "%zu at or below 0", l->axes.below);
		entry(p, style_of(COLOR_BAD), FLOOR_MARK, label);
	}
	if (f->legend && f->bars_n > 0)
		legend_of_bars(f, p);
	for (size_t i = 0; f->legend && f->bars_n == 0 && l->ends.w == 0 && i < f->series_n; i++) {
		enum fig_mark m = fig_series_mark(f, i);
		bool line = m == MARK_NONE || (f->series_n == 1 && f->series[i].kind != FIG_POINTS);
		entry(p, style_of(fig_series_color(f, i)), line ? 0x2500 : fig_mark_code(m, ascii), f->series[i].label);
	}
	for (size_t i = 0; f->legend && f->bars_n == 0 && i < f->bands_n; i++)
		entry(p, style_of(f->bands[i].color ? f->bands[i].color : COLOR_BAND), 0x2591, f->bands[i].label);
}

static void draw_head(const struct fig *f, const struct fig_layout *l, struct canvas *c)
{
	char title[128];
	if (l->title.h)
		canvas_put_clipped(c, l->title.x, l->title.y, l->title.w, style_with(COLOR_TITLE, ATTR_BOLD), f->title);
	if (!l->head.h)
		return;
	fig_y_title(f, &l->axes, title, sizeof title);
	int used = canvas_put_clipped(c, l->head.x, l->head.y, l->head.w, style_of(COLOR_DIM), title), left = used + 2;
	struct pen p = {.c = c, .y = l->head.y};
	legend(f, l, &p);
	int wide = p.x - 2;
	p.drawing = p.first = true;
	p.end = l->head.x + l->head.w;
	p.x = p.end - wide;
	if (p.x < l->head.x + (used ? left : 0))
		p.x = l->head.x + (used ? left : 0);
	legend(f, l, &p);
}

/* ---- bands and reference lines ---- */

/* Widens the part of a column that a band covers, in dots. */
static void cover(double *top, double *bottom, double a, double b)
{
	*top = fmin(*top, fmin(a, b));
	*bottom = fmax(*bottom, fmax(a, b));
}

static void draw_band(const struct fig_band *b, const struct fig_layout *l, struct canvas *c)
{
	int w = l->plot.w;
	double *top = malloc(2 * (size_t)w * sizeof *top), *bottom = top + w;
	if (!top)
		return;
	for (int i = 0; i < w; i++) {
		top[i] = INFINITY;
		bottom[i] = -INFINITY;
	}
	for (size_t i = 0; i < b->n; i++) {
		size_t j = i + 1 < b->n ? i + 1 : i;
		double x0 = fig_dot_x(l, fig_x_of(b->x, i)) / l->dx, x1 = fig_dot_x(l, fig_x_of(b->x, j)) / l->dx;
		double lo0 = fig_dot_y(l, b->lo[i]), lo1 = fig_dot_y(l, b->lo[j]), hi0 = fig_dot_y(l, b->hi[i]),
		       hi1 = fig_dot_y(l, b->hi[j]);
		if (!isfinite(x0) || !isfinite(x1) || !isfinite(lo0 + hi0) || !isfinite(lo1 + hi1))
			continue;
		int from = (int)fmax(0, ceil(x0)), to = (int)fmin(w - 1, floor(x1));
		for (int k = from; k <= to; k++) {
			double t = x1 > x0 ? (k - x0) / (x1 - x0) : 0;
			cover(&top[k], &bottom[k], lo0 + t * (lo1 - lo0), hi0 + t * (hi1 - hi0));
		}
		if (x0 >= 0 && x0 < w) /* its own column, however narrow */
			cover(&top[(int)x0], &bottom[(int)x0], lo0, hi0);
	}
	struct style style = style_of(b->color ? b->color : COLOR_BAND);
	for (int k = 0; k < w; k++)
		for (int row = 0; row < l->plot.h; row++)
			if (top[k] <= (row + 1) * l->dy - 0.5 && bottom[k] >= row * l->dy - 0.5)
				canvas_set(c, l->plot.x + k, l->plot.y + row, style, 0x2591);
	free(top);
}

static void draw_line(const struct fig_line *line, const struct fig_layout *l, struct canvas *c)
{
	struct style style = style_of(line->color ? line->color : COLOR_DIM);
	if (line->vertical) {
		int x = fig_column(l, line->at);
		for (int y = l->plot.y; x >= 0 && y < l->plot.y + l->plot.h; y++)
			canvas_set(c, x, y, style, 0x250a);
	} else {
		int y = fig_row(l, line->at);
		for (int x = l->plot.x; y >= 0 && x < l->plot.x + l->plot.w; x++)
			canvas_set(c, x, y, style, 0x2504);
	}
}

static void label_line(const struct fig_line *line, const struct fig_layout *l, struct canvas *c)
{
	struct style style = style_of(line->color ? line->color : COLOR_DIM);
	int x = line->vertical ? fig_column(l, line->at) + 1 : l->plot.x + 1, y = line->vertical ? l->plot.y : fig_row(l, line->at);
	if (!line->label || y < 0 || (line->vertical && x == 0))
		return;
	canvas_put_clipped(c, x, y, l->plot.x + l->plot.w - x, style, line->label);
}

/* ---- series ---- */

static bool seen(const struct fig_layout *l, double x, double y)
{
	return x >= -0.5 && y >= -0.5 && x < l->plot.w * l->dx - 0.5 && y < l->plot.h * l->dy - 0.5;
}

/* The dots of point i; false when it has none. */
static bool point(const struct fig *f, const struct fig_layout *l, const struct fig_series *s, size_t i, double *x, double *y)
{
	*x = fig_dot_x(l, fig_x_of(s->x, i));
	*y = fig_is_below(f, s->y[i]) ? NAN : fig_dot_y(l, s->y[i]);
	return isfinite(*x) && isfinite(*y);
}

static void trace(const struct fig *f, const struct fig_layout *l, const struct fig_series *s, struct raster *r,
                  uint8_t owner)
{
	double x, y, px = 0, py = 0;
	bool had = false;
	for (size_t i = 0; i < s->n; i++) {
		bool here = point(f, l, s, i, &x, &y);
		if (here && !had)
			raster_line(r, x, y, x, y, owner);
		else if (here && s->kind == FIG_POINTS)
			raster_line(r, x, y, x, y, owner);
		else if (here && s->kind == FIG_STEP) {
			raster_line(r, px, py, x, py, owner);
			raster_line(r, x, py, x, y, owner);
		} else if (here)
			raster_line(r, px, py, x, y, owner);
		had = here;
		px = x;
		py = y;
	}
}

static bool crowded(const struct fig_layout *l, const struct canvas *c, const struct fig_series *s)
{
	return s->n > (size_t)l->plot.w * (size_t)l->plot.h / 3 && !c->mono;
}

/* Dots for lines, and for points where signs would not leave a blank. */
static void draw_dots(const struct fig *f, const struct fig_layout *l, struct canvas *c)
{
	struct raster r;
	if (!raster_open(&r, c, l->plot))
		return;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < f->series_n && i < SERIES_MOST; i++)
			if (f->series[i].focus == (pass == 1) && (f->series[i].kind != FIG_POINTS || crowded(l, c, &f->series[i])))
				trace(f, l, &f->series[i], &r, (uint8_t)(i + 1));
	for (int y = 0; y < l->plot.h; y++)
		for (int x = 0; x < l->plot.w; x++) {
			size_t owner = raster_owner(&r, x, y);
			if (owner == 0)
				continue;
			enum color color = fig_is_dimmed(f, owner - 1) ? COLOR_DIM : fig_series_color(f, owner - 1);
			canvas_set(c, l->plot.x + x, l->plot.y + y, style_of(color), raster_code(&r, x, y));
		}
	raster_close(&r);
}

static void draw_marks(const struct fig *f, const struct fig_layout *l, struct canvas *c, size_t i)
{
	const struct fig_series *s = &f->series[i];
	enum color color = fig_is_dimmed(f, i) ? COLOR_DIM : fig_series_color(f, i);
	bool ascii = c->glyphs == GLYPHS_ASCII, points = s->kind == FIG_POINTS && !crowded(l, c, s);
	uint32_t glyph = fig_mark_code(fig_series_mark(f, i), ascii);
	bool marked = f->series_n > 1 || s->mark > MARK_NONE || points;
	int next = l->plot.x + (int)(i % 3) * 2;
	for (size_t k = 0; k < s->n; k++) {
		double x, y;
		if (!point(f, l, s, k, &x, &y)) {
			if (fig_is_below(f, s->y[k]) && fig_column(l, fig_x_of(s->x, k)) >= 0)
				canvas_set(c, fig_column(l, fig_x_of(s->x, k)), l->plot.y + l->plot.h - 1, style_of(COLOR_BAD), FLOOR_MARK);
			continue;
		}
		if (!marked || glyph == ' ' || !seen(l, x, y))
			continue;
		int column = l->plot.x + (int)floor(x + 0.5) / l->dx, row = l->plot.y + (int)floor(y + 0.5) / l->dy;
		if (!points && column < next)
			continue;
		canvas_set(c, column, row, style_of(color), glyph);
		next = column + MARK_EVERY;
	}
}

struct end {
	int row;
	size_t series;
};

static int by_row(const void *a, const void *b)
{
	const struct end *p = a, *q = b;
	return p->row != q->row ? (p->row < q->row ? -1 : 1) : (p->series > q->series) - (p->series < q->series);
}

/* Labels at the right, each beside its end or as near as the others let it. */
static void draw_ends(const struct fig *f, const struct fig_layout *l, struct canvas *c)
{
	struct end ends[64];
	size_t n = 0;
	int most = l->plot.h < 64 ? l->plot.h : 64;
	for (size_t i = 0; i < f->series_n && (int)n < most; i++) {
		size_t last = fig_last_seen(f, &l->axes, &f->series[i]);
		int row = last < f->series[i].n ? fig_row(l, f->series[i].y[last]) : -1;
		if (row >= 0 && f->series[i].label)
			ends[n++] = (struct end){row, i};
	}
	if (n == 0 || !l->ends.w)
		return;
	qsort(ends, n, sizeof *ends, by_row);
	for (size_t i = 1; i < n; i++)
		if (ends[i].row <= ends[i - 1].row)
			ends[i].row = ends[i - 1].row + 1;
	for (size_t i = n; i-- > 0;) {
		int limit = l->plot.y + l->plot.h - (int)(n - i);
		if (ends[i].row > limit)
			ends[i].row = limit;
	}
	for (size_t i = 0; i < n; i++) {
		size_t s = ends[i].series;
		struct style style = style_of(fig_is_dimmed(f, s) ? COLOR_DIM : fig_series_color(f, s));
		uint32_t glyph = fig_mark_code(fig_series_mark(f, s), c->glyphs == GLYPHS_ASCII);
		canvas_set(c, l->ends.x + 1, ends[i].row, style, glyph);
		canvas_put_clipped(c, l->ends.x + 3, ends[i].row, l->ends.w - 3, style, f->series[s].label);
	}
}

/* ---- what lies on top ---- */

static void draw_cursor(const struct fig *f, const struct fig_layout *l, struct canvas *c)
{
	int x = f->cursor_on ? fig_column(l, f->cursor) : -1;
	for (int y = l->plot.y; x >= 0 && y < l->plot.y + l->plot.h; y++)
		if (blank(c, x, y))
			canvas_set(c, x, y, style_of(COLOR_ACCENT), 0x2502);
		else
			canvas_background(c, (struct rect){x, y, 1, 1}, COLOR_SELECTION);
	if (x >= 0 && l->x_axis.h)
		canvas_set(c, x, l->x_axis.y, style_of(COLOR_ACCENT), 0x25b2);
}

static void draw_notes(const struct fig *f, const struct fig_layout *l, struct canvas *c)
{
	for (size_t i = 0; i < f->notes_n; i++) {
		int x = fig_column(l, f->notes[i].x), y = fig_row(l, f->notes[i].y);
		if (x >= 0 && y >= 0 && f->notes[i].text)
			canvas_put_clipped(c, x, y, l->plot.x + l->plot.w - x, style_of(f->notes[i].color), f->notes[i].text);
	}
}

void fig_canvas(const struct fig *f, struct canvas *c, struct rect r)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	if (l.plot.w <= 0 || l.plot.h <= 0)
		return;
	draw_head(f, &l, c);
	draw_y_axis(&l, c);
	if (f->bars_n > 0) {
		draw_x_line(&l, c);
		fig_draw_bars(f, &l, c);
	} else {
		draw_x_axis(f, &l, c);
		for (size_t i = 0; i < f->bands_n; i++)
			draw_band(&f->bands[i], &l, c);
		for (size_t i = 0; i < f->lines_n; i++)
			draw_line(&f->lines[i], &l, c);
		draw_dots(f, &l, c);
		for (int pass = 0; pass < 2; pass++)
			for (size_t i = 0; i < f->series_n; i++)
				if (f->series[i].focus == (pass == 1))
					draw_marks(f, &l, c, i);
		for (size_t i = 0; i < f->lines_n; i++)
			label_line(&f->lines[i], &l, c);
		draw_ends(f, &l, c);
	}
	draw_notes(f, &l, c);
	draw_cursor(f, &l, c);
}
