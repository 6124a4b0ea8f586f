/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

#define REPLACEMENT 0xfffdu

/* What may be drawn for a code point outside ASCII. */
static uint32_t drawable(ucs4_t c)
{
	if (c == 0x85 || c == 0x2028 || c == 0x2029)
		return ' '; /* line ends */
	if (c < 0xa0)
		return REPLACEMENT; /* C1 controls */
	if (c < 0x300)
		return c == 0xad ? REPLACEMENT : c == 0xa0 ? ' ' : c;
	if ((c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef) || (c >= 0x180b && c <= 0x180f && c != 0x180e))
		return 0; /* variation selectors: terminals disagree on the width of what they select */
	if (c == 0x34f || c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0)
		return REPLACEMENT; /* invisible by definition, though letters or marks by category */
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Cs |
	                                            UC_CATEGORY_MASK_Cc))
		return REPLACEMENT;
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs))
		return c == 0x3000 ? c : ' ';
	return c;
}

size_t text_next(const char *s, size_t n, struct text_char *out)
{
	*out = (struct text_char){0};
	if (n == 0)
		return 0;
	unsigned char first = (unsigned char)*s;
	if (first < 0x80) {
		bool blank = first == '\t' || first == '\n' || first == '\r';
		*out = (struct text_char){.code = blank ? ' ' : first < 0x20 || first == 0x7f ? REPLACEMENT : first,
		                          .length = 1, .width = 1};
		return 1;
	}
	ucs4_t c;
	int length = u8_mbtouc(&c, (const uint8_t *)s, n); /* U+FFFD for what is invalid */
	out->length = (size_t)length;
	out->code = drawable(c);
	if (out->code) {
		int width = uc_width(out->code, "UTF-8");
		out->width = width < 0 ? 1 : width;
	}
	return out->length;
}

static void add_char(struct buf *out, uint32_t code)
{
	uint8_t bytes[6];
	int n = code ? u8_uctomb(bytes, code, (ptrdiff_t)sizeof bytes) : 0;
	if (n > 0)
		buf_add(out, (const char *)bytes, (size_t)n);
}

void text_safe(struct buf *out, const char *bytes, size_t n)
{
	struct text_char c;
	for (size_t at = 0; at < n;) {
		size_t run = at; /* plain ASCII goes over in one piece */
		while (run < n && bytes[run] >= 0x20 && bytes[run] < 0x7f)
			run++;
		if (run > at)
			buf_add(out, bytes + at, run - at);
		at = run;
		if (at < n) {
			at += text_next(bytes + at, n - at, &c);
			add_char(out, c.code);
		}
	}
	if (n == 0)
		buf_add(out, "", 0);
}

size_t text_width_of(const char *bytes, size_t n)
{
	size_t width = 0;
	struct text_char c;
	for (size_t at = 0; at < n;) {
		at += text_next(bytes + at, n - at, &c);
		width += (size_t)c.width;
	}
	return width;
}

size_t text_width(const char *utf8)
{
	return text_width_of(utf8, strlen(utf8));
}

/* Bytes of the grapheme at s, n > 0, and its columns. As joiners are not drawn, it is what is drawn in one place: a code
 * point and the marks without width that follow it. */
static size_t grapheme(const char *s, size_t n, size_t *width)
{
	struct text_char c;
	size_t length = text_next(s, n, &c);
	*width = (size_t)c.width;
	while (length < n && (unsigned char)s[length] >= 0x80) {
		size_t more = text_next(s + length, n - length, &c);
		if (c.width > 0)
			break;
		length += more;
	}
	return length;
}

size_t text_fit(const char *bytes, size_t n, size_t width)
{
	size_t at = 0, used = 0;
	while (at < n) {
		size_t wide, length = grapheme(bytes + at, n - at, &wide);
		if (used + wide > width)
			break;
		used += wide;
		at += length;
	}
	return at;
}

void text_clip(struct buf *out, const char *utf8, size_t width, bool ascii)
{
	size_t n = strlen(utf8), dots = ascii ? 3 : 1;
	if (text_fit(utf8, n, width) == n) {
		text_safe(out, utf8, n);
		return;
	}
	if (dots > width)
		dots = width;
	text_safe(out, utf8, text_fit(utf8, n, width - dots));
	if (ascii)
		buf_add(out, "...", dots);
	else if (dots)
		buf_puts(out, "…");
}

static bool is_end(char c)
{
	return c == '\n' || c == '\r';
}

/* Past the line end at `at`, "\r\n" counting as one. */
static size_t skip_end(const char *s, size_t n, size_t at)
{
	if (s[at] == '\r' && at + 1 < n && s[at + 1] == '\n')
		return at + 2;
	return at + 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* True when one may break after the character of `length` bytes that ends at i: a hyphen in a word, a wide character. */
static bool is_joint(const char *bytes, size_t start, size_t i, size_t length, size_t wide)
{
	if (wide == 2)
		return true;
	return length == 1 && bytes[i - 1] == '-' && i - 1 > start && !is_blank(bytes[i - 2]);
}

bool text_wrap(const char *bytes, size_t n, size_t width, size_t *at, struct text_line *line)
{
	size_t start = *at, i = start, used = 0, end = 0, next = 0; /* next: where to go on after the last possible break */
	bool cut = false;
	if (start >= n)
		return false;
	while (i < n && !is_end(bytes[i]) && !cut) {
		if (is_blank(bytes[i])) {
			end = i; /* blanks may hang over the edge */
			while (i < n && is_blank(bytes[i]))
				i++;
			used += i - end;
			next = end > start ? i : 0; /* an indent is no place to break */
			continue;
		}
		size_t wide, length = grapheme(bytes + i, n - i, &wide);
		if (used + wide > width && i > start) {
			cut = true;
			break;
		}
		used += wide;
		i += length;
		if (is_joint(bytes, start, i, length, wide))
			end = next = i;
	}
	if (!cut) {
		end = i;
		next = i < n ? skip_end(bytes, n, i) : n;
	} else if (next == 0)
		end = next = i; /* one long word */
	while (end > start && is_blank(bytes[end - 1]))
		end--;
	*line = (struct text_line){start, end};
	*at = next;
	return true;
}

int text_compare(const char *a, const char *b)
{
	return strcmp(a, b); /* UTF-8 keeps the order of code points; strcmp compares unsigned bytes */
}

#define DISTANCE_MAX 63

size_t text_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[3][DISTANCE_MAX + 1];
	if (n > DISTANCE_MAX || m > DISTANCE_MAX)
		return n > m ? n : m;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
			size_t d = last[j - 1] + (x != y);
			if (last[j] + 1 < d)
				d = last[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) && y == tolower((unsigned char)a[i - 2]) &&
			    before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[n % 3][m];
}

bool text_near(const char *word, const char *candidate)
{
	size_t n = strlen(word), d = text_distance(word, candidate);
	if (n >= 3 && strncasecmp(word, candidate, n) == 0)
		return true; /* a beginning */
	return d <= (n < 4 ? 1 : n < 8 ? 2 : 3) && d < n;
}
