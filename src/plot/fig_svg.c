/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/fig_svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define FONT_SIZE 12
#define LINE 18.0

uint32_t chart_ink(const struct chart *c, enum color color)
{
	return palette_rgb(c->theme, color);
}

void chart_text(const struct chart *c, double x, double y, enum anchor anchor, enum color color, bool bold, const char *text)
{
	static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
	if (!text || !*text)
		return;
	buf_puts(c->out, "<text");
	svg_attribute(c->out, "x", x);
	svg_attribute(c->out, "y", y);
	buf_puts(c->out, anchors[anchor]);
	svg_paint(c->out, "fill", chart_ink(c, color));
	buf_printf(c->out, "%s>", bold ? " font-weight=\"bold\"" : "");
	svg_escape(c->out, text);
	buf_puts(c->out, "</text>\n");
}

void chart_line(const struct chart *c, double x0, double y0, double x1, double y1, enum color color, const char *dashes)
{
	buf_puts(c->out, "<path d=\"");
	svg_to(c->out, 'M', x0, y0);
	svg_to(c->out, 'L', x1, y1);
	buf_puts(c->out, "\" fill=\"none\"");
	svg_paint(c->out, "stroke", chart_ink(c, color));
	if (dashes)
		buf_printf(c->out, " stroke-dasharray=\"%s\"", dashes);
	buf_puts(c->out, "/>\n");
}

static double near(double x)
{
	return fmin(fmax(x, -1e5), 1e5);
}

double chart_x(const struct chart *c, double x)
{
	double place = axis_place(&c->axes.x, x);
	return isfinite(place) ? near(c->x + place * c->w) : NAN;
}

double chart_y(const struct chart *c, double y)
{
	double place = axis_place(&c->axes.y, y);
	return isfinite(place) ? near(c->y + (1 - place) * c->h) : NAN;
}

static double text_pixels(const char *text)
{
	return text ? (double)text_width(text) * CHAR_W : 0;
}

/* ---- axes ---- */

static void draw_y_axis(const struct chart *c)
{
	for (size_t i = 0; i < c->axes.y.n; i++) {
		const struct axis_tick *t = &c->axes.y.ticks[i];
		double y = chart_y(c, t->value);
		if (!t->minor) {
			buf_puts(c->out, "<g opacity=\"0.25\">\n");
			chart_line(c, c->x, y, c->x + c->w, y, COLOR_DIM, NULL);
			buf_puts(c->out, "</g>\n");
		}
		chart_line(c, c->x - (t->minor ? 3 : 5), y, c->x, y, COLOR_DIM, NULL);
		chart_text(c, c->x - 8, y + 4, ANCHOR_END, COLOR_DEFAULT, false, t->label);
	}
	chart_line(c, c->x, c->y, c->x, c->y + c->h, COLOR_DIM, NULL);
}

static void draw_x_axis(const struct chart *c)
{
	double bottom = c->y + c->h;
	chart_line(c, c->x, bottom, c->x + c->w, bottom, COLOR_DIM, NULL);
	if (c->f->bars_n > 0)
		return;
	for (size_t i = 0; i < c->axes.x.n; i++) {
		double x = chart_x(c, c->axes.x.ticks[i].value);
		chart_line(c, x, bottom, x, bottom + 5, COLOR_DIM, NULL);
		chart_text(c, x, bottom + 18, ANCHOR_MIDDLE, COLOR_DEFAULT, false, c->axes.x.ticks[i].label);
	}
	chart_text(c, c->x + c->w, bottom + 34, ANCHOR_END, COLOR_DIM, false, c->f->x_title);
}

/* ---- legend: swatches and words from the right edge of the head ---- */

struct entry {
	char label[64];
	enum color color;
	enum { SWATCH_LINE, SWATCH_MARK, SWATCH_SOLID, SWATCH_PALE } kind;
	uint32_t mark;
};

enum { ENTRIES = 32 };

static struct entry *add(struct entry *entries, size_t *n, const char *label, enum color color)
{
	if (*n == ENTRIES || !label)
		return NULL;
	struct entry *e = &entries[(*n)++];
	*e = (struct entry){.color = color};
	snprintf(e->label, sizeof e->label, "%.63s", label);
	return e;
}

static size_t collect(const struct chart *c, struct entry *entries, bool ends)
{
	const struct fig *f = c->f;
	struct entry *e;
	size_t n = 0;
	char label[64];
	if (f->legend && f->bars_n > 0 && (e = add(entries, &n, "ELBO", COLOR_ELBO)))
		e->kind = SWATCH_SOLID;
	for (int known = FIG_EXACT; f->legend && known <= FIG_UNKNOWN; known++) {
		snprintf(label, sizeof label, "KL %s", fig_known_word((enum fig_known)known));
		if (fig_has_known(f, (enum fig_known)known) && (e = add(entries, &n, label, COLOR_KL)))
			e->kind = known == FIG_EXACT ? SWATCH_SOLID : known == FIG_UNKNOWN ? SWATCH_LINE : SWATCH_PALE;
	}
	for (size_t i = 0; f->legend && f->bars_n == 0 && !ends && i < f->series_n; i++)
		if ((e = add(entries, &n, f->series[i].label, fig_series_color(f, i)))) {
			e->mark = fig_mark_code(fig_series_mark(f, i), false);
			e->kind = f->series_n > 1 || f->series[i].kind == FIG_POINTS ? SWATCH_MARK : SWATCH_LINE;
		}
	for (size_t i = 0; f->legend && f->bars_n == 0 && i < f->bands_n; i++)
		if ((e = add(entries, &n, f->bands[i].label, f->bands[i].color ? f->bands[i].color : COLOR_BAND)))
			e->kind = SWATCH_PALE;
	snprintf(label, sizeof label, "%zu at or below 0", c->axes.below);
	if (c->axes.below > 0 && (e = add(entries, &n, label, COLOR_BAD))) {
		e->kind = SWATCH_MARK;
		e->mark = 0x25bd;
	}
	return n;
}

static void draw_swatch(const struct chart *c, const struct entry *e, double x, double y)
{
	uint32_t ink = chart_ink(c, e->color);
	if (e->kind == SWATCH_MARK && svg_mark(c->out, e->mark, x + 5, y - 4, 4, ink))
		return;
	if (e->kind == SWATCH_SOLID || e->kind == SWATCH_PALE)
		svg_rect(c->out, x, y - 9, 10, 10, ink, e->kind == SWATCH_PALE ? 0.4 : 1);
	else
		chart_line(c, x, y - 4, x + 10, y - 4, e->color, NULL);
}

static void draw_legend(const struct chart *c, double right, double y, bool ends)
{
	struct entry entries[ENTRIES];
	size_t n = collect(c, entries, ends);
	double x = right - 6;
	for (size_t i = 0; i < n; i++)
		x -= text_pixels(entries[i].label) + 30;
	x = x < 8 ? 8 : x + 14;
	for (size_t i = 0; i < n; i++) {
		draw_swatch(c, &entries[i], x, y);
		chart_text(c, x + 15, y, ANCHOR_START, COLOR_DEFAULT, false, entries[i].label);
		x += text_pixels(entries[i].label) + 30;
	}
}

/* ---- the rest ---- */

static void draw_lines(const struct chart *c)
{
	for (size_t i = 0; i < c->f->lines_n; i++) {
		const struct fig_line *line = &c->f->lines[i];
		enum color color = line->color ? line->color : COLOR_DIM;
		double at = line->vertical ? chart_x(c, line->at) : chart_y(c, line->at);
		if (!isfinite(at) || (line->vertical ? at < c->x || at > c->x + c->w : at < c->y || at > c->y + c->h))
			continue;
		if (line->vertical)
			chart_line(c, at, c->y, at, c->y + c->h, color, "2 4");
		else
			chart_line(c, c->x, at, c->x + c->w, at, color, "6 4");
		chart_text(c, line->vertical ? at + 5 : c->x + 8, line->vertical ? c->y + 11 : at + (at < c->y + 16 ? 14 : -5),
		           ANCHOR_START, color, false, line->label);
	}
}

static void draw_notes(const struct chart *c)
{
	for (size_t i = 0; i < c->f->notes_n; i++) {
		double x = chart_x(c, c->f->notes[i].x), y = chart_y(c, c->f->notes[i].y);
		if (isfinite(x) && isfinite(y))
			chart_text(c, x, y + 4, ANCHOR_START, c->f->notes[i].color, false, c->f->notes[i].text);
	}
	double x = c->f->cursor_on ? chart_x(c, c->f->cursor) : NAN;
	if (isfinite(x) && x >= c->x && x <= c->x + c->w)
		chart_line(c, x, c->y, x, c->y + c->h, COLOR_ACCENT, NULL);
}

/* Sets the plot area; returns whether series are labelled at their ends. */
static bool lay_out(struct chart *c, double w, double h)
{
	const struct fig *f = c->f;
	double widest = 0, label = 0;
	double head = (f->title ? LINE + 6 : 0) + LINE + 10;
	c->y = 8 + head;
	c->h = fmax(h - c->y - (f->x_title ? 42 : 28), 1);
	fig_axes(f, (int)(w / CHAR_W), (int)(c->h / 20), &c->axes);
	for (size_t i = 0; i < c->axes.y.n; i++)
		label = fmax(label, text_pixels(c->axes.y.ticks[i].label));
	for (size_t i = 0; i < f->series_n; i++)
		widest = fmax(widest, text_pixels(f->series[i].label));
	bool ends = f->series_n > 1 && f->bars_n == 0 && !f->no_end_labels && widest > 0 && widest < w / 3;
	c->x = label + 20;
	c->w = fmax(w - c->x - (ends ? widest + 26 : 16), 1);
	fig_axes(f, (int)(c->w / CHAR_W), (int)(c->h / 20), &c->axes);
	return ends;
}

static void describe(const struct fig *f, char *out, size_t size)
{
	if (f->title)
		snprintf(out, size, "%s", f->title);
	else if (f->bars_n > 0)
		snprintf(out, size, "ELBO and KL of %zu steps", f->bars_n);
	else
		snprintf(out, size, "%s%s%s", f->y_title ? f->y_title : "Figure", f->x_title ? " by " : "",
		         f->x_title ? f->x_title : "");
}

void fig_svg(const struct fig *f, struct buf *out, enum theme theme, int w, int h)
{
	struct chart c = {.f = f, .out = out, .theme = theme};
	char title[160];
	w = w < 64 ? 64 : w > 10000 ? 10000 : w;
	h = h < 64 ? 64 : h > 10000 ? 10000 : h;
	bool ends = lay_out(&c, w, h);
	describe(f, title, sizeof title);
	svg_open(out, w, h, FONT_SIZE, palette_background(theme, COLOR_DEFAULT), title, NULL);
	double y = 8 + 12;
	if (f->title) {
		chart_text(&c, 8, y, ANCHOR_START, COLOR_TITLE, true, f->title);
		y += LINE + 6;
	}
	fig_y_title(f, &c.axes, title, sizeof title);
	chart_text(&c, 8, y, ANCHOR_START, COLOR_DIM, false, title);
	draw_legend(&c, w, y, ends);
	draw_y_axis(&c);
	buf_puts(out, "<clipPath id=\"plot\"><rect");
	svg_attribute(out, "x", c.x - 5);
	svg_attribute(out, "y", c.y - 5);
	svg_attribute(out, "width", c.w + 10);
	svg_attribute(out, "height", c.h + 10);
	buf_puts(out, "/></clipPath>\n");
	if (f->bars_n > 0)
		chart_bars(&c);
	else {
		chart_bands(&c);
		draw_lines(&c);
		chart_series(&c);
	}
	draw_x_axis(&c);
	draw_notes(&c);
	svg_close(out);
}
