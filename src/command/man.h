/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The usage text and the man page, from the tables of options, commands, keys and settings. */
#ifndef ELBOW_COMMAND_MAN_H
#define ELBOW_COMMAND_MAN_H

#include "base/buf.h"
#include "command/command.h"

struct man_option {
	char letter;          /* 0: none */
	const char *name, *argument, *help;
};

extern const struct man_option man_options[]; /* ends with a NULL name */

void man_usage(struct buf *b);
/* roff for man(1). */
void man_page(struct buf *b, const struct em_settings *s);

#endif
