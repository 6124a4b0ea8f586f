/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A growing string. After a failed allocation it stays as it is and says so once, at the end. */
#ifndef ELBOW_BASE_BUF_H
#define ELBOW_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *s;          /* NUL-terminated once anything was added; NULL before */
	size_t len, cap;
	bool failed;
};

void buf_add(struct buf *b, const char *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Copies what fits into out, never half a character, always NUL-terminated (size > 0). */
void buf_copy(const struct buf *b, char *out, size_t size);
/* Hands the string over (never NULL unless failed) and empties b. */
char *buf_take(struct buf *b);
void buf_free(struct buf *b);

#endif
