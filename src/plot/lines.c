/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/canvas.h"

enum { NORTH = 1, EAST = 2, SOUTH = 4, WEST = 8 };

static const uint32_t joints[16] = {
    [0] = ' ',
    [NORTH] = 0x2502, [SOUTH] = 0x2502, [NORTH | SOUTH] = 0x2502,
    [EAST] = 0x2500, [WEST] = 0x2500, [EAST | WEST] = 0x2500,
    [SOUTH | EAST] = 0x250c, [SOUTH | WEST] = 0x2510, [NORTH | EAST] = 0x2514, [NORTH | WEST] = 0x2518,
    [NORTH | SOUTH | EAST] = 0x251c, [NORTH | SOUTH | WEST] = 0x2524,
    [EAST | WEST | SOUTH] = 0x252c, [EAST | WEST | NORTH] = 0x2534,
    [NORTH | EAST | SOUTH | WEST] = 0x253c,
};

/* The arms of a box-drawing character that is already there. */
static int arms(const struct canvas *c, uint32_t code)
{
	if (c->glyphs == GLYPHS_ASCII)
		return code == '|' ? NORTH | SOUTH : code == '-' ? EAST | WEST : code == '+' ? 15 : 0;
	for (int i = 15; i > 0; i--) /* from above: a straight line has both its arms */
		if (code == joints[i])
			return i;
	return 0;
}

static void join(struct canvas *c, int x, int y, struct style style, int add, int alone)
{
	int had = arms(c, canvas_at(c, x, y).code);
	canvas_set(c, x, y, style, joints[had ? had | add : alone]);
}

void canvas_hline(struct canvas *c, int x, int y, int w, struct style style)
{
	struct rect r = rect_clip((struct rect){x, y, w, 1}, canvas_rect(c));
	for (int i = r.x; r.h > 0 && i < r.x + r.w; i++) {
		int add = (i > x ? WEST : 0) | ((int64_t)i - x + 1 < w ? EAST : 0);
		join(c, i, y, style, w == 1 ? EAST | WEST : add, EAST | WEST);
	}
}

void canvas_vline(struct canvas *c, int x, int y, int h, struct style style)
{
	struct rect r = rect_clip((struct rect){x, y, 1, h}, canvas_rect(c));
	for (int i = r.y; r.w > 0 && i < r.y + r.h; i++) {
		int add = (i > y ? NORTH : 0) | ((int64_t)i - y + 1 < h ? SOUTH : 0);
		join(c, x, i, style, h == 1 ? NORTH | SOUTH : add, NORTH | SOUTH);
	}
}

void canvas_box(struct canvas *c, struct rect r, struct style style)
{
	if (r.w <= 0 || r.h <= 0)
		return;
	if (r.h == 1) {
		canvas_hline(c, r.x, r.y, r.w, style);
		return;
	}
	if (r.w == 1) {
		canvas_vline(c, r.x, r.y, r.h, style);
		return;
	}
	if ((int64_t)r.x + r.w > INT32_MAX || (int64_t)r.y + r.h > INT32_MAX)
		return;
	int x1 = r.x + r.w - 1, y1 = r.y + r.h - 1;
	join(c, r.x, r.y, style, SOUTH | EAST, SOUTH | EAST);
	join(c, x1, r.y, style, SOUTH | WEST, SOUTH | WEST);
	join(c, r.x, y1, style, NORTH | EAST, NORTH | EAST);
	join(c, x1, y1, style, NORTH | WEST, NORTH | WEST);
	canvas_hline(c, r.x, r.y, r.w, style);
	canvas_hline(c, r.x, y1, r.w, style);
	canvas_vline(c, r.x, r.y, r.h, style);
	canvas_vline(c, x1, r.y, r.h, style);
}

void canvas_box_titled(struct canvas *c, struct rect r, struct style style, struct style title_style, const char *title)
{
	canvas_box(c, r, style);
	if (r.w < 6 || r.h < 1 || r.x > INT32_MAX - r.w || !title || !*title)
		return;
	int used = canvas_put_clipped(c, r.x + 2, r.y, r.w - 5, title_style, " ");
	used += canvas_put_clipped(c, r.x + 2 + used, r.y, r.w - 5 - used, title_style, title);
	canvas_set(c, r.x + 2 + used, r.y, style, ' ');
}

void canvas_scrollbar(struct canvas *c, struct rect r, struct style style, size_t top, size_t page, size_t total)
{
	if (r.h <= 0 || r.w <= 0 || total <= page || total == 0)
		return;
	double rows = (double)r.h;
	int size = (int)(rows * (double)page / (double)total + 0.5);
	size = size < 1 ? 1 : size >= r.h && r.h > 1 ? r.h - 1 : size;
	double place = (double)top / (double)(total - page);
	int start = (int)((double)(r.h - size) * (place > 1 ? 1 : place) + 0.5);
	struct rect seen = rect_clip(r, canvas_rect(c));
	for (int y = seen.y; seen.w > 0 && y < seen.y + seen.h; y++)
		canvas_set(c, r.x, y, style, y - r.y >= start && y - r.y < start + size ? 0x2588 : 0x2502);
}
