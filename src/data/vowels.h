/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The example vowels: plain English prose as letters, one sentence a sequence, out of the built-in corpus. */
#ifndef ELBOW_DATA_VOWELS_H
#define ELBOW_DATA_VOWELS_H

#include "elbow/data.h"

/* symbols is letters whatever the settings say. Owned: em_data_free. */
enum em_status vowels_make(const struct em_settings *s, struct em_data **out, struct em_err *err);

#endif
