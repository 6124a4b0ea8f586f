/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "model/gmm.h"
#include "base/vec.h"

/* Column by column, so that the subtractions of one column do not wait for one another. */
HOT static void gmm_whiten_hot(const double *frame, size_t d, size_t kp, bool diagonal, const double *x, const double *centre,
                               double *y, double *out)
{
	size_t tri = d * (d + 1) / 2;
	const double *factor = frame + d * kp, *inverse = factor + tri * kp, *constant = inverse + d * kp;
	for (size_t g = 0; g < kp; g += VEC_LANES) {
		vec sum = EACH(0.0);
		for (size_t i = 0; i < d; i++) {
			double from = x[i] - centre[i];
			VEC_PUT(y + i * kp + g) = from - VEC_GET(frame + i * kp + g);
		}
		for (size_t j = 0; j < d; j++) {
			vec v = VEC_GET(y + j * kp + g) * VEC_GET(inverse + j * kp + g);
			VEC_PUT(y + j * kp + g) = v;
			sum += v * v;
			for (size_t i = j + 1; i < d && !diagonal; i++)
				VEC_PUT(y + i * kp + g) -= VEC_GET(factor + (i * (i + 1) / 2 + j) * kp + g) * v;
		}
		if (!out)
			continue;
		vec r = VEC_GET(constant + g) - 0.5 * sum;
		ivec number = r == r;
		VEC_PUT(out + g) = (vec)(((ivec)r & number) | ((ivec)EACH(-(double)INFINITY) & ~number));
	}
}

/* Where q is 0 y may be anything: 0 then, and not 0 times infinity. */
HOT static void gmm_add_hot(size_t d, size_t kp, bool diagonal, const double *q, const double *y, double *first, double *second)
{
	for (size_t g = 0; g < kp; g += VEC_LANES) {
		vec weight = VEC_GET(q + g);
		ivec some = weight > 0.0;
		for (size_t i = 0; i < d; i++) {
			vec v = (vec)((ivec)VEC_GET(y + i * kp + g) & some), w = weight * v;
			double *row = second + i * (i + 1) / 2 * kp + g;
			VEC_PUT(first + i * kp + g) += w;
			for (size_t j = 0; j < i && !diagonal; j++)
				VEC_PUT(row + j * kp) += w * (vec)((ivec)VEC_GET(y + j * kp + g) & some);
			VEC_PUT(row + i * kp) += w * v;
		}
	}
}

void gmm_whiten(const double *frame, size_t d, size_t kp, bool diagonal, const double *x, const double *centre, double *y,
                double *out)
{
	gmm_whiten_hot(frame, d, kp, diagonal, x, centre, y, out);
}

void gmm_add(size_t d, size_t kp, bool diagonal, const double *q, const double *y, double *first, double *second)
{
	gmm_add_hot(d, kp, diagonal, q, y, first, second);
}
