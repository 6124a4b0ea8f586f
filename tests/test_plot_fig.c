/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures on cells and as SVG, and the screen as SVG. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plot/fig.h"
#include "plot/svg.h"

enum { N = 40 };

/* ---- figures to draw ---- */

static double rising[N], slower[N], lo[N], hi[N], gain[N], wild[N], xs[N];

static const struct fig_series two[] = {{.label = "restart 1", .y = rising, .n = N},
                                        {.label = "re\xe4\xb8\x96tart 2 <&>", .y = slower, .n = N, .focus = true}};
static const struct fig_series clouds[] = {{.label = "a", .x = xs, .y = slower, .n = N, .kind = FIG_POINTS},
                                           {.label = "b", .x = xs, .y = rising, .n = N, .kind = FIG_POINTS}};
static const struct fig_series gains = {.label = "gain", .y = gain, .n = N};
static const struct fig_series odd = {.label = "odd", .y = wild, .n = N, .kind = FIG_STEP, .mark = MARK_CROSS};
static const struct fig_series nothing = {.label = "nothing", .n = 0};
static const struct fig_band band = {.label = "min-max", .lo = lo, .hi = hi, .n = N};
static const struct fig_line lines[] = {{.label = "log p", .at = -37100}, {.label = "now", .at = 12, .vertical = true},
                                        {.label = "lost", .at = NAN}};
static const struct fig_note note = {.x = 20, .y = -37200, .text = "here"};
static const struct fig_bar bars[] = {{"start", -37700, 270, FIG_EXACT, 0, false, false},
                                      {"E 1", -37600, 170, FIG_ESTIMATE, 9, false, false},
                                      {"M 1", -37400, NAN, FIG_UNKNOWN, 0, false, false},
                                      {"E 2", -37200, 58, FIG_BOUND, NAN, false, true},
                                      {"bad", NAN, 1, FIG_EXACT, 0, false, false}};
static const struct fig_bar flat = {"x", 0, 0, FIG_EXACT, 0, false, true};

static const struct fig figures[] = {
    {0},
    {.title = "Two", .y_title = "ELBO", .x_title = "iteration", .series = two, .series_n = 2, .bands = &band, .bands_n = 1,
     .lines = lines, .lines_n = 3, .notes = &note, .notes_n = 1, .legend = true, .x_integer = true, .cursor_on = true,
     .cursor = 9},
    {.series = clouds, .series_n = 2, .legend = true},
    {.y_title = "gain", .series = &gains, .series_n = 1, .y_scale = AXIS_LOG10, .legend = true},
    {.series = &odd, .series_n = 1, .y_scale = AXIS_LOG10, .legend = true, .cursor_on = true, .cursor = NAN},
    {.series = &odd, .series_n = 1, .legend = true, .bands = &band, .bands_n = 1},
    {.series = &nothing, .series_n = 1, .x = {3, 9}, .y = {-1, 1}},
    {.series = two, .series_n = 2, .x = {20, 30}, .y = {-37120, -37119}, .no_end_labels = true},
    {.y_title = "nats", .bars = bars, .bars_n = 5, .legend = true, .cursor_on = true, .cursor = 3},
    {.bars = bars, .bars_n = 2},
    {.bars = &flat, .bars_n = 1, .legend = true},
};
enum { FIGURES = sizeof figures / sizeof *figures };

static int fill(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++) {
		rising[i] = -37118 - 900 * exp(-i / 4.0);
		slower[i] = -37150 - 700 * exp(-i / 6.0);
		lo[i] = i == 5 ? NAN : slower[i] - 60;
		hi[i] = slower[i] + 60;
		gain[i] = i < 37 ? 900 * exp(-i * 0.5) : i == 38 ? -1 : 0;
		xs[i] = (i * 7 % N) * 0.37;
	}
	static const double odds[] = {1, NAN, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, 0, -0.0, 3};
	for (int i = 0; i < N; i++)
		wild[i] = odds[i % 10];
	return 0;
}

static char *text_of(const struct fig *f, int w, int h, enum glyphs glyphs, bool mono)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	struct buf b = {0};
	c->mono = mono;
	fig_canvas(f, c, canvas_rect(c));
	canvas_text(c, &b);
	canvas_free(c);
	return buf_take(&b);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

/* ---- cells ---- */

/* Whatever the size, nothing is drawn outside the rect, and nothing that may not be. */
static void test_inside(void **state)
{
	(void)state;
	static const int sizes[][2] = {{0, 0}, {1, 1}, {2, 3}, {7, 2}, {12, 4}, {13, 6}, {24, 9}, {41, 12}, {80, 24}};
	for (size_t i = 0; i < FIGURES; i++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
			for (int mode = 0; mode < 4; mode++) {
				struct canvas *c = canvas_new(90, 30, mode & 1 ? GLYPHS_ASCII : GLYPHS_UTF8);
				struct rect r = {4, 3, sizes[k][0], sizes[k][1]};
				c->mono = mode & 2;
				canvas_fill(c, canvas_rect(c), style_of(COLOR_BAD), '@');
				canvas_fill(c, r, style_of(COLOR_DEFAULT), ' ');
				fig_canvas(&figures[i], c, r);
				for (int y = 0; y < c->h; y++)
					for (int x = 0; x < c->w; x++) {
						struct cell cell = canvas_at(c, x, y);
						if (!rect_has(r, x, y) && cell.code != '@')
							fail_msg("figure %zu, %dx%d, mode %d: U+%04X at %d,%d", i, r.w, r.h, mode, (unsigned)cell.code, x,
							         y);
						if (!rect_has(r, x, y))
							assert_true(cell.code == '@' && cell.style.fg == COLOR_BAD);
						assert_true(cell.code != 0x2800 && (cell.code < 0x80 || !(mode & 1)));
					}
				/* Partly off the canvas is as safe. */
				fig_canvas(&figures[i], c, (struct rect){-9, -4, 70, 20});
				fig_canvas(&figures[i], c, (struct rect){70, 20, 60, 20});
				canvas_free(c);
			}
}

static void test_line(void **state)
{
	(void)state;
	double y[] = {0, 1, 2, 3, 4, 5, 6, 7};
	struct fig_series s = {.y = y, .n = 8};
	struct fig f = {.series = &s, .series_n = 1, .x_integer = true};
	char *text = text_of(&f, 24, 8, GLYPHS_UTF8, false);
	assert_string_equal(text, "  │                 ⢀⡠⠔⠊\n"
	                          "5 ┤              ⣀⠔⠊⠁\n"
	                          "  │          ⢀⠤⠒⠉\n"
	                          "  │       ⣀⠤⠒⠉\n"
	                          "  │   ⢀⡠⠔⠉\n"
	                          "0 ┤⡠⠔⠊⠁\n"
	                          "  └┬─────┬────┬─────┬───\n"
	                          "   0     2    4     6\n");
	free(text);
}

/* One fall among a hundred thousand points is still seen. */
static void test_dip(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	double *y = malloc(MANY * sizeof *y);
	assert_non_null(y);
	for (int i = 0; i < MANY; i++)
		y[i] = i == 61234 ? -1 : 0;
	struct fig_series s = {.y = y, .n = MANY};
	struct fig f = {.series = &s, .series_n = 1};
	struct canvas *c = canvas_new(60, 16, GLYPHS_UTF8);
	fig_canvas(&f, c, canvas_rect(c));
	struct rect plot = fig_plot_rect(&f, c, canvas_rect(c));
	int x = fig_x_to_column(&f, c, canvas_rect(c), 61234);
	for (int row = plot.y; row < plot.y + plot.h; row++)
		assert_true(canvas_at(c, x, row).code > 0x2800);
	canvas_free(c);
	struct buf b = {0};
	fig_svg(&f, &b, THEME_DARK, 600, 300);
	assert_true(b.len < 40000); /* and the picture stays small */
	assert_true(count(b.s, "L") > 100);
	buf_free(&b);
	free(y);
}

static void test_floor(void **state)
{
	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		char *text = text_of(&figures[3], 70, 14, mode ? GLYPHS_ASCII : GLYPHS_UTF8, false);
		assert_non_null(strstr(text, "3 at or below 0"));
		if (!mode)
			assert_int_equal(count(text, "▽"), 4); /* three on the floor, one in the legend */
		assert_non_null(strstr(text, "1e-5"));
		free(text);
	}
}

/* Without colour series still differ, by mark and by label. */
static void test_apart(void **state)
{
	(void)state;
	char *text = text_of(&figures[1], 80, 20, GLYPHS_UTF8, true);
	assert_true(count(text, "●") >= 3 && count(text, "▲") >= 3);
	assert_non_null(strstr(text, "● restart 1"));
	assert_non_null(strstr(text, "ELBO + 37 000"));
	assert_non_null(strstr(text, "min-max"));
	free(text);
	text = text_of(&figures[2], 60, 12, GLYPHS_ASCII, true);
	assert_true(count(text, "o") > 10 && count(text, "^") > 10);
	free(text);
}

static void test_bars(void **state)
{
	(void)state;
	char *text = text_of(&figures[8], 100, 20, GLYPHS_UTF8, false);
	static const char *const words[] = {"ELBO", "KL exact", "KL estimate", "KL bound", "KL unknown", "270.0", "KL ≥58.0", "~170.0",
	                                    "E 2", "axis cut", "nats + 37 000", "╱╲"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strstr(text, words[i]))
			fail_msg("no %s in\n%s", words[i], text);
	free(text);
	text = text_of(&figures[9], 80, 20, GLYPHS_ASCII, true);
	assert_non_null(strstr(text, "KL 270.0 exact"));
	assert_non_null(strstr(text, "KL ~170.0 +- 9.0"));
	assert_non_null(strstr(text, "ELBO -37 700.0"));
	free(text);
	text = text_of(&figures[10], 40, 10, GLYPHS_UTF8, false);
	assert_null(strstr(text, "axis cut"));
	free(text);
}

/* The column of an x leads back to it, within a column. */
static void test_crosshair(void **state)
{
	(void)state;
	struct canvas *c = canvas_new(90, 30, GLYPHS_UTF8);
	struct rect r = {4, 3, 61, 17};
	struct rect plot = fig_plot_rect(&figures[1], c, r);
	assert_true(plot.w > 30 && plot.h > 8);
	for (int i = 0; i < N; i++) {
		int column = fig_x_to_column(&figures[1], c, r, i);
		assert_true(column >= plot.x && column < plot.x + plot.w);
		assert_true(fabs(fig_column_to_x(&figures[1], c, r, column) - i) <= 0.75 * (N - 1) / plot.w);
		int row = fig_y_to_row(&figures[1], c, r, rising[i]);
		assert_true(row >= plot.y && row < plot.y + plot.h);
		double step = fabs(fig_row_to_y(&figures[1], c, r, plot.y) - fig_row_to_y(&figures[1], c, r, plot.y + 1));
		assert_true(fabs(fig_row_to_y(&figures[1], c, r, row) - rising[i]) <= 0.75 * step);
	}
	assert_int_equal(fig_x_to_column(&figures[1], c, r, -3), -1);
	assert_int_equal(fig_x_to_column(&figures[1], c, r, NAN), -1);
	assert_true(isnan(fig_column_to_x(&figures[1], c, r, 3)));
	plot = fig_plot_rect(&figures[8], c, r);
	for (int i = 0; i < 5; i++)
		assert_true(fig_column_to_x(&figures[8], c, r, fig_x_to_column(&figures[8], c, r, i)) == i);
	assert_true(fig_column_to_x(&figures[8], c, r, plot.x) == 0);
	assert_true(fig_column_to_x(&figures[8], c, r, plot.x + plot.w - 1) == 4);
	canvas_free(c);
}

/* ---- SVG ---- */

/* Every element is closed in order, every attribute quoted, no bare & or <, numbers have a point. */
static void check_xml(const char *s)
{
	const char *open[32];
	size_t lengths[32], depth = 0, elements = 0;
	while (*s) {
		if (*s == '&') {
			assert_true(strncmp(s, "&amp;", 5) == 0 || strncmp(s, "&lt;", 4) == 0 || strncmp(s, "&gt;", 4) == 0 ||
			            strncmp(s, "&quot;", 6) == 0);
		}
		if (*s != '<') {
			assert_true((unsigned char)*s >= ' ' || *s == '\n');
			s++;
			continue;
		}
		bool closing = s[1] == '/';
		const char *name = s + 1 + closing;
		size_t length = strcspn(name, " />\n");
		const char *end = name + length;
		while (*end && *end != '>') {
			if (*end == '"') {
				end = strchr(end + 1, '"');
				assert_non_null(end);
			}
			end++;
		}
		assert_int_equal(*end, '>');
		if (closing) {
			assert_true(depth > 0 && lengths[depth - 1] == length && strncmp(open[depth - 1], name, length) == 0);
			depth--;
		} else if (end[-1] != '/') {
			assert_true(depth < 32);
			lengths[depth] = length;
			open[depth++] = name;
		}
		elements++;
		s = end + 1;
	}
	assert_int_equal(depth, 0);
	assert_true(elements >= 2);
}

static void check_svg(struct buf *b)
{
	assert_false(b->failed);
	check_xml(b->s);
	assert_int_equal(strncmp(b->s, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", 53), 0);
	assert_non_null(strstr(b->s, "role=\"img\""));
	assert_non_null(strstr(b->s, "<title"));
	assert_null(strstr(b->s, "nan"));
	assert_null(strstr(b->s, "inf\""));
}

static void test_fig_svg(void **state)
{
	(void)state;
	static const int sizes[][2] = {{-1, 0}, {64, 64}, {720, 360}};
	for (size_t i = 0; i < FIGURES; i++)
		for (int k = 0; k < 3; k++)
			for (int theme = 0; theme < 3; theme++) {
				struct buf a = {0}, b = {0};
				fig_svg(&figures[i], &a, (enum theme)theme, sizes[k][0], sizes[k][1]);
				fig_svg(&figures[i], &b, (enum theme)theme, sizes[k][0], sizes[k][1]);
				check_svg(&a);
				assert_string_equal(a.s, b.s);
				buf_free(&a);
				buf_free(&b);
			}
}

static void test_canvas_svg(void **state)
{
	(void)state;
	struct canvas *c = canvas_new(60, 16, GLYPHS_UTF8);
	fig_canvas(&figures[1], c, canvas_rect(c));
	canvas_put(c, 2, 15, style_with(COLOR_BAD, ATTR_BOLD | ATTR_REVERSE | ATTR_UNDERLINE), "a<b & \"c\" \xe4\xb8\x96\x1b");
	canvas_put(c, 40, 15, style_with(COLOR_KL, ATTR_DIM), "●▲◆■▽▶ e\xcc\x81 ▖▟▌▐▔▕▁█░▒▓");
	canvas_set(c, 0, 0, style_of(COLOR_BAD), 0xffff);
	for (int theme = 0; theme < 3; theme++) {
		struct buf a = {0}, b = {0};
		canvas_svg(c, &a, (enum theme)theme, "A <title>", "what & where");
		canvas_svg(c, &b, (enum theme)theme, "A <title>", "what & where");
		check_svg(&a);
		assert_string_equal(a.s, b.s);
		assert_non_null(strstr(a.s, "A &lt;title&gt;"));
		assert_non_null(strstr(a.s, "<desc id=\"desc\">what &amp; where</desc>"));
		assert_non_null(strstr(a.s, "a&lt;b &amp; &quot;c&quot;"));
		/* Braille, blocks and lines are shapes. */
		for (const char *at = a.s; (at = strstr(at, "\xe2")); at++) {
			unsigned code = (0x2u << 12) | ((unsigned)(at[1] & 0x3f) << 6) | (unsigned)(at[2] & 0x3f);
			assert_false((code >= 0x2500 && code < 0x25a0) || (code >= 0x2800 && code < 0x2900));
		}
		assert_int_equal(count(a.s, "\xe4\xb8\x96"), 2); /* in the label and below */
		buf_free(&a);
		buf_free(&b);
	}
	canvas_free(c);
	c = canvas_new(0, 0, GLYPHS_UTF8);
	struct buf a = {0};
	canvas_svg(c, &a, THEME_LIGHT, "empty", NULL);
	check_svg(&a);
	buf_free(&a);
	canvas_free(c);
}

/* An offset is taken off the labels only where there is a row that says so. */
static void test_whole_labels(void **state)
{
	(void)state;
	static const double y[] = {-643217, -643100, -643050};
	const struct fig_series s = {.label = "ELBO", .y = y, .n = 3};
	const struct fig f = {.y_title = "nats", .series = &s, .series_n = 1};
	char *low = text_of(&f, 40, 5, GLYPHS_ASCII, true), *high = text_of(&f, 40, 12, GLYPHS_ASCII, true);
	assert_true(count(low, "-643 ") > 0);
	assert_true(count(low, "nats") == 0);
	assert_true(count(high, "nats + 643 000") == 1);
	free(low);
	free(high);
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		double x;
		const char *text;
	} cases[] = {{0, "0"}, {-0.001, "0"}, {1.5, "1.5"}, {-2.25, "-2.25"}, {3.999, "4"}, {0.05, "0.05"}, {-0.5, "-0.5"},
	             {1234.1, "1234.1"}, {NAN, "0"}, {INFINITY, "0"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = {0};
		svg_number(&b, cases[i].x);
		assert_string_equal(b.s, cases[i].text);
		buf_free(&b);
	}
	struct buf b = {0};
	svg_escape(&b, "a\x01\xff<\xef\xbf\xbf>");
	assert_string_equal(b.s, "a\xef\xbf\xbd\xef\xbf\xbd&lt;\xef\xbf\xbd&gt;");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_inside),    cmocka_unit_test(test_line),       cmocka_unit_test(test_dip),
	    cmocka_unit_test(test_floor),     cmocka_unit_test(test_apart),      cmocka_unit_test(test_bars),
	    cmocka_unit_test(test_crosshair), cmocka_unit_test(test_fig_svg),    cmocka_unit_test(test_canvas_svg),
	    cmocka_unit_test(test_whole_labels), cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, fill, NULL);
}
