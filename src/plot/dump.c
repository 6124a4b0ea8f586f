/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <unistr.h>

#include "plot/canvas.h"

static void add_code(struct buf *out, uint32_t code)
{
	uint8_t bytes[6];
	int n = u8_uctomb(bytes, code, (ptrdiff_t)sizeof bytes);
	if (n > 0)
		buf_add(out, (const char *)bytes, (size_t)n);
}

void canvas_text(const struct canvas *c, struct buf *out)
{
	for (int y = 0; y < c->h; y++) {
		int end = c->w;
		while (end > 0 && canvas_at(c, end - 1, y).code == ' ')
			end--;
		for (int x = 0; x < end; x++) {
			struct cell cell = canvas_at(c, x, y);
			if (cell.code)
				add_code(out, cell.code);
			for (int i = 0; i < CELL_MARKS && cell.marks[i]; i++)
				add_code(out, cell.marks[i]);
		}
		buf_putc(out, '\n');
	}
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

struct seen {
	struct style styles[sizeof letters - 1];
	size_t n;
};

static char letter_of(struct seen *seen, struct style s)
{
	if (style_equal(s, (struct style){0}))
		return '.';
	for (size_t i = 0; i < seen->n; i++)
		if (style_equal(seen->styles[i], s))
			return letters[i];
	if (seen->n == sizeof letters - 1)
		return '?';
	seen->styles[seen->n] = s;
	return letters[seen->n++];
}

static void describe(struct buf *out, char letter, struct style s)
{
	buf_printf(out, "%c %s", letter, palette_name((enum color)s.fg));
	if (s.bg)
		buf_printf(out, " on %s", palette_name((enum color)s.bg));
	static const char *const names[] = {"bold", "underline", "reverse", "dim"};
	for (int i = 0; i < 4; i++)
		if (s.attr & 1 << i)
			buf_printf(out, " %s", names[i]);
	buf_putc(out, '\n');
}

void canvas_styles(const struct canvas *c, struct buf *out)
{
	struct seen seen = {.n = 0};
	for (int y = 0; y < c->h; y++) {
		for (int x = 0; x < c->w; x++)
			buf_putc(out, letter_of(&seen, canvas_at(c, x, y).style));
		buf_putc(out, '\n');
	}
	for (size_t i = 0; i < seen.n; i++)
		describe(out, letters[i], seen.styles[i]);
}
