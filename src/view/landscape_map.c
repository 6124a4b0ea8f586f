/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/landscape_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/fig.h"
#include "view/pane.h"
#include "view/ui.h"

enum { SHADES = 4 };

struct levels {
	double top, below[SHADES]; /* nats below the top that each shade reaches to */
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* The lightest shade reaches as deep as half the map, each next one a fourth of that. */
static bool levels_of(const struct em_landscape *l, struct levels *out)
{
	size_t n = 0, all = l->columns * l->rows;
	double *z = malloc((all + 1) * sizeof *z);
	for (size_t i = 0; z && i < all; i++)
		if (!isnan(l->map[i]))
			z[n++] = l->map[i];
	if (n)
		qsort(z, n, sizeof *z, ascending);
	out->top = n ? fmax(z[n - 1], isnan(l->now.log_p) ? z[n - 1] : l->now.log_p) : 0;
	double deep = n ? out->top - z[n * 2 / 5] : 0;
	for (int i = 0; i < SHADES; i++)
		out->below[i] = deep / pow(4, SHADES - 1 - i);
	free(z);
	return n > 0 && deep > 0;
}

/* Between the four nearest values; NAN where one is unknown. */
static double look_up(const struct em_landscape *l, double x, double y)
{
	double u = (x - l->map_x[0]) / (l->map_x[l->columns - 1] - l->map_x[0]) * (double)(l->columns - 1);
	double v = (y - l->map_y[0]) / (l->map_y[l->rows - 1] - l->map_y[0]) * (double)(l->rows - 1);
	if (!(u >= 0 && v >= 0 && u <= (double)(l->columns - 1) && v <= (double)(l->rows - 1)))
		return NAN;
	size_t i = (size_t)fmin(u, (double)l->columns - 2), j = (size_t)fmin(v, (double)l->rows - 2);
	const double *at = l->map + j * l->columns + i;
	u -= (double)i;
	v -= (double)j;
	return (1 - v) * ((1 - u) * at[0] + u * at[1]) + v * ((1 - u) * at[l->columns] + u * at[l->columns + 1]);
}

static void shade(const struct em_landscape *l, const struct levels *v, const struct fig *f, struct canvas *c, struct rect r,
                  struct rect plot)
{
	static const uint32_t wide[SHADES] = {0x2588, 0x2593, 0x2592, 0x2591};
	static const char ascii[] = "#x+:";
	double *across = calloc((size_t)(plot.w > 0 ? plot.w : 0) + 1, sizeof *across); /* each asks for the whole layout */
	for (int x = 0; across && x < plot.w; x++)
		across[x] = fig_column_to_x(f, c, r, plot.x + x);
	for (int y = plot.y; across && y < plot.y + plot.h; y++) {
		double height = fig_row_to_y(f, c, r, y);
		for (int x = plot.x; x < plot.x + plot.w; x++) {
			double z = look_up(l, across[x - plot.x], height);
			for (int i = 0; i < SHADES; i++)
				if (v->top - z <= v->below[i]) {
					canvas_set(c, x, y, style_of(COLOR_BAND), c->glyphs == GLYPHS_ASCII ? (uint32_t)ascii[i] : wide[i]);
					break;
				}
		}
	}
	free(across);
}

static void put_dot(const struct fig *f, struct canvas *c, struct rect r, double x, double y, uint32_t wide, char ascii,
                    enum color color)
{
	int column = fig_x_to_column(f, c, r, x), row = fig_y_to_row(f, c, r, y);
	if (column >= 0 && row >= 0)
		canvas_set(c, column, row, style_with(color, ATTR_BOLD), c->glyphs == GLYPHS_ASCII ? (uint32_t)ascii : wide);
}

/* How many cells a step of the path crosses. */
static double crosses(const struct em_landscape *l, struct rect plot, size_t from, size_t to)
{
	double dx = fabs(l->path_x[to] - l->path_x[from]) / (l->map_x[l->columns - 1] - l->map_x[0]) * plot.w;
	double dy = fabs(l->path_y[to] - l->path_y[from]) / (l->map_y[l->rows - 1] - l->map_y[0]) * plot.h;
	return fmax(dx, dy);
}

/* From step to step in small dots, each θ in a larger one; the start is a ring, now a diamond. Steps that are too short to see
 * are passed over until they add up: there may be thousands. */
static void draw_path(const struct em_landscape *l, const struct fig *f, struct canvas *c, struct rect r, struct rect plot)
{
	size_t from = 0, last = l->path ? l->path - 1 : 0;
	for (size_t i = 1; i < l->path; i++) {
		double cells = crosses(l, plot, from, i), dots = fmin(2 * cells, 400);
		if (!(cells >= 0.5))
			continue;
		for (double k = 1; k < dots; k++)
			put_dot(f, c, r, l->path_x[from] + k / dots * (l->path_x[i] - l->path_x[from]),
			        l->path_y[from] + k / dots * (l->path_y[i] - l->path_y[from]), 0xb7, '.', COLOR_ACCENT);
		from = i;
	}
	from = 0;
	for (size_t i = 1; i < l->path; i++)
		if (crosses(l, plot, from, i) >= 0.5) {
			put_dot(f, c, r, l->path_x[i], l->path_y[i], 0x2022, 'o', COLOR_ACCENT);
			from = i;
		}
	if (l->path) {
		put_dot(f, c, r, l->path_x[0], l->path_y[0], 0x25cb, '0', COLOR_ACCENT);
		put_dot(f, c, r, l->path_x[last], l->path_y[last], 0x25c6, '*', COLOR_ELBO);
	}
}

static void say(const struct em_snapshot *s, const struct em_landscape *l, const struct levels *v, bool ascii, char *out, size_t size)
{
	const char *const marks[] = {ascii ? "#" : "█", ascii ? "x" : "▓", ascii ? "+" : "▒", ascii ? ":" : "░"};
	int n = snprintf(out, size, "Nats below the top, %s: ", number_fixed(v->top, pane_places(s)).s);
	for (int i = 0; i < SHADES; i++)
		n += snprintf(out + n, size - (size_t)n, "%s%s to %s", i ? ", " : "", marks[i], number_short(v->below[i], 2).s);
	const char *from = ascii ? "0" : "○", *to = ascii ? "*" : "◆";
	if (l->moves == 0)
		n += snprintf(out + n, size - (size_t)n, ". EM starts at %s", to);
	else
		n += snprintf(out + n, size - (size_t)n, ". EM went from %s to %s in %zu M-step%s", from, to, l->moves, l->moves == 1 ? "" : "s");
	if (l->path < l->moves + 1)
		n += snprintf(out + n, size - (size_t)n, ", %zu of them in history", l->path ? l->path - 1 : 0);
	snprintf(out + n, size - (size_t)n, ". Other parameters are as they are now.");
}

void landscape_map(struct ui *ui, const struct em_snapshot *s, const struct em_landscape *l, struct canvas *c, struct rect r)
{
	struct levels v;
	char text[480], x[LANDSCAPE_NAME], y[LANDSCAPE_NAME];
	if (!levels_of(l, &v)) {
		pane_text(c, (struct rect){r.x, r.y + 1, r.w, r.h - 1}, style_of(COLOR_WARN), "It is the same everywhere: there is nothing to "
		          "see along these two parameters.");
		return;
	}
	say(s, l, &v, c->glyphs == GLYPHS_ASCII, text, sizeof text);
	int rows = pane_rows(c, r.w, text);
	if (rows > r.h / 2)
		rows = r.h / 2;
	struct rect figure = {r.x, r.y, r.w, r.h - rows - (r.h > 12 ? 1 : 0)};
	struct fig f = {.x_title = landscape_name(s->problem, &l->ask.x, x), .y_title = landscape_name(s->problem, &l->ask.y, y), .x = {l->map_x[0], l->map_x[l->columns - 1]},
	                .y = {l->map_y[0], l->map_y[l->rows - 1]}, .whole_labels = true, .no_end_labels = true};
	fig_canvas(&f, c, figure);
	struct rect plot = fig_plot_rect(&f, c, figure);
	ui->plot = plot;
	shade(l, &v, &f, c, figure, plot);
	draw_path(l, &f, c, figure, plot);
	pane_text(c, (struct rect){r.x, r.y + r.h - rows, r.w, rows}, style_of(COLOR_DEFAULT), text);
}
