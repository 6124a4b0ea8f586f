/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "plot/bars.h"
#include "plot/fig_layout.h"

/* One bar with the columns it has and those it fills. */
struct slot {
	const struct fig_bar *bar;
	int x, w;         /* the slot */
	int bar_x, bar_w;
	int boundary;     /* rows of the end of the ELBO and of the KL; above the plot: plot.y - 1 */
	int top;
	int number;       /* the row above everything that is drawn for it */
	bool beside;      /* numbers stand at the right of the bar */
};

enum { BESIDE = 17, WIDEST = 10 };

static struct slot slot_of(const struct fig *f, const struct fig_layout *l, size_t i)
{
	int n = (int)f->bars_n, from = l->plot.w * (int)i / n, to = l->plot.w * ((int)i + 1) / n;
	struct slot s = {.bar = &f->bars[i], .x = l->plot.x + from, .w = to - from};
	int narrowest = l->plot.w / n;
	s.bar_w = narrowest >= 3 ? (narrowest * 3 + 2) / 5 : narrowest;
	s.bar_w = s.bar_w > WIDEST ? WIDEST : s.bar_w;
	s.beside = narrowest - s.bar_w >= BESIDE;
	s.bar_x = s.x + (s.beside ? 1 : (s.w - s.bar_w) / 2);
	return s;
}

static double clamp(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* The row in which the top of a value lies, rounded as bars are: to cells without colour, else to eighths. */
static int row_of(const struct fig_layout *l, const struct canvas *c, double y)
{
	double up = clamp(axis_place(&l->axes.y, y), 0, 1) * l->plot.h;
	int rows = (int)(c->mono || c->glyphs == GLYPHS_ASCII ? round(up) : ceil(up - 1.0 / 16));
	return l->plot.y + l->plot.h - (rows < 1 ? 1 : rows);
}

/* Torn edge at the foot: the axis does not start at 0. */
static void draw_cut(const struct fig_layout *l, const struct slot *s, struct canvas *c)
{
	int y = l->plot.y + l->plot.h - 1;
	if (l->plot.h < 5 || (l->axes.y.lo <= 0 && l->axes.y.hi >= 0))
		return;
	for (int i = 0; i < s->bar_w; i++)
		canvas_set(c, s->bar_x + i, y, style_of(COLOR_ELBO), i % 2 ? 0x2572 : 0x2571);
}

static void draw_stack(const struct fig_layout *l, const struct slot *s, struct canvas *c)
{
	double lo = l->axes.y.lo, hi = l->axes.y.hi, elbo = clamp(s->bar->elbo, lo, hi);
	double whole = fig_kl_known(s->bar) ? clamp(s->bar->elbo + s->bar->kl, elbo, hi) : elbo;
	bool exact = s->bar->known == FIG_EXACT;
	struct bar_part parts[2] = {
	    {.value = elbo - lo, .color = COLOR_ELBO, .letter = '#'},
	    {.value = whole - elbo, .color = COLOR_KL, .letter = exact ? '.' : ':', .glyph = exact ? 0 : 0x2592},
	};
	bar_stack_vertical(c, (struct rect){s->bar_x, l->plot.y, s->bar_w, l->plot.h}, parts, 2, hi - lo);
	draw_cut(l, s, c);
}

/* What stands above a bar: the KL, or that it is unknown. */
static void draw_above(const struct fig_layout *l, const struct slot *s, struct canvas *c)
{
	char kl[32], text[40];
	fig_kl_text(s->bar, kl, sizeof kl);
	snprintf(text, sizeof text, "KL %s", kl);
	struct style style = style_with(COLOR_KL, s->bar->mark ? ATTR_BOLD : 0);
	const char *shown = s->bar->mark && canvas_width(c, text) <= s->w - 1 ? text : kl;
	if (s->number >= l->plot.y && canvas_width(c, shown) <= s->w)
		canvas_put_center(c, s->x, s->number, s->w, style, shown);
}

/* Wide slots: both numbers beside the bar, each at its part. */
static void draw_beside(const struct fig_layout *l, const struct slot *s, struct canvas *c)
{
	char kl[32], text[64];
	int x = s->bar_x + s->bar_w + 1, w = s->x + s->w - x, middle = (s->top + s->boundary) / 2;
	int elbo_row = s->boundary + (s->boundary + 1 < l->plot.y + l->plot.h ? 1 : 0);
	fig_kl_text(s->bar, kl, sizeof kl);
	if (!fig_kl_known(s->bar))
		snprintf(text, sizeof text, "KL unknown");
	else if (s->bar->known == FIG_ESTIMATE && s->bar->error > 0)
		snprintf(text, sizeof text, "KL %s ± %s", kl, number_short(s->bar->error, 2).s);
	else
		snprintf(text, sizeof text, "KL %s %s", kl, fig_known_word(s->bar->known));
	if (middle >= elbo_row)
		middle = elbo_row - 1;
	if (middle >= l->plot.y)
		canvas_put_clipped(c, x, middle, w, style_of(COLOR_KL), text);
	snprintf(text, sizeof text, "ELBO %s", number_fixed(s->bar->elbo, 1).s);
	canvas_put_clipped(c, x, elbo_row, w, style_of(COLOR_ELBO), text);
}

/* log p as a line from bar to bar: the E-step's is level. */
static void draw_evidence(const struct fig_layout *l, const struct slot *s, struct canvas *c)
{
	if (!fig_kl_known(s->bar) || s->w <= s->bar_w)
		return;
	struct style style = style_of(COLOR_EVIDENCE);
	/* At the foot of the cell when the bar ends there, else through its middle. */
	double up = axis_place(&l->axes.y, s->bar->elbo + s->bar->kl) * l->plot.h;
	bool low = !c->mono && c->glyphs == GLYPHS_UTF8 && up - floor(up - 1.0 / 16) <= 5.0 / 16;
	for (int x = s->x; x < s->x + s->w; x++)
		if ((x < s->bar_x || x >= s->bar_x + s->bar_w) && canvas_at(c, x, s->top).code == ' ')
			canvas_set(c, x, s->top, style, low ? 0x2581 : 0x2500);
	double e = s->bar->error, whole = s->bar->elbo + s->bar->kl;
	if (s->bar->known != FIG_ESTIMATE || !(e > 0) || !isfinite(e))
		return;
	int from = row_of(l, c, whole + e), to = row_of(l, c, whole - e), x = s->bar_x + s->bar_w / 2;
	for (int y = from; from < to && y <= to; y++) {
		struct cell behind = canvas_at(c, x, y);
		style.bg = behind.code == ' ' || c->glyphs == GLYPHS_ASCII ? COLOR_DEFAULT : behind.style.fg;
		canvas_set(c, x, y, style, 0x2502);
	}
}

static void draw_label(const struct fig_layout *l, const struct slot *s, struct canvas *c, int *free)
{
	if (!l->x_labels.h || !s->bar->label)
		return;
	int w = canvas_width(c, s->bar->label), end = l->plot.x + l->plot.w;
	int at = s->bar_x + (s->bar_w - w) / 2;
	at = at < l->plot.x ? l->plot.x : at + w > end ? end - w : at;
	if (at < *free || (w > end - at && at > l->plot.x))
		return;
	struct style style = style_with(s->bar->mark ? COLOR_ACCENT : COLOR_DEFAULT, s->bar->mark ? ATTR_BOLD : 0);
	*free = at + canvas_put_clipped(c, at, l->x_labels.y, end - at, style, s->bar->label) + 1;
}

void fig_draw_bars(const struct fig *f, const struct fig_layout *l, struct canvas *c)
{
	if (f->bars_n > 4096)
		return;
	for (size_t i = 0; i < f->bars_n; i++) {
		struct slot s = slot_of(f, l, i);
		if (s.bar_w <= 0 || !isfinite(s.bar->elbo))
			continue;
		s.boundary = row_of(l, c, s.bar->elbo);
		s.top = fig_kl_known(s.bar) ? row_of(l, c, s.bar->elbo + s.bar->kl) : s.boundary;
		bool whisker = fig_kl_known(s.bar) && s.bar->known == FIG_ESTIMATE && s.bar->error > 0;
		s.number = (whisker ? row_of(l, c, s.bar->elbo + s.bar->kl + s.bar->error) : s.top) - 1;
		draw_stack(l, &s, c);
		if (s.beside)
			draw_beside(l, &s, c);
		else
			draw_above(l, &s, c);
		draw_evidence(l, &s, c);
		if (s.bar->mark && l->x_axis.h)
			canvas_set(c, s.bar_x + s.bar_w / 2, l->x_axis.y, style_of(COLOR_ACCENT), 0x25b2);
	}
	/* The marked bar's label first: it is the one that must not give way. */
	int free = l->plot.x, after = l->plot.x;
	size_t marked = f->bars_n;
	for (size_t i = 0; i < f->bars_n; i++)
		if (f->bars[i].mark)
			marked = i;
	for (size_t i = 0; i < f->bars_n; i++) {
		struct slot s = slot_of(f, l, i), m = slot_of(f, l, marked < f->bars_n ? marked : i);
		int reach = s.bar_x + (s.bar_w + (s.bar->label ? canvas_width(c, s.bar->label) : 0)) / 2 + 2;
		int start = m.bar_x - (m.bar->label ? canvas_width(c, m.bar->label) - m.bar_w : 0) / 2;
		if (i < marked && marked < f->bars_n && reach > start)
			continue;
		draw_label(l, &s, c, i == marked ? &after : &free);
		free = free > after ? free : after;
	}
}
