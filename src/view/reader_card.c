/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the responsibilities of one observation come from: weight times density, component by component, and what that is
 * divided by. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/special.h"
#include "elbow/points.h"
#include "plot/bars.h"
#include "view/arrays.h"
#include "view/pane.h"
#include "view/reader.h"
#include "view/topics.h"

enum { CELL = 13 };

/* One row: the component, log weight, log density, their sum, q. Columns that do not fit are left out from the left. */
static void card_row(struct canvas *c, struct rect r, const char *const text[4], const struct style style[4], int columns)
{
	for (int i = 4 - columns, x = r.x + 6; i < 4; i++, x += CELL)
		canvas_put_right(c, x, r.y, CELL - 1, style[i], text[i]);
}

static void draw_rows(const struct em_snapshot *s, struct canvas *c, struct rect r, const double *weight, const double *fit,
                      const double *share, size_t n, double *joint)
{
	size_t components = s->problem->layout.components;
	int columns = r.w >= 6 + 4 * CELL ? 4 : r.w >= 6 + 2 * CELL ? 2 : 1, shown = 0;
	const char *const head[] = {"log w", "+ log p(x|k)", "= joint", "q"};
	struct style dim = style_of(COLOR_DIM), plain = style_of(COLOR_DEFAULT), bold = style_with(COLOR_DEFAULT, ATTR_BOLD);
	const struct style dims[] = {dim, dim, dim, dim}, plains[] = {plain, plain, plain, bold};
	const struct em_points *points = s->problem->data->points;
	char note[220];
	for (size_t k = 0; k < components; k++)
		joint[k] = weight[k] + fit[k];
	card_row(c, r, head, dims, columns);
	for (size_t k = 0; k < components && shown + 3 < r.h; k++, shown++) {
		struct rect row = {r.x, r.y + 1 + shown, r.w, 1};
		struct number a = number_fixed(weight[k], 4), b = number_fixed(fit[k], 4), sum = number_fixed(joint[k], 4),
		              q = number_fixed(share[k], 4);
		const char *const text[] = {a.s, b.s, sum.s, q.s};
		topic_badge(c, row.x, row.y, k);
		card_row(c, row, text, plains, columns);
		int x = row.x + 6 + columns * CELL;
		if (row.x + row.w - x > 3)
			bar_horizontal(c, (struct rect){x + 1, row.y, row.x + row.w - x - 1, 1}, color_series((unsigned)k), share[k], 1);
	}
	snprintf(note, sizeof note, "log of the sum of the joints: log p(x|θ) = %.40s nats%s%s; %s exp(joint − that)",
	         number_fixed(special_log_sum_exp(joint, components), 6).s,
	         points && em_points_column(points, "frequency") != SIZE_MAX ? ", each time" : "",
	         em_snapshot_made(s, n) == s->theta || s->position == 0 ? "" : " (θ that q was made with)",
	         s->position == 0 ? "the E-step will make q" : "q is");
	pane_text(c, (struct rect){r.x, r.y + 1 + shown, r.w, r.h - 1 - shown}, dim, note);
}

void reader_card(const struct em_snapshot *s, struct canvas *c, struct rect r, size_t n)
{
	const struct em_problem *p = s->problem;
	size_t k = p->layout.components;
	struct em_err err;
	if (r.h < 3 || r.w < 20)
		return;
	if (!p->model->weigh) {
		pane_text(c, r, style_of(COLOR_DIM), "Each part of it has a latent variable of its own: view Data (8) shows them.");
		return;
	}
	double *room = calloc(4 * k + 1, sizeof *room);
	const double *theta = em_snapshot_made(s, n);
	if (room && !p->model->weigh(p, theta, n, room, room + k, &err) && shares_of(s, s->q, n, room + 2 * k))
		draw_rows(s, c, r, room, room + k, room + 2 * k, n, room + 3 * k);
	else
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
	free(room);
}
