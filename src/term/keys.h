/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys as names for the keymap and bytes for a line editor, made from characters and from what a mouse reports. */
#ifndef ELBOW_TERM_KEYS_H
#define ELBOW_TERM_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

struct key {
	char name[16];  /* "s" "C-d" "M-b" "Enter" "Tab" "S-Tab" "Up" "PgDn" "Home" "F1" "Esc" "Space" "WheelUp" "Click" */
	char bytes[16]; /* n of them; 0 for the mouse */
	size_t n;
	int x, y;       /* of the mouse, cells of the canvas */
};

enum { KEY_BYTES = 16 };

void key_set(struct key *k, const char *name, const char *bytes);
/* The bytes of a character in the locale; at most KEY_BYTES. */
size_t key_bytes(wint_t ch, char *out);
void key_of_char(wint_t ch, struct key *k);
/* Alt with a character. */
void key_of_alt(wint_t ch, struct key *k);

/* What a terminal sends of the mouse behind ESC [ < ("0;12;5M") or, of old, behind ESC [ M (three characters). */
enum report_kind { REPORT_NONE, REPORT_SGR, REPORT_OLD };
struct report {
	enum report_kind kind; /* what is being read; REPORT_NONE between reports */
	char text[24];
	size_t n;
};
void report_begin(struct report *r, enum report_kind kind);
/* The next character of a report; true when it was the last and it is a key. */
bool report_add(struct report *r, wint_t ch, struct key *k);

#endif
