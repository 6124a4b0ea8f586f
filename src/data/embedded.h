/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files that are part of the program: the built-in corpus and the English stop list. Not terminated. */
#ifndef ELBOW_DATA_EMBEDDED_H
#define ELBOW_DATA_EMBEDDED_H

#include <stddef.h>

extern const char embedded_gazette[], embedded_stopwords[];
size_t embedded_gazette_size(void);
size_t embedded_stopwords_size(void);

#endif
