/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/text.h"
#include "plot/fig_svg.h"

/* ---- bands ---- */

static void draw_band(const struct chart *c, const struct fig_band *b)
{
	for (size_t i = 0, end; i < b->n; i = end + 1) {
		/* From i to before end everything has a place. */
		for (end = i; end < b->n; end++)
			if (!isfinite(chart_x(c, fig_x_of(b->x, end)) + chart_y(c, b->lo[end]) + chart_y(c, b->hi[end])))
				break;
		if (end == i)
			continue;
		buf_puts(c->out, "<path clip-path=\"url(#plot)\" d=\"");
		for (size_t k = i; k < end; k++)
			svg_to(c->out, k == i ? 'M' : 'L', chart_x(c, fig_x_of(b->x, k)), chart_y(c, b->hi[k]));
		for (size_t k = end; k-- > i;)
			svg_to(c->out, 'L', chart_x(c, fig_x_of(b->x, k)), chart_y(c, b->lo[k]));
		buf_puts(c->out, "Z\" fill-opacity=\"0.4\"");
		svg_paint(c->out, "fill", chart_ink(c, b->color ? b->color : COLOR_BAND));
		buf_puts(c->out, "/>\n");
	}
}

void chart_bands(const struct chart *c)
{
	for (size_t i = 0; i < c->f->bands_n; i++)
		draw_band(c, &c->f->bands[i]);
}

/* ---- series ---- */

struct spot {
	double x, y;
};

static struct spot spot_of(const struct chart *c, const struct fig_series *s, size_t i)
{
	return (struct spot){chart_x(c, fig_x_of(s->x, i)), fig_is_below(c->f, s->y[i]) ? NAN : chart_y(c, s->y[i])};
}

static bool placed(struct spot p)
{
	return isfinite(p.x) && isfinite(p.y);
}

static bool inside(const struct chart *c, struct spot p)
{
	return placed(p) && p.x >= c->x - 1 && p.x <= c->x + c->w + 1 && p.y >= c->y - 1 && p.y <= c->y + c->h + 1;
}

static void path_to(const struct chart *c, const struct fig_series *s, struct spot p, bool *pen)
{
	if (*pen && s->kind == FIG_STEP) {
		buf_putc(c->out, 'H');
		svg_number(c->out, p.x);
	}
	svg_to(c->out, *pen ? 'L' : 'M', p.x, p.y);
	*pen = true;
}

/* Points of one column of pixels, from..to-1, of which the first, lowest, highest and last are enough: no dip is lost. */
static void path_column(const struct chart *c, const struct fig_series *s, size_t from, size_t to, bool *pen)
{
	size_t keep[4] = {from, from, from, to - 1};
	for (size_t i = from; i < to; i++) {
		if (s->y[i] < s->y[keep[1]])
			keep[1] = i;
		if (s->y[i] > s->y[keep[2]])
			keep[2] = i;
	}
	if (keep[1] > keep[2]) {
		size_t swap = keep[1];
		keep[1] = keep[2];
		keep[2] = swap;
	}
	for (int k = 0; k < 4; k++)
		if (k == 0 || keep[k] != keep[k - 1])
			path_to(c, s, spot_of(c, s, keep[k]), pen);
}

static void draw_path(const struct chart *c, size_t index)
{
	const struct fig_series *s = &c->f->series[index];
	bool dense = s->n > 4 * (size_t)c->w, pen = false;
	buf_puts(c->out, "<path clip-path=\"url(#plot)\" fill=\"none\" stroke-width=\"1.8\" stroke-linejoin=\"round\""
	                 " stroke-linecap=\"round\"");
	svg_paint(c->out, "stroke", chart_ink(c, fig_is_dimmed(c->f, index) ? COLOR_DIM : fig_series_color(c->f, index)));
	buf_puts(c->out, " d=\"");
	for (size_t i = 0, end; i < s->n; i = end) {
		struct spot p = spot_of(c, s, i);
		end = i + 1;
		if (!placed(p)) {
			pen = false;
			continue;
		}
		while (dense && end < s->n) {
			struct spot q = spot_of(c, s, end);
			if (!placed(q) || floor(q.x) != floor(p.x))
				break;
			end++;
		}
		if (end == i + 1 && !pen && (end == s->n || !placed(spot_of(c, s, end)))) {
			path_to(c, s, p, &pen);
			buf_puts(c->out, "h.01"); /* a point alone is seen too */
		} else
			path_column(c, s, i, end, &pen);
	}
	buf_puts(c->out, "\"/>\n");
}

static void draw_mark(const struct chart *c, size_t index, struct spot p)
{
	uint32_t ink = chart_ink(c, fig_is_dimmed(c->f, index) ? COLOR_DIM : fig_series_color(c->f, index));
	uint32_t code = fig_mark_code(fig_series_mark(c->f, index), false);
	if (code == ' ' || svg_mark(c->out, code, p.x, p.y, 3.6, ink))
		return;
	/* A cross or a plus. */
	double d = code == '+' ? 0 : 3, e = code == '+' ? 4 : 3;
	buf_puts(c->out, "<path fill=\"none\" stroke-width=\"1.8\" d=\"");
	svg_to(c->out, 'M', p.x - e, p.y - d);
	svg_to(c->out, 'L', p.x + e, p.y + d);
	svg_to(c->out, 'M', p.x - d, p.y + e);
	svg_to(c->out, 'L', p.x + d, p.y - e);
	buf_putc(c->out, '"');
	svg_paint(c->out, "stroke", ink);
	buf_puts(c->out, "/>\n");
}

static void draw_marks(const struct chart *c, size_t index)
{
	const struct fig_series *s = &c->f->series[index];
	bool points = s->kind == FIG_POINTS, marked = points || c->f->series_n > 1 || s->mark > MARK_NONE;
	double next = c->x + (double)(index % 3) * 16;
	for (size_t i = 0; i < s->n; i++) {
		struct spot p = spot_of(c, s, i);
		if (fig_is_below(c->f, s->y[i]) && p.x >= c->x && p.x <= c->x + c->w)
			svg_mark(c->out, 0x25bd, p.x, c->y + c->h - 4, 4, chart_ink(c, COLOR_BAD));
		if (!marked || !inside(c, p) || (!points && p.x < next))
			continue;
		draw_mark(c, index, p);
		next = p.x + 60;
	}
}

static void draw_end(const struct chart *c, size_t index, double *rows, size_t n)
{
	const struct fig_series *s = &c->f->series[index];
	size_t last = fig_last_seen(c->f, &c->axes, s);
	if (last >= s->n || !s->label)
		return;
	struct spot p = spot_of(c, s, last);
	double y = p.y;
	/* Down past the labels that are already there, up if that leads out of the plot. */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (fabs(rows[k] - y) < 13)
				y = rows[k] + 13;
	while (y > c->y + c->h + 4) {
		bool free = true;
		y -= 13;
		for (size_t k = 0; k < n; k++)
			free = free && fabs(rows[k] - y) >= 13;
		if (!free && y > c->y)
			y += 12;
		else
			break;
	}
	rows[n] = y;
	enum color color = fig_is_dimmed(c->f, index) ? COLOR_DIM : fig_series_color(c->f, index);
	draw_mark(c, index, (struct spot){c->x + c->w + 10, y});
	chart_text(c, c->x + c->w + 18, y + 4, ANCHOR_START, color, false, s->label);
}

void chart_series(const struct chart *c)
{
	enum { LABELLED = 64 };
	double rows[LABELLED];
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < c->f->series_n; i++) {
			if (c->f->series[i].focus != (pass == 1))
				continue;
			if (c->f->series[i].kind != FIG_POINTS)
				draw_path(c, i);
			draw_marks(c, i);
		}
	for (size_t i = 0; i < LABELLED; i++)
		rows[i] = -1e9;
	for (size_t i = 0; c->f->series_n > 1 && !c->f->no_end_labels && i < c->f->series_n && i < LABELLED; i++)
		draw_end(c, i, rows, i);
}

/* ---- bars ---- */

/* A torn edge at the foot: the axis does not start at 0. */
static void draw_cut(const struct chart *c, double x, double w)
{
	double y = c->y + c->h - 6;
	buf_puts(c->out, "<path d=\"");
	svg_to(c->out, 'M', x, y + 7);
	for (int i = 0; i <= 8; i++)
		svg_to(c->out, 'L', x + w * i / 8, i % 2 ? y - 3 : y + 3);
	svg_to(c->out, 'L', x + w, y + 7);
	buf_puts(c->out, "Z\"");
	svg_paint(c->out, "fill", palette_background(c->theme, COLOR_DEFAULT));
	buf_puts(c->out, "/>\n");
}

static void draw_kl(const struct chart *c, const struct fig_bar *b, double x, double w, double foot)
{
	double top = fmax(chart_y(c, b->elbo + b->kl), c->y);
	svg_rect(c->out, x, top, w, fmax(foot - top, 0), chart_ink(c, COLOR_KL), b->known == FIG_EXACT ? 1 : 0.4);
	chart_line(c, x - 6, top, x + w + 6, top, COLOR_EVIDENCE, b->known == FIG_EXACT ? NULL : "3 3");
	if (b->known != FIG_ESTIMATE || !(b->error > 0) || !isfinite(b->error))
		return;
	double hi = fmax(chart_y(c, b->elbo + b->kl + b->error), c->y), lo = chart_y(c, b->elbo + b->kl - b->error);
	chart_line(c, x + w / 2, hi, x + w / 2, lo, COLOR_EVIDENCE, NULL);
	chart_line(c, x + w / 2 - 4, hi, x + w / 2 + 4, hi, COLOR_EVIDENCE, NULL);
	chart_line(c, x + w / 2 - 4, lo, x + w / 2 + 4, lo, COLOR_EVIDENCE, NULL);
}

static void draw_bar(const struct chart *c, const struct fig_bar *b, double x, double slot)
{
	char kl[32], text[64];
	double w = fmin(slot * 0.6, 90), left = x + (slot - w) / 2, middle = left + w / 2, bottom = c->y + c->h;
	double foot = fmin(fmax(chart_y(c, b->elbo), c->y), bottom), top = foot;
	svg_rect(c->out, left, foot, w, bottom - foot, chart_ink(c, COLOR_ELBO), 1);
	if (fig_kl_known(b)) {
		draw_kl(c, b, left, w, foot);
		top = fmax(chart_y(c, b->elbo + b->kl), c->y);
	} else
		chart_line(c, left, foot - 14, left, foot, COLOR_KL, "3 3"), chart_line(c, left + w, foot - 14, left + w, foot,
		                                                                        COLOR_KL, "3 3");
	if (c->axes.y.lo > 0 || c->axes.y.hi < 0)
		draw_cut(c, left, w);
	fig_kl_text(b, kl, sizeof kl);
	snprintf(text, sizeof text, slot > 60 ? "KL %s" : "%s", kl);
	if (slot > 24)
		chart_text(c, middle, top - 6, ANCHOR_MIDDLE, COLOR_KL, b->mark, text);
	if (b->label && (double)text_width(b->label) * CHAR_W < slot)
		chart_text(c, middle, bottom + 18, ANCHOR_MIDDLE, b->mark ? COLOR_ACCENT : COLOR_DEFAULT, b->mark, b->label);
	snprintf(text, sizeof text, "ELBO %s", number_fixed(b->elbo, 1).s);
	if (slot > 200)
		chart_text(c, left + w + 6, foot + 14, ANCHOR_START, COLOR_ELBO, false, text);
}

void chart_bars(const struct chart *c)
{
	double slot = c->w / (double)c->f->bars_n;
	for (size_t i = 0; i < c->f->bars_n; i++)
		if (isfinite(c->f->bars[i].elbo))
			draw_bar(c, &c->f->bars[i], c->x + slot * (double)i, slot);
}
