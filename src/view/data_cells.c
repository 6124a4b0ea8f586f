/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The four cells of the linkage example: observed counts over what is expected of them, the first split into its two hidden
 * parts, and the parameter that follows (Dempster, Laird and Rubin 1977). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "plot/bars.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/pane.h"

enum { CELLS = 4, NAME = 20, NUMBER = 12 };

/* What the animals of a cell are in the complete data: those that count for pi are one kind. */
enum kind { HALF, WITH, AGAINST };

static const struct {
	const char *name;
	enum kind kind; /* of the first cell: its other part */
} cells[CELLS] = {{"1: 1/2 + π/4", WITH}, {"2: (1 − π)/4", AGAINST}, {"3: (1 − π)/4", AGAINST}, {"4: π/4", WITH}};

struct table {
	double pi, before, made; /* made: that q was made with */
	bool start;
	double count[CELLS], expected[CELLS], total;
	double hidden; /* expected part of the first cell with probability pi/4 */
	double most;
};

static double probability(int cell, double pi)
{
	return cell == 0 ? 0.5 + pi / 4 : cell == 3 ? pi / 4 : (1 - pi) / 4;
}

static bool table_of(struct table *t, const struct picture *pic, size_t n)
{
	const struct em_problem *p = pic->run->problem;
	const struct em_array *pi = array_theta(p, "pi", 1), *share = array_q(p, "share", 1);
	const struct em_points *x = pic->data->points;
	*t = (struct table){0};
	if (!pi || !share || x->columns < CELLS)
		return false;
	t->pi = array_at(pic->run->theta, pi, 0, 0);
	t->before = array_at(pic->run->theta_before, pi, 0, 0);
	t->made = array_at(em_snapshot_made(pic->run, n), pi, 0, 0);
	t->start = pic->run->position == 0;
	for (int i = 0; i < CELLS; i++)
		t->total += t->count[i] = x->x[n * x->columns + (size_t)i];
	for (int i = 0; i < CELLS; i++) {
		t->expected[i] = t->total * probability(i, t->pi);
		t->most = fmax(t->most, fmax(t->count[i], t->expected[i]));
	}
	t->hidden = t->count[0] * array_at(pic->run->q, share, n, 0);
	return true;
}

static void draw_cell(struct canvas *c, struct rect r, const struct table *t, int i, bool two)
{
	/* Without colour the parts of a kind look alike, too. */
	static const struct {
		char letter;
		uint32_t glyph;
	} looks[] = {[HALF] = {'.', 0x2588}, [WITH] = {'p', 0x2592}, [AGAINST] = {'-', 0x2591}};
	const enum kind kinds[2] = {i == 0 ? HALF : cells[i].kind, WITH};
	const double values[2] = {i == 0 ? t->count[0] - t->hidden : t->count[i], t->hidden};
	struct bar_part parts[2];
	for (int j = 0; j < 2; j++)
		parts[j] = (struct bar_part){.value = values[j], .color = color_series((unsigned)kinds[j]),
		                             .letter = looks[kinds[j]].letter, .glyph = c->mono ? looks[kinds[j]].glyph : 0};
	int x = r.x + NAME + NUMBER;
	struct rect bar = {x, r.y, r.x + r.w - x - 1, 1};
	canvas_put_clipped(c, r.x, r.y, NAME - 1, style_with(COLOR_TITLE, ATTR_BOLD), cells[i].name);
	canvas_put_right(c, r.x + NAME, r.y, NUMBER - 2, style_with(COLOR_DEFAULT, ATTR_BOLD), number_fixed(t->count[i], 0).s);
	if (bar.w > 0)
		bar_stack_horizontal(c, bar, parts, i == 0 ? 2 : 1, t->most);
	if (!two)
		return;
	canvas_put_clipped(c, r.x + 3, r.y + 1, NAME - 3, style_of(COLOR_DIM), "expected");
	canvas_put_right(c, r.x + NAME, r.y + 1, NUMBER - 2, style_of(COLOR_DIM), number_fixed(t->expected[i], 2).s);
	thin_bar(c, (struct rect){bar.x, r.y + 1, bar.w, 1}, COLOR_DIM, t->expected[i], t->most);
}

/* How q splits the first cell, and what the M-step makes of it. */
static void draw_words(struct canvas *c, struct rect r, const struct table *t, bool moved)
{
	char text[600];
	int n;
	if (t->start)
		n = snprintf(text, sizeof text, "Start: q knows no better than half and half; the E-step gives π/4 / (1/2 + π/4) of the %s in "
		             "cell 1 to the part with π: ", number_fixed(t->count[0], 0).s);
	else
		n = snprintf(text, sizeof text, "E-step, under π = %s: π/4 / (1/2 + π/4) of the %s in cell 1 are expected in the part with π: ",
		             number_fixed(t->made, 9).s, number_fixed(t->count[0], 0).s);
	double hidden = t->start ? t->count[0] * t->pi / (2 + t->pi) : t->hidden;
	n += snprintf(text + n, sizeof text - (size_t)n, "%s = %s", number_fixed(t->count[0], 0).s,
	              number_fixed(t->count[0] - hidden, 4).s);
	n += snprintf(text + n, sizeof text - (size_t)n, " + %s.\n", number_fixed(hidden, 4).s);
	double with = hidden + t->count[3], all = with + t->count[1] + t->count[2];
	n += snprintf(text + n, sizeof text - (size_t)n, "M-step: π = (%s + %s) / ", number_fixed(hidden, 4).s,
	              number_fixed(t->count[3], 0).s);
	n += snprintf(text + n, sizeof text - (size_t)n, "%s = ", number_fixed(all, 4).s);
	n += snprintf(text + n, sizeof text - (size_t)n, "%s.\n", all > 0 ? number_fixed(with / all, 9).s : "0/0: π stays");
	n += snprintf(text + n, sizeof text - (size_t)n, "π is %s now", number_fixed(t->pi, 9).s);
	if (moved)
		snprintf(text + n, sizeof text - (size_t)n, ", %s before the last step", number_fixed(t->before, 9).s);
	pane_text(c, r, style_of(COLOR_DEFAULT), text);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct table t;
	if (!table_of(&t, pic, ui->document)) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), "this model has no cells to draw");
		return;
	}
	data_head(c, &r, pic, "bars: observed, the first split by q; thin: expected under π now");
	if (pic->run->problem->layout.observations > 1)
		data_foot(ui, c, &r, pic);
	bool two = r.h >= 2 * CELLS;
	int each = r.h >= 3 * CELLS + 4 ? 3 : two ? 2 : 1;
	for (int i = 0; i < CELLS && i * each < r.h; i++)
		draw_cell(c, (struct rect){r.x, r.y + i * each, r.w, each}, &t, i, two);
	rect_cut_top(&r, CELLS * each + (each < 3 && r.h > CELLS * each + 3 ? 1 : 0));
	draw_words(c, r, &t, data_moved(pic->run));
}

const struct data_picture data_cells = {draw, NULL};
