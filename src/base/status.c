/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum em_status em_fail(struct em_err *err, enum em_status code, const char *format, ...)
{
	if (!err)
		return code;
	err->code = code;
	va_list args;
	va_start(args, format);
	int n = vsnprintf(err->msg, sizeof err->msg, format, args);
	va_end(args);
	for (unsigned char *p = (unsigned char *)err->msg; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* C1 controls in UTF-8 */
			p[0] = p[1] = '?';
	if (n >= (int)sizeof err->msg) {
		size_t at = sizeof err->msg - 4;
		while (at > 0 && ((unsigned char)err->msg[at] & 0xc0) == 0x80) /* not inside a character */
			at--;
		memcpy(err->msg + at, "...", 4);
	}
	return code;
}

enum em_status em_no_memory(struct em_err *err)
{
	return em_fail(err, EM_MEMORY, "out of memory; nothing was changed");
}
