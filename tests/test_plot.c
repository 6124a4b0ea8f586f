/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The canvas, bars, colours and axes. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "plot/axis.h"
#include "plot/bars.h"
#include "plot/canvas.h"

static const struct style plain;

static void expect_text(const struct canvas *c, const char *text)
{
	struct buf b = {0};
	canvas_text(c, &b);
	assert_false(b.failed);
	assert_string_equal(b.s ? b.s : "", text);
	buf_free(&b);
}

static struct canvas *canvas(int w, int h, enum glyphs glyphs)
{
	struct canvas *c = canvas_new(w, h, glyphs);
	assert_non_null(c);
	return c;
}

/* A wide character is never halved, nothing unprintable is there, ASCII stays ASCII. */
static void check_cells(const struct canvas *c)
{
	for (int y = 0; y < c->h; y++)
		for (int x = 0; x < c->w; x++) {
			struct cell cell = canvas_at(c, x, y);
			bool wide = cell.code >= 0x3000 && cell.code < 0xff00;
			if (cell.code == 0)
				assert_true(x > 0 && canvas_at(c, x - 1, y).code >= 0x3000);
			else
				assert_true(cell.code >= ' ' && (cell.code < 0x7f || cell.code >= 0xa0));
			if (wide)
				assert_true(x + 1 < c->w && canvas_at(c, x + 1, y).code == 0);
			if (c->glyphs == GLYPHS_ASCII)
				assert_true(cell.code >= ' ' && cell.code < 0x7f);
			assert_true(cell.code != 0x2800);
		}
}

static void draw_everything(struct canvas *c, struct rect r)
{
	static const double values[] = {1, 3, NAN, 2, INFINITY, -4, 0};
	struct bar_part parts[] = {{.value = 3, .color = COLOR_ELBO}, {.value = 2.2, .color = COLOR_KL}, {.value = NAN}};
	struct style s = style_with(COLOR_ELBO, ATTR_BOLD);
	canvas_fill(c, r, s, 0x4e16);
	canvas_put(c, r.x, r.y, s, "ab\xe4\xb8\x96\xe7\x95\x8c e\xcc\x81\xcc\x81\xcc\x81 \x1b[31m \xff \xce\xb8 tail");
	canvas_put_clipped(c, r.x, r.y, r.w, s, "\xe4\xb8\x96\xe7\x95\x8c\xe4\xb8\x96\xe7\x95\x8c and more");
	canvas_put_right(c, r.x, r.y, r.w, s, "right");
	canvas_put_center(c, r.x, r.y, r.w, s, "center");
	canvas_printf(c, r.x, r.y, s, "%d %s", 12, "\xe4\xb8\x96");
	canvas_set(c, r.x, r.y, s, 0x4e16);
	canvas_set(c, r.x, r.y, s, 0x0301);
	canvas_set(c, r.x, r.y, s, 0x1b);
	canvas_set(c, r.x, r.y, s, 0xd800);
	canvas_box_titled(c, r, s, s, "title");
	canvas_hline(c, r.x, r.y, r.w, s);
	canvas_vline(c, r.x, r.y, r.h, s);
	canvas_scrollbar(c, r, s, 3, 10, 100);
	canvas_scrollbar(c, r, s, SIZE_MAX, 1, SIZE_MAX);
	canvas_restyle(c, r, s);
	canvas_background(c, r, COLOR_SELECTION);
	canvas_attr(c, r, ATTR_REVERSE);
	bar_horizontal(c, r, COLOR_ELBO, 3, 7);
	bar_vertical(c, r, COLOR_ELBO, 3, 7);
	bar_stack_horizontal(c, r, parts, 3, 7);
	bar_stack_vertical(c, r, parts, 3, NAN);
	bar_stack_vertical(c, r, parts, 3, 7);
	bar_sparkline(c, r.x, r.y, r.w, s, values, 7, 0, 0);
}

static void test_every_size(void **state)
{
	(void)state;
	static const int sizes[][2] = {{0, 0}, {0, 3}, {1, 1}, {1, 4}, {2, 1}, {3, 2}, {5, 5}, {80, 24}};
	static const struct rect rects[] = {{0, 0, 80, 24}, {-1, -1, 4, 4}, {-5, 0, 6, 1}, {1, 1, 0, 0}, {2, 2, -3, 4},
	                                    {79, 23, 5, 5}, {INT_MAX, INT_MAX, 9, 9}, {INT_MIN, INT_MIN, 9, 9},
	                                    {INT_MIN, 0, INT_MAX, 2}, {0, 0, INT_MAX, INT_MAX}, {7, 3, 20, 6}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int mode = 0; mode < 4; mode++) {
			struct canvas *c = canvas(sizes[i][0], sizes[i][1], mode & 1 ? GLYPHS_ASCII : GLYPHS_UTF8);
			c->mono = mode & 2;
			for (size_t k = 0; k < sizeof rects / sizeof *rects; k++) {
				draw_everything(c, rects[k]);
				check_cells(c);
			}
			struct buf b = {0};
			canvas_text(c, &b);
			canvas_styles(c, &b);
			assert_false(b.failed);
			buf_free(&b);
			canvas_free(c);
		}
	struct canvas *c = canvas(-4, 1 << 30, GLYPHS_UTF8);
	assert_int_equal(c->w, 0);
	assert_true(canvas_resize(c, 3, 2));
	expect_text(c, "\n\n");
	canvas_free(c);
	canvas_free(NULL);
}

static void test_text(void **state)
{
	(void)state;
	struct canvas *c = canvas(6, 1, GLYPHS_UTF8);
	assert_int_equal(canvas_put(c, 1, 0, plain, "a\xe4\xb8\x96z"), 4);
	expect_text(c, " a\xe4\xb8\x96z\n");
	canvas_put(c, 3, 0, plain, "!"); /* over the right half: the left half goes too */
	expect_text(c, " a !z\n");
	canvas_clear(c);
	assert_int_equal(canvas_put(c, 5, 0, plain, "\xe4\xb8\x96"), 2);
	expect_text(c, "\n"); /* at the edge it is left out, not halved */
	canvas_put(c, -1, 0, plain, "\xe4\xb8\x96xy");
	expect_text(c, " xy\n");
	canvas_clear(c);
	assert_int_equal(canvas_put(c, 0, 0, plain, "e\xcc\x81o"), 2);
	expect_text(c, "e\xcc\x81o\n");
	canvas_clear(c);
	canvas_put(c, 0, 0, plain, "\x1b[2J");
	expect_text(c, "\xef\xbf\xbd[2J\n");
	canvas_clear(c);
	assert_int_equal(canvas_put_clipped(c, 0, 0, 5, plain, "abcdefgh"), 5);
	expect_text(c, "abcd\xe2\x80\xa6\n");
	canvas_clear(c);
	assert_int_equal(canvas_put_clipped(c, 0, 0, 4, plain, "\xe4\xb8\x96\xe4\xb8\x96\xe4\xb8\x96"), 3);
	expect_text(c, "\xe4\xb8\x96\xe2\x80\xa6\n");
	canvas_clear(c);
	assert_int_equal(canvas_put_clipped(c, 0, 0, 5, plain, "abcde"), 5);
	expect_text(c, "abcde\n");
	canvas_clear(c);
	canvas_put_right(c, 0, 0, 6, plain, "12");
	canvas_put_center(c, 0, 0, 4, plain, "m");
	expect_text(c, " m  12\n");
	canvas_free(c);
}

static void test_ascii(void **state)
{
	(void)state;
	struct canvas *c = canvas(30, 1, GLYPHS_ASCII);
	const char *text = "\xce\xb8 \xe2\x86\x92 \xe2\x88\x92" "3 \xe2\x80\xa6 Z\xc3\xbcrich \xe4\xb8\x96 e\xcc\x81 \xe2\x80\x96";
	int used = canvas_put(c, 0, 0, plain, text);
	assert_int_equal(used, canvas_width(c, text));
	expect_text(c, "theta -> -3 ... Zurich ? e ||\n");
	canvas_clear(c);
	canvas_put_clipped(c, 0, 0, 8, plain, "abcdefghij");
	expect_text(c, "abcde...\n");
	canvas_free(c);
}

static void test_lines(void **state)
{
	(void)state;
	struct canvas *c = canvas(9, 4, GLYPHS_UTF8);
	canvas_box(c, canvas_rect(c), plain);
	canvas_vline(c, 4, 0, 4, plain);
	canvas_hline(c, 0, 2, 9, plain);
	expect_text(c, "┌───┬───┐\n│   │   │\n├───┼───┤\n└───┴───┘\n");
	canvas_clear(c);
	canvas_box_titled(c, (struct rect){0, 0, 9, 2}, plain, plain, "tab");
	expect_text(c, "┌─ tab ─┐\n└───────┘\n\n\n");
	canvas_free(c);
	c = canvas(5, 3, GLYPHS_ASCII);
	canvas_box(c, canvas_rect(c), plain);
	canvas_hline(c, 0, 1, 5, plain);
	expect_text(c, "+---+\n+---+\n+---+\n");
	canvas_free(c);
}

static void test_styles(void **state)
{
	(void)state;
	struct canvas *c = canvas(5, 2, GLYPHS_UTF8);
	canvas_put(c, 1, 0, style_of(COLOR_KL), "ab");
	canvas_put(c, 0, 1, style_with(COLOR_TITLE, ATTR_BOLD), "x");
	canvas_background(c, (struct rect){0, 1, 2, 1}, COLOR_SELECTION);
	struct buf b = {0};
	canvas_styles(c, &b);
	assert_string_equal(b.s, ".aa..\nbc...\na kl\nb title on selection bold\nc default on selection\n");
	buf_free(&b);
	canvas_free(c);
}

static void test_rects(void **state)
{
	(void)state;
	struct rect r = {2, 3, 10, 6}, left = rect_cut_left(&r, 4), top = rect_cut_top(&r, 99);
	assert_int_equal(left.w, 4);
	assert_int_equal(r.x, 6);
	assert_int_equal(top.h, 6);
	assert_int_equal(r.h, 0);
	int end = 0;
	for (int i = 0; i < 3; i++) {
		struct rect part = rect_column((struct rect){0, 0, 20, 4}, i, 3, 1);
		assert_int_equal(part.x, end);
		end = part.x + part.w + 1;
	}
	assert_int_equal(end, 21);
	assert_false(rect_has((struct rect){0, 0, 0, 0}, 0, 0));
	assert_true(rect_has((struct rect){1, 1, 2, 2}, 2, 2));
}

/* Eighths of a cell that show a colour. */
static int eighths(struct cell cell, bool upright, enum color color)
{
	int fg = 0;
	if (cell.code == 0x2588 || (cell.code >= 0x2591 && cell.code <= 0x2593))
		fg = 8;
	else if (upright && cell.code > 0x2580 && cell.code < 0x2588)
		fg = (int)cell.code - 0x2580;
	else if (!upright && cell.code > 0x2588 && cell.code < 0x2590)
		fg = 0x2590 - (int)cell.code;
	return (cell.style.fg == color && cell.code != ' ' ? fg : 0) + (cell.style.bg == color ? 8 - fg : 0);
}

static void test_bars(void **state)
{
	(void)state;
	struct canvas *h = canvas(5, 1, GLYPHS_UTF8), *v = canvas(1, 5, GLYPHS_UTF8);
	for (int a = 0; a <= 40; a++)
		for (int b = 0; a + b <= 40; b++) {
			struct bar_part parts[2] = {{.value = a / 40.0, .color = COLOR_ELBO}, {.value = b / 40.0, .color = COLOR_KL}};
			int seen[2][2] = {{0}};
			canvas_clear(h);
			canvas_clear(v);
			bar_stack_horizontal(h, canvas_rect(h), parts, 2, 1);
			bar_stack_vertical(v, canvas_rect(v), parts, 2, 1);
			for (int i = 0; i < 5; i++) {
				seen[0][0] += eighths(canvas_at(h, i, 0), false, COLOR_ELBO);
				seen[0][1] += eighths(canvas_at(h, i, 0), false, COLOR_KL);
				seen[1][0] += eighths(canvas_at(v, 0, i), true, COLOR_ELBO);
				seen[1][1] += eighths(canvas_at(v, 0, i), true, COLOR_KL);
			}
			/* A cell has two colours: where ELBO, KL and the blank meet in one, KL has the rest of it. */
			bool crowded = a % 8 && (a + b) % 8 && a / 8 == (a + b) / 8 && b > 0;
			for (int k = 0; k < 2; k++) {
				assert_int_equal(seen[k][0], a);
				assert_int_equal(seen[k][1], crowded ? 8 - a % 8 : b);
			}
			canvas_clear(h);
			bar_horizontal(h, canvas_rect(h), COLOR_ELBO, a, 40);
			int sum = 0;
			for (int i = 0; i < 5; i++)
				sum += eighths(canvas_at(h, i, 0), false, COLOR_ELBO);
			assert_int_equal(sum, a);
		}
	canvas_free(h);
	canvas_free(v);
}

/* Without colour the parts differ by glyph and the total is right to a cell. */
static void test_mono_bars(void **state)
{
	(void)state;
	struct bar_part parts[3] = {{.value = 3}, {.value = 2}, {.value = 3}};
	struct canvas *c = canvas(8, 1, GLYPHS_UTF8);
	c->mono = true;
	bar_stack_horizontal(c, canvas_rect(c), parts, 3, 8);
	expect_text(c, "███░░▓▓▓\n");
	canvas_free(c);
	c = canvas(8, 1, GLYPHS_ASCII);
	bar_stack_horizontal(c, canvas_rect(c), parts, 3, 8);
	expect_text(c, "###..===\n");
	canvas_clear(c);
	parts[1].letter = 'b';
	bar_stack_horizontal(c, canvas_rect(c), parts, 3, 16);
	expect_text(c, "##b=\n");
	canvas_free(c);
	c = canvas(8, 1, GLYPHS_UTF8);
	static const double up[] = {0, 1, 2, 3, 4, 5, 6, 7};
	assert_int_equal(bar_sparkline(c, 0, 0, 8, plain, up, 8, 0, 0), 8);
	expect_text(c, "▁▂▃▄▅▆▇█\n");
	canvas_free(c);
}

static void check_axis(const struct axis *a, double lo, double hi, int wanted)
{
	assert_true(isfinite(a->lo) && isfinite(a->hi) && a->lo < a->hi && a->n <= AXIS_TICKS);
	assert_true((int)a->n <= (wanted < 2 ? 2 : wanted) + 1 || a->scale == AXIS_LOG10);
	assert_true(a->n >= 1);
	for (size_t i = 0; i < a->n; i++) {
		const struct axis_tick *t = &a->ticks[i];
		double slack = (a->hi - a->lo) * 1e-6;
		assert_true(t->value >= a->lo - fabs(a->lo) * 1e-12 - slack && t->value <= a->hi + fabs(a->hi) * 1e-12 + slack);
		assert_true(signbit(t->value) == 0 || t->value != 0);
		assert_true(strlen(t->label) < AXIS_LABEL - 1);
		if (t->minor)
			continue;
		assert_true(t->label[0] != '\0' && strcmp(t->label, "\xe2\x88\x92" "0") != 0);
		for (size_t k = 0; k < i; k++) {
			assert_true(a->ticks[k].value < t->value);
			if (strcmp(a->ticks[k].label, t->label) == 0)
				fail_msg("two ticks say %s on %g..%g of %d", t->label, lo, hi, wanted);
		}
	}
}

static void test_ticks(void **state)
{
	(void)state;
	static const double ends[] = {0, 1, -1, 0.1, 3e-7, 1e-300, 5e-324, 12, 1204, 37118.4, -37118.4, -37206.5, -812345.6,
	                              -812345.61, 1e9, 1e15, 1e15 + 2, -1e20, 1.0000000001e20, 1e308, -1e308, INFINITY, -INFINITY,
	                              NAN, 0.99999999, 1.00000001, 2.5, 99.5};
	size_t n = sizeof ends / sizeof *ends;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			for (int wanted = 1; wanted <= 11; wanted += 2)
				for (int mode = 0; mode < 4; mode++) {
					struct axis a;
					axis_linear(&a, ends[i], ends[k], wanted, mode & 1, mode & 2);
					check_axis(&a, ends[i], ends[k], wanted);
					axis_linear_nice(&a, ends[i], ends[k], wanted, mode & 1, mode & 2);
					check_axis(&a, ends[i], ends[k], wanted);
					axis_log10(&a, ends[i], ends[k], wanted);
					check_axis(&a, ends[i], ends[k], wanted);
				}
}

static void expect_labels(const struct axis *a, const char *labels)
{
	char text[256] = "";
	for (size_t i = 0; i < a->n; i++)
		if (!a->ticks[i].minor)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", text[0] ? "|" : "", a->ticks[i].label);
	assert_string_equal(text, labels);
}

static void test_labels(void **state)
{
	(void)state;
	struct axis a;
	char text[64];
	axis_linear(&a, 0, 12, 7, true, false);
	expect_labels(&a, "0|2|4|6|8|10|12");
	axis_linear(&a, 0.13, 0.87, 5, false, true);
	expect_labels(&a, "0.2|0.4|0.6|0.8");
	axis_linear(&a, -38900, -37118.4, 5, false, true);
	expect_labels(&a, "−1 500|−1 000|−500");
	axis_title(&a, "ELBO", text, sizeof text);
	assert_string_equal(text, "ELBO + 37 000");
	axis_format(&a, -37206.53, 1, text, sizeof text);
	assert_string_equal(text, "−37 206.5");
	axis_linear(&a, 54321.1, 54321.9, 5, false, true);
	expect_labels(&a, "0.2|0.4|0.6|0.8");
	axis_title(&a, "x", text, sizeof text);
	assert_string_equal(text, "x − 54 321");
	axis_linear(&a, -1e-8, 3e-8, 5, false, true);
	expect_labels(&a, "−1e-8|0|1e-8|2e-8|3e-8");
	axis_log10(&a, 2e-6, 300, 10);
	expect_labels(&a, "1e-6|1e-5|1e-4|0.001|0.01|0.1|1|10|100|1 000");
	axis_log10(&a, 2, 30, 10);
	expect_labels(&a, "1|2|5|10|20|50|100");
	assert_true(isnan(axis_place(&a, 0)) && isnan(axis_place(&a, -2)));
	assert_true(fabs(axis_place(&a, 10) - 0.5) < 1e-12);
	assert_true(fabs(axis_value(&a, 0.5) - 10) < 1e-9);
	static const struct {
		double seconds;
		const char *text;
	} times[] = {{0, "0 µs"}, {12e-6, "12 µs"}, {0.0008, "800 µs"}, {0.0042, "4.2 ms"}, {0.2, "200 ms"}, {4.23, "4.2 s"},
	             {59.97, "1:00"}, {187, "3:07"}, {7387, "2:03:07"}, {NAN, "unknown"}};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		axis_duration(times[i].seconds, text, sizeof text);
		assert_string_equal(text, times[i].text);
	}
}

static void test_palette(void **state)
{
	(void)state;
	for (int i = 0; i < PALETTE_COLORS; i++) {
		assert_true(palette_name((enum color)i)[0] != '\0');
		for (int theme = 0; theme < 3; theme++) {
			uint32_t rgb = palette_rgb((enum theme)theme, (enum color)i);
			assert_in_range(palette_256(rgb), 16, 255);
			assert_in_range(palette_16(rgb), 0, 15);
			assert_in_range(palette_8(rgb), 0, 7);
		}
	}
	for (int i = 0; i < SERIES_COLORS; i++)
		for (int k = 0; k < i; k++)
			for (int theme = THEME_DARK; theme <= THEME_LIGHT; theme++)
				assert_int_not_equal(palette_256(palette_rgb((enum theme)theme, color_series((unsigned)i))),
				                     palette_256(palette_rgb((enum theme)theme, color_series((unsigned)k))));
	assert_int_equal(palette_256(0x000000), 16);
	assert_int_equal(palette_256(0xffffff), 231);
	assert_int_equal(palette_16(0xff0000), 9);
	assert_int_equal(palette_8(0x0000ff), 4);
}

static double lightness(uint32_t rgb)
{
	double sum = 0;
	static const double weights[] = {0.2126, 0.7152, 0.0722};
	for (int i = 0; i < 3; i++) {
		double v = (rgb >> (16 - 8 * i) & 255) / 255.0;
		sum += weights[i] * (v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
	}
	return sum;
}

/* What is written reads on the page, 4.5 to 1, and plain text on the backgrounds too. */
static void test_contrast(void **state)
{
	(void)state;
	for (int theme = THEME_DARK; theme <= THEME_MONO; theme++)
		for (int i = 0; i < PALETTE_COLORS; i++) {
			bool ground = i == COLOR_SELECTION || i == COLOR_BAR, fill = i == COLOR_BAND;
			double a = lightness(palette_rgb((enum theme)theme, ground ? COLOR_DEFAULT : (enum color)i));
			double b = lightness(palette_background((enum theme)theme, ground ? (enum color)i : COLOR_DEFAULT));
			double ratio = (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
			if (!fill && ratio < 4.5)
				fail_msg("%s in theme %d: contrast %.1f", palette_name((enum color)i), theme, ratio);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_size), cmocka_unit_test(test_text),      cmocka_unit_test(test_ascii),
	    cmocka_unit_test(test_lines),      cmocka_unit_test(test_styles),    cmocka_unit_test(test_rects),
	    cmocka_unit_test(test_bars),       cmocka_unit_test(test_mono_bars), cmocka_unit_test(test_ticks),
	    cmocka_unit_test(test_labels),     cmocka_unit_test(test_palette),   cmocka_unit_test(test_contrast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
