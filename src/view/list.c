/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>

#include "base/text.h"
#include "view/pane.h"

enum { WHEEL = 3 };

static size_t page_of(const struct ui_list *l)
{
	return l->page > 0 ? l->page : 1;
}

void list_fit(struct ui_list *l, size_t rows, int height)
{
	l->page = height > 0 ? (size_t)height : 1;
	if (l->cursor >= rows)
		l->cursor = rows > 0 ? rows - 1 : 0;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor - l->top >= l->page)
		l->top = l->cursor - l->page + 1;
	if (l->top + l->page > rows)
		l->top = rows > l->page ? rows - l->page : 0;
}

void list_move_to(struct ui_list *l, size_t rows, size_t row)
{
	l->cursor = row;
	list_fit(l, rows, (int)page_of(l));
}

/* Scrolls by n rows; the cursor stays where it is unless it would be out of sight. */
static void scroll(struct ui_list *l, size_t rows, bool up, size_t n)
{
	size_t last = rows > page_of(l) ? rows - page_of(l) : 0;
	if (up)
		l->top = l->top > n ? l->top - n : 0;
	else
		l->top = n > last || l->top > last - n ? last : l->top + n;
	if (l->cursor < l->top)
		l->cursor = l->top;
	if (l->cursor >= l->top + page_of(l))
		l->cursor = l->top + page_of(l) - 1;
}

bool list_moves(const char *name)
{
	static const char *const names[] = {"up", "down", "page-up", "page-down", "home", "end", "wheel-up", "wheel-down"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool list_command(struct ui_list *l, size_t rows, const struct view_call *call)
{
	const char *name = call->name;
	if (!list_moves(name))
		return false;
	if (rows == 0) {
		l->cursor = l->top = 0;
		return true;
	}
	bool page = strncmp(name, "page", 4) == 0;
	size_t n = pane_count(call), last = rows - 1;
	if (strncmp(name, "wheel", 5) == 0) {
		scroll(l, rows, strcmp(name, "wheel-up") == 0, call->argc > 0 ? n : WHEEL);
		return true;
	}
	if (page)
		n = page_of(l) > 1 ? page_of(l) - 1 : 1; /* one row stays in sight */
	if (page) {
		size_t offset = l->cursor - l->top;
		scroll(l, rows, strcmp(name, "page-up") == 0, n);
		size_t to = l->top + offset;
		bool at_end = strcmp(name, "page-up") == 0 ? l->cursor <= n : l->cursor + n >= last;
		l->cursor = at_end ? (strcmp(name, "page-up") == 0 ? 0 : last) : to;
	} else if (strcmp(name, "up") == 0) {
		l->cursor = l->cursor > n ? l->cursor - n : 0;
	} else if (strcmp(name, "down") == 0) {
		l->cursor = n > last || l->cursor > last - n ? last : l->cursor + n;
	} else {
		l->cursor = strcmp(name, "home") == 0 ? 0 : last;
	}
	list_fit(l, rows, (int)page_of(l));
	return true;
}

bool list_at(const struct ui_list *l, size_t rows, struct rect body, int x, int y, size_t *row)
{
	if (!rect_has(body, x, y) || l->top + (size_t)(y - body.y) >= rows)
		return false;
	*row = l->top + (size_t)(y - body.y);
	return true;
}

void list_highlight(struct canvas *c, struct rect row, bool pointer)
{
	if (pointer && row.w > 0)
		canvas_put(c, row.x, row.y, style_with(COLOR_ACCENT, ATTR_BOLD), "▸");
	for (int y = row.y; y < row.y + row.h; y++)
		for (int x = row.x; x < row.x + row.w; x++) {
			struct style style = canvas_at(c, x, y).style;
			if (style.bg == COLOR_DEFAULT && !(style.attr & ATTR_REVERSE))
				canvas_background(c, (struct rect){x, y, 1, 1}, COLOR_SELECTION);
		}
}

bool list_room(struct canvas *c, struct rect r, int w, int h, const char *text)
{
	if (r.w >= w && r.h >= h)
		return true;
	if (r.h > 0)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), text);
	return false;
}

void list_words(const struct view_call *call, int i, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (; i < call->argc && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " " : "", call->argv[i]);
}

bool list_finds(struct ui *ui, const struct view_call *call, bool *back, bool *again)
{
	*back = strcmp(call->name, "find-previous") == 0;
	*again = *back || strcmp(call->name, "find-next") == 0;
	if (strcmp(call->name, "find") == 0)
		list_words(call, 0, ui->find, sizeof ui->find);
	else if (!*again)
		return false;
	return true;
}

size_t list_find(size_t rows, size_t from, bool back, bool again, bool (*match)(void *self, size_t row), void *self)
{
	for (size_t k = 0; k < rows; k++) {
		size_t by = (k + (again ? 1 : 0)) % rows, at = from < rows ? from : 0;
		size_t row = back ? (at + rows - by) % rows : (at + by) % rows;
		if (match(self, row))
			return row;
	}
	return rows;
}

/* The next code point in lower case; 0 bytes at the end. */
static size_t lower(const char *s, size_t n, uint32_t *out)
{
	if (n > 0 && (unsigned char)*s < 0x80) {
		*out = (uint32_t)(*s >= 'A' && *s <= 'Z' ? *s + ('a' - 'A') : *s);
		return 1;
	}
	struct text_char c;
	size_t length = text_next(s, n, &c);
	*out = uc_tolower(c.code);
	return length;
}

/* Bytes that `words` take at the beginning of the text; 0 when it does not begin with them. */
static size_t begins(const char *s, size_t n, const char *words, size_t m)
{
	size_t at = 0, w = 0;
	while (w < m) {
		uint32_t a, b;
		size_t la = lower(s + at, n - at, &a), lb = lower(words + w, m - w, &b);
		if (la == 0 || a != b)
			return 0;
		at += la;
		w += lb;
	}
	return at;
}

size_t list_place(const char *bytes, size_t n, size_t from, const char *words, size_t *length)
{
	size_t m = strlen(words);
	uint32_t first = 0, code;
	*length = 0;
	if (m == 0)
		return n;
	lower(words, m, &first);
	for (size_t at = from, step; at < n; at += step) {
		step = lower(bytes + at, n - at, &code);
		if (code == first && (*length = begins(bytes + at, n - at, words, m)) > 0)
			return at;
	}
	return n;
}

bool list_holds(const char *bytes, size_t n, const char *words)
{
	size_t length;
	return bytes && list_place(bytes, n, 0, words, &length) < n;
}
