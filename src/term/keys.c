/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/keys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void key_set(struct key *k, const char *name, const char *bytes)
{
	snprintf(k->name, sizeof k->name, "%s", name);
	snprintf(k->bytes, sizeof k->bytes, "%s", bytes);
	k->n = strlen(k->bytes);
}

size_t key_bytes(wint_t ch, char *out)
{
	mbstate_t state = {0};
	char bytes[MB_LEN_MAX];
	size_t n = MB_CUR_MAX > 1 ? wcrtomb(bytes, (wchar_t)ch, &state) : (size_t)-1;
	if (n == (size_t)-1 || n > KEY_BYTES) {
		bytes[0] = (char)ch; /* a byte that means nothing in this locale */
		n = ch < 256 ? 1 : 0;
	}
	memcpy(out, bytes, n);
	return n;
}

void key_of_char(wint_t ch, struct key *k)
{
	k->n = key_bytes(ch, k->bytes);
	switch (ch) {
	case '\r':
	case '\n': key_set(k, "Enter", "\r"); return;
	case '\t': key_set(k, "Tab", "\t"); return;
	case 27: key_set(k, "Esc", "\033"); return;
	case ' ': key_set(k, "Space", " "); return;
	case 127:
	case 8: key_set(k, "Backspace", "\177"); return;
	case 0: snprintf(k->name, sizeof k->name, "C-Space"); return;
	default: break;
	}
	if (ch < 32)
		snprintf(k->name, sizeof k->name, "C-%c", ch < 27 ? (int)ch + 'a' - 1 : (int)ch + '@');
	else
		snprintf(k->name, sizeof k->name, "%.*s", (int)(k->n < 15 ? k->n : 15), k->bytes);
}

void key_of_alt(wint_t ch, struct key *k)
{
	struct key plain = {0};
	key_of_char(ch, &plain);
	snprintf(k->name, sizeof k->name, "M-%.12s", plain.name);
	k->bytes[0] = 27;
	k->n = 1 + (plain.n < KEY_BYTES ? plain.n : KEY_BYTES - 1);
	memcpy(k->bytes + 1, plain.bytes, k->n - 1);
}

/* ---- the mouse ---- */

void report_begin(struct report *r, enum report_kind kind)
{
	*r = (struct report){.kind = kind};
}

/* Buttons as the protocol numbers them: 0 the left one, 64 and 65 the wheel, 32 more when it only moved, and 4, 8, 16 for
 * Shift, Alt, Control. */
static bool mouse_key(int button, int x, int y, struct key *k)
{
	button &= ~(4 | 8 | 16);
	const char *name = button == 0 ? "Click" : button == 64 ? "WheelUp" : button == 65 ? "WheelDown" : NULL;
	if (!name || x < 0 || y < 0)
		return false;
	key_set(k, name, "");
	k->x = x;
	k->y = y;
	return true;
}

bool report_add(struct report *r, wint_t ch, struct key *k)
{
	int button, x, y;
	bool last = r->kind == REPORT_OLD ? r->n == 2 : ch == 'M' || ch == 'm';
	bool fits = r->n + 1 < sizeof r->text && ch < 256 && (r->kind == REPORT_OLD || last || ch == ';' || (ch >= '0' && ch <= '9'));
	enum report_kind kind = r->kind;
	if (!fits || last)
		r->kind = REPORT_NONE;
	if (!fits)
		return false;
	r->text[r->n++] = (char)ch;
	r->text[r->n] = '\0';
	if (!last)
		return false;
	if (kind == REPORT_OLD) {
		const unsigned char *b = (const unsigned char *)r->text;
		return mouse_key(b[0] - 32, b[1] - 33, b[2] - 33, k);
	}
	return ch == 'M' && sscanf(r->text, "%5d;%5d;%5dM", &button, &x, &y) == 3 && mouse_key(button, x - 1, y - 1, k);
}
