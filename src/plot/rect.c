/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/canvas.h"

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

/* Any two ints may be added: far outside is far outside. */
static int sum(int a, int b)
{
	int64_t s = (int64_t)a + b;
	return s > INT32_MAX ? INT32_MAX : s < INT32_MIN ? INT32_MIN : (int)s;
}

struct rect rect_inset(struct rect r, int dx, int dy)
{
	struct rect in = {sum(r.x, dx), sum(r.y, dy), sum(r.w, sum(-dx, -dx)), sum(r.h, sum(-dy, -dy))};
	in.w = most(in.w, 0);
	in.h = most(in.h, 0);
	return in;
}

struct rect rect_clip(struct rect r, struct rect to)
{
	int x0 = most(r.x, to.x), y0 = most(r.y, to.y);
	int x1 = least(sum(r.x, most(r.w, 0)), sum(to.x, most(to.w, 0)));
	int y1 = least(sum(r.y, most(r.h, 0)), sum(to.y, most(to.h, 0)));
	return (struct rect){x0, y0, most(sum(x1, -most(x0, -INT32_MAX)), 0), most(sum(y1, -most(y0, -INT32_MAX)), 0)};
}

bool rect_has(struct rect r, int x, int y)
{
	return x >= r.x && y >= r.y && (int64_t)x - r.x < r.w && (int64_t)y - r.y < r.h;
}

struct rect rect_cut_left(struct rect *r, int n)
{
	n = least(most(n, 0), most(r->w, 0));
	struct rect cut = {r->x, r->y, n, r->h};
	r->x += n;
	r->w -= n;
	return cut;
}

struct rect rect_cut_right(struct rect *r, int n)
{
	n = least(most(n, 0), most(r->w, 0));
	r->w -= n;
	return (struct rect){r->x + r->w, r->y, n, r->h};
}

struct rect rect_cut_top(struct rect *r, int n)
{
	n = least(most(n, 0), most(r->h, 0));
	struct rect cut = {r->x, r->y, r->w, n};
	r->y += n;
	r->h -= n;
	return cut;
}

struct rect rect_cut_bottom(struct rect *r, int n)
{
	n = least(most(n, 0), most(r->h, 0));
	r->h -= n;
	return (struct rect){r->x, r->y + r->h, r->w, n};
}

/* The i-th of n parts of a length: where it starts and how long it is. */
static void part(int length, int i, int n, int gap, int *start, int *size)
{
	n = most(n, 1);
	i = most(least(i, n - 1), 0);
	int64_t room = (int64_t)length - (int64_t)most(gap, 0) * (n - 1);
	room = room > 0 ? room : 0;
	int64_t from = room * i / n, to = room * (i + 1) / n;
	*start = (int)(from + (int64_t)most(gap, 0) * i);
	*size = (int)(to - from);
}

struct rect rect_column(struct rect r, int i, int n, int gap)
{
	int start, size;
	part(r.w, i, n, gap, &start, &size);
	return (struct rect){sum(r.x, start), r.y, size, r.h};
}

struct rect rect_row(struct rect r, int i, int n, int gap)
{
	int start, size;
	part(r.h, i, n, gap, &start, &size);
	return (struct rect){r.x, sum(r.y, start), r.w, size};
}
