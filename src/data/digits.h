/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small binary images of the digits 2, 3 and 4, drawn from the seed. */
#ifndef ELBOW_DATA_DIGITS_H
#define ELBOW_DATA_DIGITS_H

#include <stdint.h>

#include "elbow/data.h"

/* 150 images of 8 x 8 pixels, fifty a digit in turn: three hands each, one pixel in twenty-five
 * flipped. Owned: em_data_free. */
enum em_status digits_make(uint64_t seed, struct em_data **out, struct em_err *err);

#endif
