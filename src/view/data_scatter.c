/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points in a plane: two columns of the table, two factors, one of each, or the first two principal axes; with the 1- and
 * 2-sigma ellipses of what the model expects there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "plot/scatter.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/order.h"
#include "view/pane.h"
#include "view/topics.h"

/* The variables that can be drawn: the factors' scores, if the model has them, then the columns. */
struct space {
	const struct em_snapshot *s;
	const struct em_points *table;
	const struct em_array *means, *covariances;               /* of a mixture of Gaussians */
	const struct em_array *loadings, *mean, *noise, *scores;  /* of a factor model */
	size_t factors, columns, rings; /* rings: components that have an ellipse */
};

/* What is drawn: one direction in the space of columns or one factor for each axis. */
struct plane {
	bool axes;
	size_t variable[2];
	double *direction[2]; /* [columns]; NULL: a factor */
	double center[2];     /* taken off along the direction */
	char title[2][96];
	struct scatter scatter;
	struct scatter_point *points;
	struct scatter_ring *rings;
	double *room;
	struct fig fig;
};

static struct space space_of(const struct picture *pic)
{
	const struct em_problem *p = pic->run->problem;
	struct space v = {.s = pic->run, .table = pic->data->points, .columns = pic->data->points->columns};
	v.means = array_theta(p, "means", 2);
	v.covariances = array_theta(p, "covariances", 3);
	v.loadings = array_theta(p, "loadings", 2);
	v.mean = array_theta(p, "mean", 1);
	v.noise = array_theta(p, "noise", 1);
	v.scores = array_q(p, "scores", 2);
	if (v.means && v.covariances && v.means->dim[1] == v.columns)
		v.rings = v.means->dim[0];
	if (v.loadings && v.mean && v.noise && v.scores && v.loadings->dim[1] == v.columns) {
		v.factors = v.loadings->dim[0];
		v.rings = 1;
	}
	return v;
}

/* ---- choosing ---- */

static bool shows_axes(const struct ui *ui, const struct space *v)
{
	if (v->columns < 2)
		return false;
	return ui->data.plane == UI_PLANE_AXES || (ui->data.plane == UI_PLANE_AUTO && v->factors == 1);
}

static void pair_of(const struct ui *ui, const struct space *v, size_t pair[2])
{
	size_t all = v->factors + v->columns;
	pair[0] = ui->data.x;
	pair[1] = ui->data.y;
	if (pair[0] == pair[1] || pair[0] >= all || pair[1] >= all) {
		pair[0] = 0;
		pair[1] = 1;
	}
}

static void name_of(const struct space *v, size_t variable, char *out, size_t size)
{
	if (variable < v->factors) {
		snprintf(out, size, "factor %zu", variable + 1);
		return;
	}
	struct buf b = {0};
	text_clip(&b, v->table->column[variable - v->factors], 40, false);
	buf_copy(&b, out, size);
	buf_free(&b);
}

/* ---- numbers of a plane ---- */

static double along(const double *direction, const double *x, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		if (direction[j] != 0)
			sum += direction[j] * x[j];
	return sum;
}

static double coordinate(const struct space *v, const struct plane *p, int axis, size_t n)
{
	const double *u = p->direction[axis];
	if (u)
		return along(u, v->table->x + n * v->columns, v->columns) - p->center[axis];
	return v->s->q[v->scores->offset + n * v->scores->stride[0] + p->variable[axis] * v->scores->stride[1]];
}

/* Mean along an axis of component k. */
static double mean_of(const struct space *v, const struct plane *p, const double *theta, int axis, size_t k)
{
	const double *u = p->direction[axis];
	double sum = 0;
	if (!u)
		return 0;
	for (size_t j = 0; j < v->columns; j++)
		if (u[j] != 0)
			sum += u[j] * (v->factors ? array_at(theta, v->mean, j, 0) : array_at(theta, v->means, k, j));
	return sum - p->center[axis];
}

/* The loading of factor f along an axis. */
static double loading(const struct space *v, const struct plane *p, const double *theta, int axis, size_t f)
{
	const double *u = p->direction[axis];
	double sum = 0;
	if (!u)
		return f == p->variable[axis] ? 1 : 0;
	for (size_t j = 0; j < v->columns; j++)
		if (u[j] != 0)
			sum += u[j] * array_at(theta, v->loadings, f, j);
	return sum;
}

/* Of a factor model: x = mean + loadings' z + noise with z ~ N(0, I). */
static double factor_covariance(const struct space *v, const struct plane *p, const double *theta, int a, int b)
{
	double sum = 0;
	for (size_t f = 0; f < v->factors; f++)
		sum += loading(v, p, theta, a, f) * loading(v, p, theta, b, f);
	for (size_t j = 0; p->direction[a] && p->direction[b] && j < v->columns; j++)
		sum += p->direction[a][j] * p->direction[b][j] * array_at(theta, v->noise, j, 0);
	return sum;
}

static double covariance(const struct space *v, const struct plane *p, const double *theta, size_t k, int a, int b)
{
	double sum = 0;
	if (v->factors)
		return factor_covariance(v, p, theta, a, b);
	for (size_t i = 0; i < v->columns; i++)
		for (size_t j = 0; p->direction[a][i] != 0 && j < v->columns; j++)
			if (p->direction[b][j] != 0)
				sum += p->direction[a][i] * p->direction[b][j] * data_at3(theta, v->covariances, k, i, j);
	return sum;
}

/* ---- composing ---- */

static void plane_close(struct plane *p)
{
	free(p->direction[0]);
	free(p->direction[1]);
	free(p->points);
	free(p->rings);
	free(p->room);
}

static bool set_directions(struct plane *p, struct ui *ui, const struct picture *pic, const struct space *v)
{
	double share[2] = {0};
	const double *axes = p->axes ? data_axes(ui, pic, share) : NULL;
	if (p->axes && !axes)
		return false;
	if (!p->axes)
		pair_of(ui, v, p->variable);
	for (int a = 0; a < 2; a++) {
		if (!p->axes)
			name_of(v, p->variable[a], p->title[a], sizeof p->title[a]);
		if (!p->axes && p->variable[a] < v->factors)
			continue;
		p->direction[a] = calloc(v->columns, sizeof(double));
		if (!p->direction[a])
			return false;
		if (!p->axes) {
			p->direction[a][p->variable[a] - v->factors] = 1;
			continue;
		}
		memcpy(p->direction[a], axes + (size_t)a * v->columns, v->columns * sizeof(double));
		p->center[a] = along(p->direction[a], v->table->mean, v->columns);
		snprintf(p->title[a], sizeof p->title[a], "principal axis %d (%.20s)", a + 1, percent(share[a], 0).s);
	}
	return true;
}

static bool set_points(struct plane *p, const struct space *v)
{
	size_t rows = v->table->rows, step = data_step(rows), k = v->s->problem->layout.components;
	p->points = malloc((rows / step + 1) * sizeof *p->points);
	if (!p->points)
		return false;
	for (size_t n = 0; n < rows; n += step) {
		const double *share = v->factors ? NULL : data_shares(v->s, n, &p->room);
		size_t best = share ? data_leader(share, k) : 0;
		p->points[p->scatter.points_n++] =
		    (struct scatter_point){coordinate(v, p, 0, n), coordinate(v, p, 1, n), (unsigned)best, share ? share[best] : 1};
	}
	p->scatter.points = p->points;
	return true;
}

static bool set_rings(struct plane *p, const struct space *v)
{
	p->rings = malloc((4 * v->rings + 1) * sizeof *p->rings);
	if (!p->rings)
		return false;
	for (int faint = data_moved(v->s) ? 1 : 0; faint >= 0; faint--) {
		const double *theta = faint ? v->s->theta_before : v->s->theta;
		for (size_t k = 0; k < v->rings; k++)
			for (int radius = 1; radius <= 2; radius++) {
				struct scatter_ring g =
				    scatter_ring_of(mean_of(v, p, theta, 0, k), mean_of(v, p, theta, 1, k), covariance(v, p, theta, k, 0, 0),
				                    covariance(v, p, theta, k, 0, 1), covariance(v, p, theta, k, 1, 1), radius);
				g.series = (unsigned)k;
				g.faint = faint == 1;
				p->rings[p->scatter.rings_n++] = g;
			}
	}
	p->scatter.rings = p->rings;
	return true;
}

/* The points and the means with some air: it does not move while only the ellipses do. */
static struct fig_range range_of(const struct plane *p, bool y)
{
	double lo = INFINITY, hi = -INFINITY;
	for (size_t i = 0; i < p->scatter.points_n; i++) {
		double x = y ? p->points[i].y : p->points[i].x;
		if (isfinite(x)) {
			lo = fmin(lo, x);
			hi = fmax(hi, x);
		}
	}
	double wide = hi - lo;
	for (size_t i = 0; i < p->scatter.rings_n; i++) { /* a mean far outside must not squeeze the points */
		double x = y ? p->rings[i].y : p->rings[i].x;
		if (!p->rings[i].faint && x > lo - wide && x < hi + wide) {
			lo = fmin(lo, x);
			hi = fmax(hi, x);
		}
	}
	if (!(lo <= hi))
		return (struct fig_range){-1, 1};
	double air = hi > lo ? 0.06 * (hi - lo) : fmax(1, 0.1 * fabs(lo));
	return (struct fig_range){lo - air, hi + air};
}

static bool compose(struct plane *p, struct ui *ui, const struct picture *pic, const struct space *v)
{
	*p = (struct plane){.axes = shows_axes(ui, v)};
	if (!set_directions(p, ui, pic, v) || !set_points(p, v) || !set_rings(p, v))
		return false;
	p->fig = (struct fig){.x_title = p->title[0], .y_title = p->title[1], .x = range_of(p, false), .y = range_of(p, true),
	                      .whole_labels = true};
	return true;
}

/* ---- drawing ---- */

static int put_piece(struct canvas *c, struct rect r, int x, struct style style, const char *text)
{
	int w = canvas_width(c, text);
	if (x + w > r.x + r.w)
		return x;
	canvas_put(c, x, r.y, style, text);
	return x + w;
}

/* The marks with their components, where marks are drawn; otherwise the colours speak from the means. */
static void draw_key(struct canvas *c, struct rect line, struct rect plot, const struct plane *p, const struct space *v)
{
	int x = line.x + canvas_width(c, p->title[1]) + 3;
	bool marked = scatter_marked(&p->scatter, c, plot);
	size_t k = v->factors ? 0 : v->rings;
	for (size_t i = 0; marked && i < k && x + 5 < line.x + line.w / 2; i++) {
		canvas_set(c, x, line.y, style_of(color_series((unsigned)i)), scatter_mark(c, (unsigned)i));
		x += 1 + canvas_printf(c, x + 1, line.y, style_of(COLOR_DIM), " %zu", i + 1) + 1;
	}
	if (marked && k > 1) {
		canvas_set(c, x, line.y, style_of(COLOR_DIM), scatter_unsure(c));
		x = put_piece(c, line, x + 1, style_of(COLOR_DIM), " none sure  ");
	} else if (k > 1)
		x = put_piece(c, line, x, style_of(COLOR_DIM), "grey: none sure  ");
	x = put_piece(c, line, x, style_of(COLOR_DIM), v->rings ? "ellipses 1σ 2σ" : "");
	if (data_moved(v->s))
		put_piece(c, line, x, style_of(COLOR_DIM), ", dotted before");
}

/* The numbers of the components at their means, and the selected point. */
static void draw_labels(struct ui *ui, const struct plane *p, const struct space *v, struct canvas *c, struct rect r)
{
	struct rect plot = fig_plot_rect(&p->fig, c, r);
	for (size_t i = 0; i < p->scatter.rings_n && !v->factors && plot.w >= 16 && plot.h >= 5; i++) {
		const struct scatter_ring *g = &p->rings[i];
		int x = fig_x_to_column(&p->fig, c, r, g->x), y = fig_y_to_row(&p->fig, c, r, g->y);
		int wide = g->series < 9 ? 3 : 4;
		if (g->faint || g->radius > 1 || x < 0 || y < 0)
			continue;
		x = x - 1 + wide > plot.x + plot.w ? plot.x + plot.w - wide : x > plot.x ? x - 1 : x;
		topic_badge(c, x, y, g->series);
	}
	if (ui->document < v->table->rows) {
		int x = fig_x_to_column(&p->fig, c, r, coordinate(v, p, 0, ui->document));
		int y = fig_y_to_row(&p->fig, c, r, coordinate(v, p, 1, ui->document));
		if (x >= 0 && y >= 0)
			canvas_set(c, x, y, style_with(COLOR_ACCENT, ATTR_BOLD), c->glyphs == GLYPHS_ASCII ? '@' : 0x25c9);
	}
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct space v = space_of(pic);
	struct plane p;
	char text[200];
	size_t all = v.factors + v.columns, step = data_step(v.table->rows);
	ui->data.variables = all;
	if (compose(&p, ui, pic, &v)) {
		int n = 0;
		if (p.axes)
			n = snprintf(text, sizeof text, "%s columns on their first two principal axes", number_count(v.columns).s);
		else
			n = snprintf(text, sizeof text, "%.60s and %.60s", p.title[0], p.title[1]);
		if (!p.axes && all > 2)
			n += snprintf(text + n, sizeof text - (size_t)n, ", of %zu", all);
		if (step > 1)
			snprintf(text + n, sizeof text - (size_t)n, "; every %zuth point", step);
		data_head(c, &r, pic, text);
		data_foot(ui, c, &r, pic);
		fig_canvas(&p.fig, c, r);
		scatter_draw(&p.scatter, &p.fig, c, r);
		draw_labels(ui, &p, &v, c, r);
		ui->plot = fig_plot_rect(&p.fig, c, r);
		if (ui->plot.y > r.y)
			draw_key(c, (struct rect){r.x, r.y, r.w, 1}, ui->plot, &p, &v);
	} else {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
	}
	plane_close(&p);
}

/* ---- commands ---- */

static void show_pair(struct ui *ui, size_t x, size_t y)
{
	ui->data.plane = UI_PLANE_PAIR;
	ui->data.x = x;
	ui->data.y = y;
}

/* The pairs x < y in order, round and round. */
static void next_pair(struct ui *ui, size_t all, const size_t pair[2], bool back)
{
	size_t x = pair[0] < pair[1] ? pair[0] : pair[1], y = pair[0] < pair[1] ? pair[1] : pair[0];
	if (!back && y + 1 < all)
		y++;
	else if (!back) {
		x = x + 2 < all ? x + 1 : 0;
		y = x + 1;
	} else if (y > x + 1)
		y--;
	else {
		x = x > 0 ? x - 1 : all - 2;
		y = all - 1;
	}
	show_pair(ui, x, y);
}

/* The variable after pair[i] that is not the other one. */
static void next_variable(struct ui *ui, size_t all, size_t pair[2], int i)
{
	do
		pair[i] = (pair[i] + 1) % all;
	while (pair[i] == pair[1 - i] && all > 1);
	show_pair(ui, pair[0], pair[1]);
}

/* A variable by its number from 1 or by its name; SIZE_MAX when there is none. */
static size_t variable_named(const struct space *v, const char *word)
{
	char *end;
	unsigned long i = strtoul(word, &end, 10);
	if (end != word && !*end)
		return i >= 1 && i <= v->factors + v->columns ? (size_t)i - 1 : SIZE_MAX;
	size_t column = em_points_column(v->table, word);
	return column == SIZE_MAX ? SIZE_MAX : v->factors + column;
}

static void choose_named(struct ui *ui, const struct space *v, const struct view_call *call, struct em_err *err)
{
	size_t x = variable_named(v, call->argv[0]), y = call->argc > 1 ? variable_named(v, call->argv[1]) : SIZE_MAX;
	if (x == SIZE_MAX || y == SIZE_MAX || x == y)
		em_fail(err, EM_USAGE, "axes: give two of 1 to %zu or of the columns' names, or x, y, next, previous, principal",
		        v->factors + v->columns);
	else
		show_pair(ui, x, y);
}

static void choose(struct ui *ui, const struct space *v, const struct view_call *call, struct em_err *err)
{
	const char *word = call->argc > 0 ? call->argv[0] : "next";
	size_t pair[2], all = v->factors + v->columns;
	pair_of(ui, v, pair);
	if (call->argc <= 1 && (strcmp(word, "x") == 0 || strcmp(word, "y") == 0))
		next_variable(ui, all, pair, word[0] == 'y');
	else if (call->argc <= 1 && strcmp(word, "principal") == 0 && v->columns > 1)
		ui->data.plane = shows_axes(ui, v) ? UI_PLANE_PAIR : UI_PLANE_AXES;
	else if (call->argc <= 1 && (strcmp(word, "next") == 0 || strcmp(word, "previous") == 0))
		next_pair(ui, all, pair, word[0] == 'p');
	else
		choose_named(ui, v, call, err);
}

/* Selects the point nearest to a cell of the plot. */
static void click(struct ui *ui, const struct picture *pic, const struct space *v, int x, int y)
{
	struct plane p;
	size_t best = v->table->rows;
	double least = INFINITY;
	if (rect_has(ui->plot, x, y) && compose(&p, ui, pic, v)) {
		struct axis a, b;
		axis_linear(&a, p.fig.x.lo, p.fig.x.hi, 2, false, false);
		axis_linear(&b, p.fig.y.lo, p.fig.y.hi, 2, false, false);
		for (size_t n = 0; n < v->table->rows; n++) {
			double dx = axis_place(&a, coordinate(v, &p, 0, n)) * ui->plot.w - (x - ui->plot.x) - 0.5;
			double dy = (1 - axis_place(&b, coordinate(v, &p, 1, n))) * ui->plot.h - (y - ui->plot.y) - 0.5;
			double far = dx * dx + 4 * dy * dy;
			if (far < least) {
				least = far;
				best = n;
			}
		}
	}
	if (rect_has(ui->plot, x, y))
		plane_close(&p);
	if (best < v->table->rows)
		order_select(ui, best);
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	struct space v = space_of(pic);
	bool left = strcmp(call->name, "left") == 0, right = strcmp(call->name, "right") == 0;
	size_t pair[2], all = v.factors + v.columns;
	int x, y;
	if (strcmp(call->name, "axes") == 0)
		choose(ui, &v, call, err);
	else if ((left || right) && all > 2) {
		pair_of(ui, &v, pair);
		next_pair(ui, all, pair, left);
	} else if (strcmp(call->name, "click") == 0 && pane_cell(call, &x, &y))
		click(ui, pic, &v, x, y);
	else
		return false;
	return true;
}

const struct data_picture data_scatter = {draw, command};
