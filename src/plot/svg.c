/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

#include "base/text.h"
#include "plot/svg_parts.h"

static void add_escaped(struct buf *out, uint32_t code)
{
	uint8_t bytes[6];
	switch (code) {
	case 0:
		return;
	case '&':
		buf_puts(out, "&amp;");
		return;
	case '<':
		buf_puts(out, "&lt;");
		return;
	case '>':
		buf_puts(out, "&gt;");
		return;
	case '"':
		buf_puts(out, "&quot;");
		return;
	default:
		/* U+FFFE and U+FFFF are code points, but no characters of XML. */
		code = code < ' ' || (code & 0xfffe) == 0xfffe ? 0xfffd : code;
		int n = u8_uctomb(bytes, code, (ptrdiff_t)sizeof bytes);
		if (n > 0)
			buf_add(out, (const char *)bytes, (size_t)n);
	}
}

void svg_escape(struct buf *out, const char *utf8)
{
	size_t n = strlen(utf8);
	struct text_char c;
	for (size_t at = 0; at < n;) {
		at += text_next(utf8 + at, n - at, &c);
		add_escaped(out, c.code);
	}
}

void svg_number(struct buf *out, double x)
{
	if (!isfinite(x))
		x = 0;
	long long hundredths = llround(fmax(fmin(x, 1e12), -1e12) * 100), size = hundredths < 0 ? -hundredths : hundredths;
	buf_printf(out, "%s%lld", hundredths < 0 ? "-" : "", size / 100);
	if (size % 100)
		buf_printf(out, size % 10 ? ".%02lld" : ".%lld", size % 10 ? size % 100 : size % 100 / 10);
}

void svg_attribute(struct buf *out, const char *name, double value)
{
	buf_printf(out, " %s=\"", name);
	svg_number(out, value);
	buf_putc(out, '"');
}

void svg_paint(struct buf *out, const char *name, uint32_t rgb)
{
	buf_printf(out, " %s=\"#%06x\"", name, (unsigned)rgb);
}

void svg_rect(struct buf *out, double x, double y, double w, double h, uint32_t rgb, double opacity)
{
	buf_puts(out, "<rect");
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	svg_attribute(out, "width", w);
	svg_attribute(out, "height", h);
	svg_paint(out, "fill", rgb);
	if (opacity < 1)
		svg_attribute(out, "fill-opacity", opacity);
	buf_puts(out, "/>\n");
}

void svg_to(struct buf *out, char letter, double x, double y)
{
	buf_putc(out, letter);
	svg_number(out, x);
	buf_putc(out, ' ');
	svg_number(out, y);
}

void svg_open(struct buf *out, double w, double h, double font_size, uint32_t page, const char *title, const char *desc)
{
	buf_puts(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
	svg_number(out, w);
	buf_putc(out, ' ');
	svg_number(out, h);
	buf_putc(out, '"');
	svg_attribute(out, "width", w);
	svg_attribute(out, "height", h);
	buf_printf(out, " role=\"img\"%s%s%s%s", title || desc ? " aria-labelledby=\"" : "", title ? "title" : "",
	           desc ? (title ? " desc" : "desc") : "", title || desc ? "\"" : "");
	buf_printf(out, " font-family=\"%s\"", SVG_FONT);
	svg_attribute(out, "font-size", font_size);
	buf_puts(out, ">\n");
	if (title) {
		buf_puts(out, "<title id=\"title\">");
		svg_escape(out, title);
		buf_puts(out, "</title>\n");
	}
	if (desc) {
		buf_puts(out, "<desc id=\"desc\">");
		svg_escape(out, desc);
		buf_puts(out, "</desc>\n");
	}
	svg_rect(out, 0, 0, w, h, page, 1);
}

void svg_close(struct buf *out)
{
	buf_puts(out, "</svg>\n");
}

static void polygon(struct buf *out, const double (*corners)[2], int n, double x, double y, double size)
{
	buf_puts(out, "<path d=\"");
	for (int i = 0; i < n; i++)
		svg_to(out, i ? 'L' : 'M', x + corners[i][0] * size, y + corners[i][1] * size);
	buf_puts(out, "Z\"");
}

bool svg_mark(struct buf *out, uint32_t code, double x, double y, double size, uint32_t rgb)
{
	static const double up[][2] = {{-1, .9}, {1, .9}, {0, -.9}}, down[][2] = {{-1, -.8}, {1, -.8}, {0, .9}},
	                    diamond[][2] = {{0, -1.15}, {1.15, 0}, {0, 1.15}, {-1.15, 0}},
	                    square[][2] = {{-.85, -.85}, {.85, -.85}, {.85, .85}, {-.85, .85}},
	                    right[][2] = {{-.8, -.9}, {.9, 0}, {-.8, .9}};
	switch (code) {
	case 0x25cf:
		buf_puts(out, "<circle");
		svg_attribute(out, "cx", x);
		svg_attribute(out, "cy", y);
		svg_attribute(out, "r", size);
		break;
	case 0x25b2:
		polygon(out, up, 3, x, y, size);
		break;
	case 0x25bc:
	case 0x25bd:
		polygon(out, down, 3, x, y, size);
		break;
	case 0x25c6:
		polygon(out, diamond, 4, x, y, size);
		break;
	case 0x25a0:
		polygon(out, square, 4, x, y, size);
		break;
	case 0x25b6:
	case 0x25b8:
	case 0x25ba:
		polygon(out, right, 3, x, y, size);
		break;
	default:
		return false;
	}
	if (code == 0x25bd) {
		buf_puts(out, " fill=\"none\" stroke-width=\"1.2\"");
		svg_paint(out, "stroke", rgb);
	} else
		svg_paint(out, "fill", rgb);
	buf_puts(out, "/>\n");
	return true;
}
