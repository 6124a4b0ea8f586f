/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What to write for a character where only ASCII can be shown. */
#ifndef ELBOW_PLOT_ASCII_H
#define ELBOW_PLOT_ASCII_H

#include <stdint.h>

struct ascii {
	char s[8];
};

/* Never empty; "?" for what has no likeness. Characters that are one column wide in drawings stay so. */
struct ascii ascii_of(uint32_t code);

#endif
