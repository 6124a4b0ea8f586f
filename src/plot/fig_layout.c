/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/fig_layout.h"

#include <math.h>

static int widest_tick(const struct canvas *c, const struct axis *a)
{
	int widest = 0;
	for (size_t i = 0; i < a->n; i++) {
		int w = canvas_width(c, a->ticks[i].label);
		widest = w > widest ? w : widest;
	}
	return widest;
}

static int widest_end(const struct fig *f, const struct canvas *c)
{
	int widest = 0;
	for (size_t i = 0; i < f->series_n; i++) {
		int w = f->series[i].label ? canvas_width(c, f->series[i].label) : 0;
		widest = w > widest ? w : widest;
	}
	return widest;
}

void fig_lay_out(const struct fig *f, const struct canvas *c, struct rect r, struct fig_layout *l)
{
	bool ascii = c->glyphs == GLYPHS_ASCII;
	*l = (struct fig_layout){.axis_column = -1, .dx = ascii ? 1 : 2, .dy = ascii ? 2 : 4};
	if (r.w <= 0 || r.h <= 0 || r.w > 4096 || r.h > 4096)
		r.w = r.h = 0;
	if (f->title && r.h >= 8)
		l->title = rect_cut_top(&r, 1);
	fig_axes(f, r.w - 8, r.h - 3, &l->axes);
	bool head = f->y_title || f->legend || l->axes.below > 0 || l->axes.y.offset != 0 || f->bars_n > 0;
	if (head && r.h >= 6 && r.w >= 12)
		l->head = rect_cut_top(&r, 1);
	struct fig untitled = *f;
	if (l->head.h == 0) { /* nothing would say what the labels are short of */
		untitled.whole_labels = true;
		f = &untitled;
	}
	int below = r.w < 12 || r.h < 4 ? 0 : r.h < 6 ? 1 : 2;
	int rows = r.h - below;
	fig_axes(f, r.w - 8, rows, &l->axes);
	if (r.w >= 20 && rows >= 2)
		l->y_labels = rect_cut_left(&r, widest_tick(c, &l->axes.y) + 1);
	if (r.w >= 12 && rows >= 2)
		l->axis_column = rect_cut_left(&r, 1).x;
	int end = widest_end(f, c) + 3;
	if (f->series_n > 1 && f->bars_n == 0 && !f->no_end_labels && end > 3 && r.w >= 40)
		l->ends = rect_cut_right(&r, end > r.w / 4 ? r.w / 4 : end);
	if (below == 2)
		l->x_labels = rect_cut_bottom(&r, 1);
	if (below >= 1)
		l->x_axis = rect_cut_bottom(&r, 1);
	l->y_labels.h = l->ends.h = r.h;
	l->plot = r;
	fig_axes(f, r.w, r.h, &l->axes);
}

double fig_dot_x(const struct fig_layout *l, double x)
{
	return axis_place(&l->axes.x, x) * (l->plot.w * l->dx - 1);
}

double fig_dot_y(const struct fig_layout *l, double y)
{
	return (1 - axis_place(&l->axes.y, y)) * (l->plot.h * l->dy - 1);
}

static int cell_of(double dot, int dots, int size, int start)
{
	double rounded = floor(dot + 0.5);
	if (!(rounded >= 0) || rounded > dots * size - 1)
		return -1;
	return start + (int)rounded / dots;
}

int fig_column(const struct fig_layout *l, double x)
{
	return cell_of(fig_dot_x(l, x), l->dx, l->plot.w, l->plot.x);
}

int fig_row(const struct fig_layout *l, double y)
{
	return cell_of(fig_dot_y(l, y), l->dy, l->plot.h, l->plot.y);
}

int fig_x_to_column(const struct fig *f, const struct canvas *c, struct rect r, double x)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	return fig_column(&l, x);
}

int fig_y_to_row(const struct fig *f, const struct canvas *c, struct rect r, double y)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	return fig_row(&l, y);
}

/* The place 0..1 of the middle of a cell. */
static double middle(int cell, int dots, int size)
{
	double last = (double)dots * size - 1;
	return last > 0 ? ((double)cell * dots + (dots - 1) * 0.5) / last : 0.5;
}

double fig_column_to_x(const struct fig *f, const struct canvas *c, struct rect r, int column)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	if (l.plot.h <= 0 || column < l.plot.x || column >= l.plot.x + l.plot.w)
		return NAN;
	if (f->bars_n > 0)
		return floor((double)(column - l.plot.x) * (double)f->bars_n / l.plot.w);
	return axis_value(&l.axes.x, middle(column - l.plot.x, l.dx, l.plot.w));
}

double fig_row_to_y(const struct fig *f, const struct canvas *c, struct rect r, int row)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	if (l.plot.w <= 0 || row < l.plot.y || row >= l.plot.y + l.plot.h)
		return NAN;
	return axis_value(&l.axes.y, 1 - middle(row - l.plot.y, l.dy, l.plot.h));
}

struct rect fig_plot_rect(const struct fig *f, const struct canvas *c, struct rect r)
{
	struct fig_layout l;
	fig_lay_out(f, c, r, &l);
	return l.plot;
}
