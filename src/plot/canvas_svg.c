/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistr.h>

#include "plot/svg_parts.h"

#define CELL_W 8.0
#define CELL_H 17.0
#define FONT_SIZE 13.3
#define BASELINE 12.8
#define MARGIN 8.0

/* What a cell looks like once themes and reverse are worked out. */
struct look {
	uint32_t ink, ground;
	bool bold, dim, underline;
};

static struct look look_of(struct style s, enum theme theme)
{
	struct look l = {palette_rgb(theme, (enum color)s.fg), palette_background(theme, (enum color)s.bg),
	                 s.attr & ATTR_BOLD, s.attr & ATTR_DIM, s.attr & ATTR_UNDERLINE};
	if (s.attr & ATTR_REVERSE) {
		uint32_t swap = l.ink;
		l.ink = l.ground;
		l.ground = swap;
	}
	return l;
}

static bool look_equal(struct look a, struct look b)
{
	return a.ink == b.ink && a.bold == b.bold && a.dim == b.dim && a.underline == b.underline;
}

struct sheet {
	const struct canvas *c;
	struct buf *out;
	enum theme theme;
};

static double left(int x)
{
	return MARGIN + x * CELL_W;
}

static double top(int y)
{
	return MARGIN + y * CELL_H;
}

static struct look look_at(const struct sheet *s, int x, int y)
{
	return look_of(canvas_at(s->c, x, y).style, s->theme);
}

static void draw_grounds(const struct sheet *s, int y)
{
	uint32_t page = palette_background(s->theme, COLOR_DEFAULT);
	for (int x = 0, end; x < s->c->w; x = end) {
		uint32_t ground = look_at(s, x, y).ground;
		for (end = x + 1; end < s->c->w && look_at(s, end, y).ground == ground;)
			end++;
		if (ground != page)
			svg_rect(s->out, left(x), top(y), (end - x) * CELL_W, CELL_H, ground, 1);
	}
}

/* ---- block elements: eighths, halves, quadrants, shades ---- */

static bool is_block(uint32_t code)
{
	return code >= 0x2580 && code <= 0x259f;
}

static void quadrants(const struct sheet *s, int x, int y, uint32_t code, uint32_t ink)
{
	/* Bits: upper left, upper right, lower left, lower right. */
	static const unsigned char bits[10] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
	for (int i = 0; i < 4; i++)
		if (bits[code - 0x2596] >> i & 1)
			svg_rect(s->out, left(x) + (i % 2) * CELL_W / 2, top(y) + (double)(i / 2) * CELL_H / 2, CELL_W / 2, CELL_H / 2, ink,
			         1);
}

/* A run of the same block characters from x to end as one shape. */
static void draw_block(const struct sheet *s, int x, int end, int y, uint32_t code, uint32_t ink)
{
	double w = (end - x) * CELL_W, a = left(x), b = top(y);
	if (code == 0x2580)
		svg_rect(s->out, a, b, w, CELL_H / 2, ink, 1);
	else if (code <= 0x2588) {
		double h = CELL_H * (double)(code - 0x2580) / 8;
		svg_rect(s->out, a, b + CELL_H - h, w, h, ink, 1);
	} else if (code <= 0x258f)
		for (int i = x; i < end; i++)
			svg_rect(s->out, left(i), b, CELL_W * (double)(0x2590 - code) / 8, CELL_H, ink, 1);
	else if (code == 0x2590)
		for (int i = x; i < end; i++)
			svg_rect(s->out, left(i) + CELL_W / 2, b, CELL_W / 2, CELL_H, ink, 1);
	else if (code <= 0x2593)
		svg_rect(s->out, a, b, w, CELL_H, ink, 0.25 * (double)(code - 0x2590));
	else if (code == 0x2594)
		svg_rect(s->out, a, b, w, CELL_H / 8, ink, 1);
	else if (code == 0x2595)
		for (int i = x; i < end; i++)
			svg_rect(s->out, left(i) + CELL_W * 7 / 8, b, CELL_W / 8, CELL_H, ink, 1);
	else
		for (int i = x; i < end; i++)
			quadrants(s, i, y, code, ink);
}

static void draw_blocks(const struct sheet *s, int y)
{
	for (int x = 0, end; x < s->c->w; x = end) {
		struct cell cell = canvas_at(s->c, x, y);
		struct look look = look_at(s, x, y);
		for (end = x + 1; end < s->c->w && canvas_at(s->c, end, y).code == cell.code &&
		                  look_equal(look_at(s, end, y), look);)
			end++;
		if (is_block(cell.code))
			draw_block(s, x, end, y, cell.code, look.ink);
	}
}

/* ---- lines and braille: one path for what has the same colour ---- */

enum { NORTH = 1, EAST = 2, SOUTH = 4, WEST = 8 };

/* The arms of a line character, 0 for those that are none. */
static int arms(uint32_t code)
{
	switch (code) {
	case 0x2500: case 0x2504: case 0x2508: case 0x254c: return EAST | WEST;
	case 0x2502: case 0x2506: case 0x250a: return NORTH | SOUTH;
	case 0x250c: case 0x256d: return SOUTH | EAST;
	case 0x2510: case 0x256e: return SOUTH | WEST;
	case 0x2514: case 0x2570: return NORTH | EAST;
	case 0x2518: case 0x256f: return NORTH | WEST;
	case 0x251c: return NORTH | SOUTH | EAST;
	case 0x2524: return NORTH | SOUTH | WEST;
	case 0x252c: return EAST | WEST | SOUTH;
	case 0x2534: return EAST | WEST | NORTH;
	case 0x253c: return NORTH | EAST | SOUTH | WEST;
	default: return 0;
	}
}

static bool is_dashed(uint32_t code)
{
	return code == 0x2504 || code == 0x2508 || code == 0x254c || code == 0x2506 || code == 0x250a;
}

static bool is_line(uint32_t code)
{
	return arms(code) || code == 0x2571 || code == 0x2572;
}

static bool is_braille(uint32_t code)
{
	return code > 0x2800 && code <= 0x28ff;
}

static void add_line(struct buf *out, int x, int y, uint32_t code)
{
	double a = left(x), b = top(y), mx = a + CELL_W / 2, my = b + CELL_H / 2;
	int arm = arms(code);
	if (code == 0x2571 || code == 0x2572) {
		svg_to(out, 'M', a, code == 0x2571 ? b + CELL_H : b);
		svg_to(out, 'L', a + CELL_W, code == 0x2571 ? b : b + CELL_H);
	} else if (is_dashed(code)) {
		/* Dashes are drawn as such: a dash pattern would start anew in every cell. */
		for (int i = 0; i < 2; i++) {
			svg_to(out, 'M', arm & EAST ? a + i * CELL_W / 2 + 1 : mx, arm & EAST ? my : b + i * CELL_H / 2 + 2);
			svg_to(out, 'l', arm & EAST ? CELL_W / 2 - 2 : 0, arm & EAST ? 0 : CELL_H / 2 - 4);
		}
	} else {
		if (arm & (EAST | WEST)) {
			svg_to(out, 'M', arm & WEST ? a : mx, my);
			svg_to(out, 'L', arm & EAST ? a + CELL_W : mx, my);
		}
		if (arm & (NORTH | SOUTH)) {
			svg_to(out, 'M', mx, arm & NORTH ? b : my);
			svg_to(out, 'L', mx, arm & SOUTH ? b + CELL_H : my);
		}
	}
}

static void add_braille(struct buf *out, int x, int y, uint32_t code)
{
	static const unsigned char bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	for (int row = 0; row < 4; row++)
		for (int column = 0; column < 2; column++)
			if ((code & 0xff) & bits[row][column]) {
				svg_to(out, 'M', left(x) + (column + 0.5) * CELL_W / 2, top(y) + (row + 0.5) * CELL_H / 4);
				buf_puts(out, "h.01");
			}
}

static void draw_paths(const struct sheet *s, int y, bool braille)
{
	bool open = false;
	uint32_t ink = 0;
	for (int x = 0; x < s->c->w; x++) {
		uint32_t code = canvas_at(s->c, x, y).code;
		if (!(braille ? is_braille(code) : is_line(code)))
			continue;
		struct look look = look_at(s, x, y);
		if (open && look.ink != ink) {
			buf_puts(s->out, "\"/>\n");
			open = false;
		}
		if (!open) {
			buf_puts(s->out, "<path fill=\"none\"");
			svg_paint(s->out, "stroke", look.ink);
			buf_puts(s->out, braille ? " stroke-width=\"2.6\" stroke-linecap=\"round\" d=\""
			                         : " stroke-width=\"1.2\" stroke-linecap=\"square\" d=\"");
			ink = look.ink;
			open = true;
		}
		if (braille)
			add_braille(s->out, x, y, code);
		else
			add_line(s->out, x, y, code);
	}
	if (open)
		buf_puts(s->out, "\"/>\n");
}

/* ---- text ---- */

static void add_cell(struct buf *out, struct cell cell)
{
	char text[8 * (1 + CELL_MARKS)];
	size_t n = 0;
	for (int i = -1; i < CELL_MARKS; i++) {
		uint32_t code = i < 0 ? cell.code : cell.marks[i];
		int length = code ? u8_uctomb((uint8_t *)text + n, code, 6) : 0;
		n += length > 0 ? (size_t)length : 0;
	}
	text[n] = '\0';
	svg_escape(out, text);
}

static bool is_sign(uint32_t code)
{
	struct buf none = {0};
	bool sign = code >= 0x25a0 && code < 0x2600 && svg_mark(&none, code, 0, 0, 1, 0);
	buf_free(&none);
	return sign;
}

static bool is_text(uint32_t code)
{
	return code > ' ' && !is_block(code) && !is_line(code) && !is_braille(code) && code != 0x2800 && !is_sign(code);
}

static bool is_wide(const struct sheet *s, int x, int y)
{
	return x + 1 < s->c->w && canvas_at(s->c, x + 1, y).code == 0;
}

/* Where the run of text that starts at x ends: same look, single blanks inside, wide characters alone. */
static int run_end(const struct sheet *s, int x, int y)
{
	struct look look = look_at(s, x, y);
	if (is_wide(s, x, y))
		return x + 2;
	int end = x + 1;
	for (int i = x + 1; i < s->c->w; i++) {
		uint32_t code = canvas_at(s->c, i, y).code;
		if (is_text(code) && !is_wide(s, i, y) && look_equal(look_at(s, i, y), look))
			end = i + 1;
		else if (code != ' ' || i > end)
			break;
	}
	return end;
}

static void draw_run(const struct sheet *s, int x, int end, int y)
{
	struct look look = look_at(s, x, y);
	buf_puts(s->out, "<text xml:space=\"preserve\"");
	svg_attribute(s->out, "x", left(x));
	svg_attribute(s->out, "y", top(y) + BASELINE);
	svg_attribute(s->out, "textLength", (end - x) * CELL_W);
	buf_puts(s->out, " lengthAdjust=\"spacingAndGlyphs\"");
	svg_paint(s->out, "fill", look.ink);
	if (look.bold)
		buf_puts(s->out, " font-weight=\"bold\"");
	if (look.dim)
		buf_puts(s->out, " fill-opacity=\"0.65\"");
	buf_putc(s->out, '>');
	for (int i = x; i < end; i++)
		if (canvas_at(s->c, i, y).code)
			add_cell(s->out, canvas_at(s->c, i, y));
	buf_puts(s->out, "</text>\n");
}

static void draw_texts(const struct sheet *s, int y)
{
	for (int x = 0; x < s->c->w; x++) {
		uint32_t code = canvas_at(s->c, x, y).code;
		struct look look = look_at(s, x, y);
		if (look.underline)
			svg_rect(s->out, left(x), top(y) + CELL_H - 2, CELL_W, 1, look.ink, 1);
		if (svg_mark(s->out, code, left(x) + CELL_W / 2, top(y) + CELL_H / 2, 3.6, look.ink) || !is_text(code))
			continue;
		int end = run_end(s, x, y);
		draw_run(s, x, end, y);
		for (int i = x + 1; look.underline && i < end; i++)
			svg_rect(s->out, left(i), top(y) + CELL_H - 2, CELL_W, 1, look.ink, 1);
		x = end - 1;
	}
}

void canvas_svg(const struct canvas *c, struct buf *out, enum theme theme, const char *title, const char *desc)
{
	struct sheet s = {c, out, theme};
	svg_open(out, c->w * CELL_W + 2 * MARGIN, c->h * CELL_H + 2 * MARGIN, FONT_SIZE,
	         palette_background(theme, COLOR_DEFAULT), title, desc);
	buf_puts(out, "<g shape-rendering=\"crispEdges\">\n");
	for (int y = 0; y < c->h; y++)
		draw_grounds(&s, y);
	for (int y = 0; y < c->h; y++)
		draw_blocks(&s, y);
	buf_puts(out, "</g>\n");
	for (int y = 0; y < c->h; y++) {
		draw_paths(&s, y, false);
		draw_paths(&s, y, true);
		draw_texts(&s, y);
	}
	svg_close(out);
}
